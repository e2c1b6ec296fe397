/** Simulated arms as a pair's configuration names them, and a claimed page: what the works of a page need. */
import { join } from "node:path";
import type { RunningSim } from "../../src/sim/testing/start.ts";
import { Claims } from "../../src/web/access/claims.ts";

/** Writes the pair's configuration; returns its path. `more` is what else it has. */
export async function configOf(
  { dir, paths }: Pick<RunningSim, "dir" | "paths">,
  more = "",
): Promise<string> {
  const path = join(dir, "pair.toml");
  await Bun.write(
    path,
    `calibration_dir = "${paths.calibration}"
[leader]
port = "${paths.leader}"
id = "leader"
[follower]
port = "${paths.follower}"
id = "follower"
${more}`,
  );
  return path;
}

/** Claims a page beforehand, in the state folder of a server that is started afterwards; returns the cookie's value. */
export function claimIn(stateDir: string): string {
  return new Claims(stateDir).add("a test", Date.now());
}
