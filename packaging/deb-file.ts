/**
 * Making the file of a Debian package (deb(5)) out of its tree. `dpkg-deb` makes the archives; `xz` packs them, which can
 * be told that an x86-64 program is in there: a megabyte less. dpkg, apt and all others read that with the same library.
 */
import { rm } from "node:fs/promises";

/** Makes the package; `date` is the time that everything in it bears. Throws an Error with what a program has said. */
export async function makeDeb(
  tree: string,
  deb: string,
  { date, isX86 }: { readonly date: Date; readonly isX86: boolean },
): Promise<void> {
  const seconds = `${date.getTime() / 1000}`;
  const unpacked = `${deb}.unpacked`;
  try {
    await run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, unpacked], {
      SOURCE_DATE_EPOCH: seconds,
    });
    // One thread: xz packs otherwise, however slightly, on a machine with another number of processors.
    const packed = async (tarfile: string, ...filters: string[]) =>
      run(
        ["xz", "-T1", "--format=xz", "--check=crc64", ...filters, "--lzma2=preset=9", "--stdout"],
        {},
        await run(["dpkg-deb", tarfile, unpacked]),
      );
    const members = [
      ["debian-binary", new TextEncoder().encode("2.0\n")],
      ["control.tar.xz", await packed("--ctrl-tarfile")],
      ["data.tar.xz", await packed("--fsys-tarfile", ...(isX86 ? ["--x86"] : []))],
    ] as const;
    const parts = members.flatMap(([name, content]) => [
      headerOf(name, content.length, seconds),
      content,
      content.length % 2 === 1 ? "\n" : "",
    ]);
    await Bun.write(deb, new Blob(["!<arch>\n", ...parts]));
  } finally {
    await rm(unpacked, { force: true });
  }
}

/** A member's head in an ar(5) archive. */
function headerOf(name: string, size: number, seconds: string): string {
  const fields = [name.padEnd(16), seconds.padEnd(12), "0".padEnd(6), "0".padEnd(6), "100644".padEnd(8)];
  return `${fields.join("")}${String(size).padEnd(10)}\`\n`;
}

async function run(
  command: string[],
  env: Record<string, string> = {},
  input = new Uint8Array(),
): Promise<Uint8Array<ArrayBuffer>> {
  const { exited, stdout, stderr } = Bun.spawn(command, {
    stdin: input,
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...env },
  });
  const [output, complaint] = await Promise.all([
    new Response(stdout).arrayBuffer(),
    new Response(stderr).text(),
  ]);
  if ((await exited) !== 0) throw new Error(`${command[0]} failed: ${complaint.trim()}`);
  return new Uint8Array(output);
}
