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

/** Runs a command to its end, in a folder and with nothing in its environment but what is given. */
export async function run(
  command: readonly string[],
  { cwd, env = {} }: { cwd: string; env?: Record<string, string> },
): Promise<Outcome> {
  const child = Bun.spawn([...command], { cwd, env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { stdout, stderr, code: await child.exited };
}
