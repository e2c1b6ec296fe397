/** `so101 park`, as somebody beside the arm runs it: with a service, without one, and where it cannot be. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JOINTS, type JointName } from "../../src/arm/joints.ts";
import { pathsIn } from "../../src/sim/files.ts";
import type { RunningSim } from "../../src/sim/testing/start.ts";
import { nearPose } from "../config/park.ts";
import { programPath, run } from "../support/program.ts";
import { checkedArms } from "../support/simulated-arms.ts";
import { RunningTeleoperation } from "../support/teleoperation.ts";
import { ProgramOnTerminal } from "../support/terminal.ts";

setDefaultTimeout(60_000);

const still = { arms: "configured", motion: "still" } as const;

const poseText = JOINTS.map((joint) => `${joint} = ${nearPose[joint]}`).join("\n");

/** A folder for simulated arms, with the configuration file of their pair, which ends in `text`. */
async function pairWith(text: string) {
  const dir = await mkdtemp(join(tmpdir(), "so101-park-"));
  const paths = pathsIn(dir);
  const file = join(dir, "pair.toml");
  const own = [
    `# the arms of the table\ncalibration_dir = ${JSON.stringify(paths.calibration)}`,
    ...["leader", "follower"].map((arm) => `[${arm}]\nport = ${JSON.stringify(join(dir, arm))} # "${arm}"`),
  ];
  await writeFile(file, `${own.join("\n")}\n${text}`);
  const options = ["--config", file, "--socket", join(dir, "control.sock")];
  return {
    dir,
    file,
    read: () => readFile(file, "utf8"),
    options,
    park: (...args: string[]) => run([programPath, "park", ...args, ...options], { cwd: "/" }),
    ask: (command: string) =>
      run([programPath, command, "--socket", join(dir, "control.sock")], { cwd: "/" }),
    teleoperate: () => RunningTeleoperation.start({ sim: { ...still, dir }, args: ["--config", file] }),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

const follower = async ({ client }: RunningSim) => {
  const { follower } = await client.request({ do: "state" });
  return JOINTS.map((joint) => follower.joints[joint]);
};

const torques = async (sim: RunningSim) => (await follower(sim)).map(({ energised }) => energised);
const OFF = JOINTS.map(() => false);
const ON = JOINTS.map(() => true);

/** Where each joint is in its range, in the units of a pose. */
const poseOf = async (sim: RunningSim) =>
  (await follower(sim)).map(({ position, registers }, index) => {
    const { min_position_limit: min, max_position_limit: max } = registers;
    const share = (position - min) / (max - min);
    return JOINTS[index] === "gripper" ? share * 100 : share * 200 - 100;
  });

const isAt = (pose: readonly number[], wanted: Readonly<Record<JointName, number>>) =>
  JOINTS.every((joint, index) => Math.abs(pose[index]! - wanted[joint]) < 1.5);

describe("without a service", () => {
  test("the pose is taken from an arm without torque into a file that is otherwise the same", async () => {
    await using pair = await pairWith('[teleoperation]\non_stop = "park"   # below\n# the end\n');
    await using sim = await checkedArms({ ...still, dir: pair.dir });
    const before = await pair.read();
    await chmod(pair.file, 0o640);
    const { stdout, stderr, code } = await pair.park("--here");
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    expect(stdout).toContain(
      `${pair.file} has the pose of follower "follower" as its [park] now: shoulder_pan `,
    );
    const after = await pair.read();
    expect(after.startsWith(before)).toBe(true);
    expect((await stat(pair.file)).mode & 0o777).toBe(0o640);
    const { park } = Bun.TOML.parse(after) as { park: Record<JointName, number> };
    expect(Object.keys(park)).toEqual([...JOINTS]);
    expect(isAt(await poseOf(sim), park)).toBe(true);
    expect((await pair.park("--here")).code).toBe(0);
    expect(await pair.read()).toBe(after);
  });

  test("the follower is led to its pose and released", async () => {
    await using pair = await pairWith(`[park]\n${poseText}\n`);
    await using sim = await checkedArms({ ...still, dir: pair.dir });
    const { stdout, stderr, code } = await pair.park();
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    expect(stdout).toContain("the follower moves slowly to its parking pose");
    expect(stdout).toEndWith('follower "follower": led to its parking pose and released, as was asked\n');
    expect(isAt(await poseOf(sim), nearPose)).toBe(true);
    expect(await torques(sim)).toEqual(OFF);
  });

  test("without a pose it is said how to set one, with exit code 1", async () => {
    await using pair = await pairWith("");
    const { stderr, code } = await pair.park();
    expect(code).toBe(1);
    expect(stderr).toContain(
      'no parking pose is configured — release it, put it into the pose by hand, then run "so101 park --here',
    );
  });

  test("an arm that is not there is said to be missing, and its file stays as it was", async () => {
    await using pair = await pairWith(`[park]\n${poseText}\n`);
    const before = await pair.read();
    const here = await pair.park("--here");
    expect(here.code).toBe(1);
    expect(here.stderr).toContain("plug in the arm's USB board");
    const going = await pair.park();
    expect(going.code).toBe(1);
    expect(going.stderr).toContain("not parked: it cannot be led to its parking pose now");
    expect(await pair.read()).toBe(before);
  });
});

describe("while the service runs", () => {
  test("a pose that torque holds is refused; one in which the arm lies is taken, and gone to", async () => {
    await using pair = await pairWith("# no pose yet\n");
    await using service = await pair.teleoperate();
    const { sim } = service;
    await service.untilState("following");
    const before = await pair.read();
    const refused = await pair.park("--here");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('follower "follower": its torque is on');
    expect(refused.stderr).toContain(`run "so101 release --socket ${join(pair.dir, "control.sock")}"`);
    expect(await pair.read()).toBe(before);
    const unset = await pair.park();
    expect(unset.code).toBe(1);
    expect(unset.stderr).toContain("no parking pose is configured");
    expect(await torques(sim)).toEqual(ON);

    expect((await pair.ask("release")).code).toBe(0);
    await service.untilSaid("released, as was asked:");
    const taken = await pair.park("--here");
    expect({ stderr: taken.stderr, code: taken.code }).toEqual({ stderr: "", code: 0 });
    expect((await pair.read()).startsWith(before)).toBe(true);
    await service.untilSaid("the configuration was read again");
    const { park } = Bun.TOML.parse(await pair.read()) as { park: Record<JointName, number> };
    expect(isAt(await poseOf(sim), park)).toBe(true);

    const edited = (await pair.read()).replace(/^elbow_flex = .*/m, "elbow_flex = 10");
    await writeFile(pair.file, edited);
    let seen = service.events.length;
    service.kill("SIGHUP");
    await service.untilSaid("the configuration was read again", seen);
    seen = service.events.length;
    expect((await pair.ask("resume")).code).toBe(0);
    await service.untilState("following", seen);
    const { stdout, stderr, code } = await pair.park();
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    expect(stdout).toEndWith("led to its parking pose and released, as was asked\n");
    expect(await torques(sim)).toEqual(OFF);
    expect(isAt(await poseOf(sim), { ...park, elbow_flex: 10 })).toBe(true);
    expect(service.states(seen)).toEqual(["aligning", "following", "aligning", "waiting"]);
  });

  test("with an arm missing it is refused, and the follower is held as it was", async () => {
    await using pair = await pairWith(`[park]\n${poseText}\n`);
    await using service = await pair.teleoperate();
    await service.untilState("following");
    await service.sim.client.request({ do: "pull", arm: "leader" });
    await service.untilState("waiting");
    const { stderr, code } = await pair.park();
    expect(code).toBe(1);
    expect(stderr).toContain("not parked: it cannot be led to its parking pose now");
    expect(stderr).toContain('leader "leader"');
    expect(await torques(service.sim)).toEqual(ON);
  });

  test("Ctrl-C on the way holds the follower where it is", async () => {
    await using pair = await pairWith(
      `[teleoperation]\nalign_speed_deg_per_s = 5\n[park]\n${JOINTS.map((joint) => `${joint} = 90`).join("\n")}\n`,
    );
    await using service = await pair.teleoperate();
    await service.untilState("connecting");
    await service.untilState("aligning");
    await using screen = new ProgramOnTerminal(["park", ...pair.options], { columns: 120, rows: 24 });
    await screen.until("moves slowly to its parking pose");
    screen.type("\x03");
    expect(await screen.exited()).toBe(130);
    await service.untilState("holding");
    expect(await torques(service.sim)).toEqual(ON);
  });
});
