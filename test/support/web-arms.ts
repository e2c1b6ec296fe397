/** Simulated arms as a pair's configuration names them. */
import { join } from "node:path";
import type { RunningSim } from "../../src/sim/testing/start.ts";

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
