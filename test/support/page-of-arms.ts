/** The page of two simulated arms as a machine has it: boards with names, a configuration file, and a page that is claimed. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningWebProgram, startWeb } from "./browser.ts";
import { claimIn } from "./claimed-page.ts";
import { RunningTeleoperation } from "./teleoperation.ts";

/** What runs. */
export interface PageOfArms extends AsyncDisposable {
  readonly service: RunningTeleoperation;
  readonly web: RunningWebProgram;
  readonly claim: ReturnType<typeof claimIn>;
  /** The folder of datasets. */
  readonly datasets: string;
}

/** Starts arms, the program that has the follower follow the leader, which nobody moves, and the page. */
export async function startPageOfArms(): Promise<PageOfArms> {
  const dir = await mkdtemp(join(tmpdir(), "so101-page-"));
  const config = join(dir, "main.toml");
  const sections = (["leader", "follower"] as const).map(
    (role) => `[${role}]\nport = "${join(dir, role)}"\nid = "${role}"\n`,
  );
  await Bun.write(config, `calibration_dir = "${join(dir, "calibration")}"\n${sections.join("")}`);
  const service = await RunningTeleoperation.start({
    sim: { dir, arms: "configured", boards: "named", motion: "still" },
    args: ["--config", config],
  });
  // Boards are no programs: they answer in time, however busy a browser keeps the machine.
  Bun.spawnSync(["chrt", "--fifo", "--pid", "10", `${service.sim.pid}`], {
    stdout: "ignore",
    stderr: "ignore",
  });
  const claim = claimIn(dir);
  const datasets = join(dir, "datasets");
  await mkdir(datasets);
  const web = await startWeb([join(dir, "control.sock")], dir, [
    "--config",
    config,
    "--sim-dir",
    dir,
    "--datasets",
    datasets,
  ]);
  await service.untilState("following");
  return {
    ...{ service, web, claim, datasets },
    async [Symbol.asyncDispose]() {
      await web[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
