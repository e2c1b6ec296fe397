/** The compiled programs that end-to-end tests drive. */
import { join } from "node:path";

const dist = join(import.meta.dir, "../../dist");

/** Where `make build` puts the program for the Pi. */
export const armProgramPath = join(dist, "so101-linux-arm64");

/** Where `make build` puts the program for this machine's processor. */
export const programPath = process.arch === "arm64" ? armProgramPath : join(dist, "so101-linux-x64");

/** What a program did. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/**
 * Runs a command to its end, in a folder and with nothing in its environment but what is given. Its standard output
 * is a pipe, or the file `into`, which must be there.
 */
export async function run(
  command: readonly string[],
  { cwd, env = {}, into }: { cwd: string; env?: Record<string, string>; into?: string },
): Promise<Outcome> {
  const stdio = {
    stdin: "ignore",
    stderr: "pipe",
    stdout: into === undefined ? "pipe" : Bun.file(into),
  } as const;
  const child = Bun.spawn([...command], { cwd, env, ...stdio });
  const [piped, stderr] = await Promise.all([
    child.stdout instanceof ReadableStream ? new Response(child.stdout).text() : "",
    new Response(child.stderr).text(),
  ]);
  const code = await child.exited;
  return { stdout: into === undefined ? piped : await Bun.file(into).text(), stderr, code };
}
