/**
 * Builds `dist/so101-teleop_<version>_<architecture>.deb` from the programs in `dist/`: `bun packaging/build.ts [arm64|amd64] …`,
 * both by default. Needs dpkg-deb and xz. The same commit gives the same bytes, in whatever folder.
 */
import { chmod, cp, mkdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { type Processor, pinnedRuntime } from "../scripts/toolchain.ts";
import { CALIBRATIONS_SCRIPT, PACKAGE_FILES, PROGRAM_PATH } from "../src/host/package-files.ts";
import { version } from "../src/host/version.ts";
import { debianChangelog, debianNews } from "./changelog.ts";
import { makeDeb } from "./deb-file.ts";
import { type EmbeddedPackage, embeddedPackages } from "./embedded.ts";
import { makeWheel } from "./lerobot/wheel.ts";
import { copyrightText } from "./licences.ts";
import { manPage } from "./man-page.ts";
import { DOC_DIR, manualPages, packed } from "./manual.ts";
import { billOfMaterials } from "./sbom.ts";

const ROOT = resolve(import.meta.dir, "..");
const DIST = join(ROOT, "dist");
const NAME = "so101-teleop";
const MAINTAINER = "so101 maintainers <maintainers@so101.example>";
/** Debian's names of the processors, and Bun's. */
const PROCESSORS = { arm64: "arm64", amd64: "x64" } as const satisfies Record<string, Processor>;
type Architecture = keyof typeof PROCESSORS;
const ARCHITECTURES = Object.keys(PROCESSORS) as Architecture[];

const DESCRIPTION = `teleoperate SO-ARM100/101 robot arms from boot on
 Moving the leader arm by hand moves the follower arm, from the moment that the
 machine gets power: a service that finds the two arms, aligns them slowly,
 follows at 200 Hz and heals from every loss, and the tools to calibrate the
 arms and to look after them. Calibrations are those of LeRobot.`;

/** The time that everything in the package bears: that of the commit. */
async function sourceDate(): Promise<Date> {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined) return new Date(Number(given) * 1000);
  const git = Bun.spawnSync(["git", "log", "-1", "--format=%ct"], { cwd: ROOT, stderr: "ignore" });
  const seconds = Number(git.stdout.toString());
  return seconds > 0 ? new Date(seconds * 1000) : (await stat(join(ROOT, "CHANGELOG.md"))).mtime;
}

/** What both packages have. */
interface Common {
  readonly date: Date;
  readonly packages: readonly EmbeddedPackage[];
  readonly copyright: string;
  /** LeRobot's plugin, for workstations to take from here: it always fits the program that it speaks to. */
  readonly plugin: Awaited<ReturnType<typeof makeWheel>>;
}

async function build(
  architecture: Architecture,
  { date, packages, copyright, plugin }: Common,
): Promise<void> {
  const processor = PROCESSORS[architecture];
  const tree = join(DIST, `.${NAME}_${architecture}`);
  const deb = join(DIST, `${NAME}_${version}_${architecture}.deb`);
  const files: string[] = [];
  const put = async (path: string, content: string | Uint8Array, mode = 0o644) => {
    const target = join(tree, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
    await chmod(target, mode);
    if (!path.startsWith("/DEBIAN/")) files.push(path);
  };
  await rm(tree, { recursive: true, force: true });
  try {
    const program = join(tree, PROGRAM_PATH);
    await mkdir(dirname(program), { recursive: true });
    await cp(join(DIST, `so101-linux-${processor}`), program);
    await chmod(program, 0o755);
    files.push(PROGRAM_PATH);
    for (const { path, text } of PACKAGE_FILES) await put(path, text);
    await put(`/usr/share/${NAME}/${plugin.name}`, plugin.content);
    const day = date.toISOString().slice(0, 10);
    const release = { name: NAME, version, maintainer: MAINTAINER, date };
    const changes = await Bun.file(join(ROOT, "CHANGELOG.md")).text();
    const news = await Bun.file(join(import.meta.dir, "NEWS.md")).text();
    await put("/usr/share/man/man1/so101.1.gz", packed(manPage(day)));
    for (const { path, content } of await manualPages()) await put(path, content);
    await put(`${DOC_DIR}/changelog.gz`, packed(debianChangelog(changes, release)));
    await put(`${DOC_DIR}/NEWS.Debian.gz`, packed(debianNews(news, changes, release)));
    await put(`${DOC_DIR}/copyright`, copyright);
    const sha256 = new Bun.CryptoHasher("sha256").update(await Bun.file(program).bytes()).digest("hex");
    const runtime = pinnedRuntime(processor);
    // Not compressed: what searches for bills of materials knows them by this ending, and Debian leaves JSON as it is.
    await put(
      `${DOC_DIR}/sbom.cdx.json`,
      billOfMaterials({ name: NAME, architecture, date, sha256, runtime, packages }),
    );
    await put(
      `/usr/share/lintian/overrides/${NAME}`,
      await Bun.file(join(import.meta.dir, "debian/lintian-overrides")).text(),
    );
    await putControl(architecture, tree, files, put);
    for (const path of new Bun.Glob("**").scanSync({ cwd: tree, dot: true, onlyFiles: false })) {
      await utimes(join(tree, path), date, date);
    }
    await run(["chmod", "-R", "u=rwX,go=rX", tree]);
    await makeDeb(tree, deb, { date, isX86: architecture === "amd64" });
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
  const { size } = await stat(deb);
  console.log(`${relative(ROOT, deb)}  ${(size / 1e6).toFixed(1)} MB`);
}

async function putControl(
  architecture: Architecture,
  tree: string,
  files: readonly string[],
  put: (path: string, content: string, mode?: number) => Promise<void>,
): Promise<void> {
  let bytes = 0;
  let sums = "";
  for (const path of files.toSorted()) {
    const content = await Bun.file(join(tree, path)).bytes();
    bytes += content.length;
    if (!path.startsWith("/etc/")) {
      sums += `${new Bun.CryptoHasher("md5").update(content).digest("hex")}  ${path.slice(1)}\n`;
    }
  }
  const control = `Package: ${NAME}
Version: ${version}
Architecture: ${architecture}
Maintainer: ${MAINTAINER}
Installed-Size: ${Math.ceil(bytes / 1024)}
Depends: libc6 (>= 2.17), systemd | systemd-standalone-sysusers | systemd-sysusers, systemd | systemd-standalone-tmpfiles | systemd-tmpfiles
Recommends: udev, avahi-daemon
Suggests: mosquitto, libzmq5
Section: electronics
Priority: optional
Description: ${DESCRIPTION}
`;
  await put("/DEBIAN/control", control);
  await put("/DEBIAN/md5sums", sums);
  const conffiles = PACKAGE_FILES.filter(({ isConfiguration }) => isConfiguration).map(
    ({ path }) => `${path}\n`,
  );
  await put("/DEBIAN/conffiles", conffiles.join(""));
  const conffile = await Bun.file(join(import.meta.dir, "conffile.sh")).text();
  for (const script of ["preinst", "postinst", "prerm", "postrm"]) {
    const text = await Bun.file(join(import.meta.dir, "debian", script)).text();
    await put(
      `/DEBIAN/${script}`,
      text
        .replace("#CALIBRATIONS.SH#\n", () => CALIBRATIONS_SCRIPT)
        .replace("#CONFFILE.SH#\n", () => conffile),
      0o755,
    );
  }
}

async function run(command: string[], env: Record<string, string> = {}): Promise<void> {
  const { exited, stderr } = Bun.spawn(command, {
    stdout: "ignore",
    stderr: "pipe",
    env: { ...process.env, ...env },
  });
  const complaint = await new Response(stderr).text();
  if ((await exited) !== 0) throw new Error(`${command[0]} failed: ${complaint.trim()}`);
}

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !ARCHITECTURES.includes(name as Architecture));
if (unknown !== undefined) {
  console.error(`There is no package for ${unknown}: ${ARCHITECTURES.join(", ")}.`);
  process.exit(2);
}
for (const [needed, within] of [
  ["dpkg-deb", "dpkg"],
  ["xz", "xz-utils"],
] as const) {
  if (Bun.which(needed) !== null) continue;
  console.error(`${needed} is missing: on Debian and Ubuntu it is in the package ${within}.`);
  process.exit(1);
}
try {
  const date = await sourceDate();
  const packages = await embeddedPackages();
  const common = { date, packages, copyright: await copyrightText(packages), plugin: await makeWheel() };
  // Packing takes a processor of its own for each.
  await Promise.all(
    ARCHITECTURES.filter((architecture) => wanted.length === 0 || wanted.includes(architecture)).map(
      (architecture) => build(architecture, common),
    ),
  );
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
