/**
 * Builds LeRobot's plugin, a Python wheel, into `dist/`: `bun packaging/lerobot/wheel.ts`. Without Python: a wheel is a zip
 * of the modules and of what describes them (the Binary distribution format of packaging.python.org). The same sources
 * give the same bytes.
 */
import { mkdir } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { version } from "../../src/host/version.ts";

const ROOT = resolve(import.meta.dir, "../..");
/** Of the distribution and of its module: LeRobot imports what is called so, with underscores, and in no other spelling. */
const NAME = "lerobot_robot_so101_remote";

const METADATA = `Metadata-Version: 2.1
Name: ${NAME}
Version: ${version}
Summary: LeRobot's robot and teleoperator for SO-101 arms that so101-teleop drives on a Raspberry Pi
License: Apache-2.0
Requires-Python: >=3.10
Requires-Dist: pyzmq>=24
`;
const WHEEL = `Wheel-Version: 1.0
Generator: so101-teleop ${version}
Root-Is-Purelib: true
Tag: py3-none-any
`;

/** A file of a wheel. */
interface Member {
  readonly path: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

/** The wheel: the name that it must have, and its bytes. */
export async function makeWheel(): Promise<{ readonly name: string; readonly content: Uint8Array }> {
  const info = `${NAME}-${version}.dist-info`;
  const modules = [...new Bun.Glob("*.py").scanSync(join(import.meta.dir, NAME))].sort();
  const members: Member[] = [
    ...(await Promise.all(
      modules.map(async (file) => ({
        path: `${NAME}/${file}`,
        content: await Bun.file(join(import.meta.dir, NAME, file)).bytes(),
      })),
    )),
    { path: `${info}/METADATA`, content: encode(METADATA) },
    { path: `${info}/LICENSE`, content: await Bun.file(join(ROOT, "LICENSE")).bytes() },
    { path: `${info}/WHEEL`, content: encode(WHEEL) },
    { path: `${info}/top_level.txt`, content: encode(`${NAME}\n`) },
  ];
  const record = members.map(
    ({ path, content }) => `${path},sha256=${digestOf(content)},${content.length}\n`,
  );
  const listed = { path: `${info}/RECORD`, content: encode(`${record.join("")}${info}/RECORD,,\n`) };
  return { name: `${NAME}-${version}-py3-none-any.whl`, content: zipOf([...members, listed]) };
}

/** As RECORD has digests: in base64 for URLs, without its padding. */
function digestOf(content: Uint8Array<ArrayBuffer>): string {
  return new Bun.CryptoHasher("sha256").update(content).digest("base64url");
}

/** The first day that a zip knows: no file bears the time of a build. */
const FIRST_DAY = (1 << 5) | 1;
const VERSION_NEEDED = 20;
/** Made on a Unix, so that the mode is heeded. */
const MADE_BY = (3 << 8) | VERSION_NEEDED;
const FILE_MODE = 0o100644;

/** A zip (PKWARE's APPNOTE, 4.3) of files that are not packed: they are a few kB. */
function zipOf(members: readonly Member[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { path, content } of members) {
    const name = encode(path);
    /** What the head of a file and its entry in the directory have in common. */
    const common = record(
      [2, VERSION_NEEDED],
      [2, 0], // flags
      [2, 0], // stored
      [2, 0], // time
      [2, FIRST_DAY],
      [4, Bun.hash.crc32(content)],
      [4, content.length],
      [4, content.length],
      [2, name.length],
      [2, 0], // extra field
    );
    const head = [record([4, 0x04034b50]), common, name, content];
    const entry = record([2, 0], [2, 0], [2, 0], [4, FILE_MODE << 16], [4, offset]); // comment, disk, kind
    directory.push(record([4, 0x02014b50], [2, MADE_BY]), common, entry, name);
    parts.push(...head);
    offset += lengthOf(head);
  }
  const end = record(
    [4, 0x06054b50],
    [2, 0], // disks
    [2, 0],
    [2, members.length],
    [2, members.length],
    [4, lengthOf(directory)],
    [4, offset],
    [2, 0], // comment
  );
  return Buffer.concat([...parts, ...directory, end]);
}

/** Numbers, each of so many bytes, little-endian. */
function record(...fields: readonly (readonly [bytes: 2 | 4, value: number])[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [bytes, value] of fields) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

if (import.meta.main) {
  const { name, content } = await makeWheel();
  const path = join(ROOT, "dist", name);
  await mkdir(dirname(path), { recursive: true });
  await Bun.write(path, content);
  console.log(`${relative(ROOT, path)}  ${(content.length / 1e3).toFixed(1)} kB`);
}
