/** What the demos have in common: simulated arms in a folder of their own, signals that end all, and an exit code. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimClient } from "../../src/sim/control/client.ts";
import { pathsIn } from "../../src/sim/files.ts";

/** The compiled program. */
export const program = join(import.meta.dir, `../../dist/so101-linux-${process.arch}`);

/** The program, when it is stopped, releases the follower before it ends. */
const RELEASING_S = 30;

/** Arms that wave, and the way to ask them. */
export interface Arms extends AsyncDisposable {
  readonly paths: ReturnType<typeof pathsIn>;
  readonly client: SimClient;
}

/** Simulates both arms in a folder, their leader moving; should the demo be killed, they end a while after its seconds. */
export async function simulateArms(dir: string, seconds: number): Promise<Arms> {
  const paths = pathsIn(dir);
  // In a session of its own: Ctrl-C in the terminal must end the program, and not the arms under it.
  const sim = Bun.spawn(
    [program, "sim", "--dir", dir, "--motion", "wave", "--duration", String(seconds + RELEASING_S)],
    { detached: true, stdin: "ignore", stdout: "pipe", stderr: "inherit" },
  );
  const end = async () => {
    sim.kill("SIGTERM");
    await sim.exited;
  };
  // They speak when they are ready, and not before.
  if ((await sim.stdout.getReader().read()).done) {
    await end();
    throw new Error("the simulated arms did not start");
  }
  const client = await SimClient.connect(paths.socket);
  return {
    paths,
    client,
    async [Symbol.asyncDispose]() {
      client.close();
      await end();
    },
  };
}

/**
 * Runs a demo in a new folder, which is removed, and sets the exit code: 1 where it returns what was wrong, a sentence
 * each.
 */
export async function onStage(demonstrate: (dir: string) => Promise<readonly string[]>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "so101-demo-"));
  try {
    const troubles = await demonstrate(dir).catch((error: Error) => [error.message]);
    for (const trouble of troubles) console.error(`demo: ${trouble}`);
    process.exitCode = troubles.length === 0 ? 0 : 1;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
