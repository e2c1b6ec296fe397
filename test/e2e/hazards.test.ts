import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JOINTS } from "../../src/arm/joints.ts";
import { MOUNTING, needing, program, TRACING } from "../support/needs.ts";
import type { Arms } from "../support/teleoperation.ts";
import { RunningTeleoperation } from "../support/teleoperation.ts";

setDefaultTimeout(90_000);

const still = { sim: { arms: "configured", motion: "still" } } as const;

const limp = ({ follower }: Arms) =>
  Object.values(follower.joints).every(({ registers }) => registers.torque_enable === 0);

/** Far from where a joint is, and yet in its range. */
const elsewhere = (position: number, steps: number) =>
  position > 2048 ? position - steps : position + steps;

describe("a follower's servo that gets hot", () => {
  test("is told of, then followed slowly, then released, and followed again when it is cool", async () => {
    await using run = await RunningTeleoperation.start({ sim: { arms: "configured" }, comparesStates: true });
    const { client } = run.sim;
    const heat = (temperature: number) =>
      client.request({ do: "set", arm: "follower", joint: "wrist_flex", temperature });
    await run.untilState("following");
    await heat(57);
    const warm = await run.untilSaid("wrist_flex (id 4) is at 57 °C");
    expect(warm).toMatchObject({ severity: "warning", code: "SO101-E052 follower.servo.hot" });
    await heat(62);
    await run.untilSaid("62 °C: the follower moves slowly until it is cooler, and is released at 65 °C");
    await run.untilArms(
      ({ follower }) => Object.values(follower.joints).every(({ registers }) => registers.goal_velocity > 0),
      "slow motion",
    );
    await heat(66);
    await run.untilSaid("wrist_flex (id 4) is at 66 °C, which is too hot to go on");
    await run.untilArms(limp, "a limp follower");
    const seen = run.events.length;
    await heat(58);
    await heat(54);
    await run.untilState("following", seen);
    expect(run.states()).toEqual(["connecting", "aligning", "following", "waiting", "aligning", "following"]);
    expect(await run.stop()).toBe(0);
  });

  test("is not energised while it is hot", async () => {
    await using run = await RunningTeleoperation.start({
      sim: { arms: "configured" },
      args: ["--leader", "/nowhere/yet"],
    });
    await run.untilState("waiting");
    await run.sim.client.request({ do: "set", arm: "follower", joint: "gripper", temperature: 68 });
    expect(await run.stop()).toBe(0);
    run.restart();
    await run.untilState("waiting", run.events.length);
    expect(await run.stop()).toBe(0);
  });
});

describe("a joint that meets an obstacle", () => {
  test("presses no further, and when the way is free it goes on slowly", async () => {
    await using run = await RunningTeleoperation.start(still);
    const { client } = run.sim;
    await run.untilState("following");
    const { leader, follower } = await client.request({ do: "state" });
    const start = leader.joints.elbow_flex.position;
    const away = elsewhere(start, 900);
    const wall = follower.joints.elbow_flex.position + Math.sign(away - start) * 60;
    await client.request({ do: "block", arm: "follower", joint: "elbow_flex", position: wall });
    await client.request({ do: "push", arm: "leader", joint: "elbow_flex", position: away, speed: 2000 });
    const said = await run.untilSaid("elbow_flex (id 3)");
    expect(said).toMatchObject({ severity: "warning", code: "SO101-E042 follower.joint.obstructed" });
    const pressing = await run.untilArms(({ follower: { joints } }) => {
      const { goal_position, present_position, goal_velocity } = joints.elbow_flex.registers;
      return Math.abs(goal_position - present_position) <= 230 && goal_velocity > 0;
    }, "a goal that stays near the obstacle");
    expect(Math.abs(pressing.follower.joints.elbow_flex.position - wall)).toBeLessThan(5);
    await client.request({ do: "mark", text: "free" });
    await client.request({ do: "block", arm: "follower", joint: "elbow_flex", position: null });
    await run.untilSaid('elbow_flex (id 3) of follower "follower" is free again');
    await run.untilArms(
      ({ follower: { joints } }) => joints.elbow_flex.registers.goal_velocity === 0,
      "the end of the slow approach",
    );
    const entries = await run.record();
    const free = entries.findIndex((entry) => entry.kind === "mark");
    const positions = entries
      .slice(free)
      .flatMap((entry) => (entry.kind === "positions" && entry.arm === "follower" ? [entry] : []));
    for (const [index, { t, positions: now }] of positions.entries()) {
      const before = positions[index - 1];
      if (before === undefined) continue;
      const stepsPerS = (Math.abs(now[2]! - before.positions[2]!) / (t - before.t)) * 1e6;
      expect(stepsPerS).toBeLessThan(700);
    }
  });

  test("leaves it at once when the leader goes back", async () => {
    await using run = await RunningTeleoperation.start({ ...still, comparesStates: true });
    const { client } = run.sim;
    await run.untilState("following");
    const { leader, follower } = await client.request({ do: "state" });
    const start = leader.joints.gripper.position;
    const wall = follower.joints.gripper.position + 60;
    await client.request({ do: "block", arm: "follower", joint: "gripper", position: wall });
    const push = (position: number) =>
      client.request({ do: "push", arm: "leader", joint: "gripper", position, speed: 2000 });
    await push(start + 900);
    await run.untilSaid("gripper (id 6)");
    await push(start);
    await run.untilSaid('gripper (id 6) of follower "follower" is free again');
    await run.untilArms(
      (arms) => Math.abs(arms.follower.joints.gripper.position - follower.joints.gripper.position) < 10,
      "the gripper's way back",
    );
    expect(run.states()).toEqual(["connecting", "aligning", "following"]);
  });
});

describe("an overload", () => {
  test("that a new goal ends is over at once, and nothing is dropped", async () => {
    await using run = await RunningTeleoperation.start({ ...still, comparesStates: true });
    await run.untilState("following");
    await run.sim.client.request({ do: "overload", arm: "follower", joint: "shoulder_lift" });
    await run.untilArms(
      ({ follower }) => !follower.joints.shoulder_lift.overloaded,
      "the end of the overload",
    );
    const entries = await run.record();
    expect(entries.filter((entry) => entry.kind === "event" && entry.event === "limp")).toEqual([]);
    expect(run.states()).toEqual(["connecting", "aligning", "following"]);
  });

  test("that only a loss of power ends is told of, and over when the power was gone", async () => {
    await using run = await RunningTeleoperation.start(still);
    const { client } = run.sim;
    await run.untilState("following");
    await client.request({ do: "set", arm: "follower", joint: "shoulder_lift", overloadCure: "power" });
    await client.request({ do: "overload", arm: "follower", joint: "shoulder_lift" });
    const said = await run.untilSaid("shoulder_lift (id 2) reports an overload");
    expect(said).toMatchObject({ severity: "warning", code: "SO101-E058 follower.servo.overload" });
    const seen = run.events.length;
    await client.request({ do: "power", arm: "follower", on: false });
    await run.untilState("waiting", seen);
    await client.request({ do: "power", arm: "follower", on: true });
    await run.untilState("following", seen);
    expect(run.events.slice(seen).some(({ message }) => message?.includes("overload"))).toBe(false);
  });

  test("of the gripper that only torque off and on ends is ended so when it holds nothing, and it goes on", async () => {
    await using run = await RunningTeleoperation.start(still);
    const { client } = run.sim;
    await run.untilState("following");
    await client.request({ do: "set", arm: "follower", joint: "gripper", overloadCure: "torque" });
    await client.request({ do: "overload", arm: "follower", joint: "gripper" });
    expect(await run.untilSaid("gripper (id 6) has pressed hard")).toMatchObject({ severity: "info" });
    await run.untilArms(({ follower }) => !follower.joints.gripper.overloaded, "the end of the overload");
    expect(run.states()).toEqual(["connecting", "aligning", "following"]);
    const entries = await run.record();
    const limpened = entries.flatMap((entry) =>
      entry.kind === "event" && entry.event === "limp" && entry.arm === "follower" ? [entry.joint] : [],
    );
    expect(limpened).toEqual(["gripper"]);
  });
});

test("a leader whose reading jumps is not believed at once, and then approached slowly", async () => {
  await using run = await RunningTeleoperation.start(still);
  const { client } = run.sim;
  await run.untilState("following");
  const { leader } = await client.request({ do: "state" });
  const position = elsewhere(leader.joints.shoulder_pan.position, 800);
  await client.request({ do: "push", arm: "leader", joint: "shoulder_pan", position, speed: 1e6 });
  const said = await run.untilSaid('shoulder_pan (id 1) of leader "leader" has jumped');
  expect(said).toMatchObject({ severity: "warning", code: "SO101-E032 leader.jumped" });
  await run.untilArms(
    ({ follower }) => follower.joints.shoulder_pan.registers.goal_velocity > 0,
    "a slow approach",
  );
  await run.untilArms(
    ({ follower }) => follower.joints.shoulder_pan.registers.goal_velocity === 0,
    "its end",
  );
});

test("a supply that sags under load is told of once, with the voltages, and again when it has recovered", async () => {
  await using run = await RunningTeleoperation.start({ sim: { arms: "configured" } });
  const { client } = run.sim;
  await run.untilState("following");
  await client.request({ do: "set", arm: "follower", voltage: 41 });
  const said = await run.untilSaid("gets 4.1 V, down from 5.0 V");
  expect(said).toMatchObject({ severity: "warning", code: "SO101-E050 follower.supply.sags" });
  await client.request({ do: "set", arm: "follower", voltage: 50 });
  await run.untilSaid("its servos get 5.0 V again");
  expect(run.events.filter(({ message }) => message?.includes("4.1 V")).length).toBe(1);
});

describe("with a configuration file", () => {
  async function configured(text: string) {
    const folder = await mkdtemp(join(tmpdir(), "so101-config-"));
    const path = join(folder, "config.toml");
    await writeFile(path, text);
    const run = await RunningTeleoperation.start({ ...still, args: ["--config", path] });
    return {
      run,
      path,
      async [Symbol.asyncDispose]() {
        await run[Symbol.asyncDispose]();
        await rm(folder, { recursive: true });
      },
    };
  }

  test('start = "on leader motion" leaves the follower limp until the leader is moved', async () => {
    await using setting = await configured('[teleoperation]\nstart = "on leader motion"\n');
    const { run } = setting;
    const { client } = run.sim;
    const awaited = await run.untilSaid("move it by hand to begin");
    expect(awaited).toMatchObject({ to: "waiting", code: "SO101-E034 leader.awaited" });
    const { leader, follower } = await client.request({ do: "state" });
    expect(Object.values(follower.joints).some(({ registers }) => registers.torque_enable !== 0)).toBe(false);
    const position = elsewhere(leader.joints.wrist_flex.position, 300);
    await client.request({ do: "push", arm: "leader", joint: "wrist_flex", position, speed: 600 });
    await run.untilState("following");
  });

  test("SIGHUP changes what can change while it follows, and says what cannot", async () => {
    await using setting = await configured("");
    const { run, path } = setting;
    await run.untilState("following");
    let seen = run.events.length;
    await writeFile(path, '[teleoperation]\nrate_hz = 50\n[leader]\nid = "other"\n');
    run.kill("SIGHUP");
    await run.untilSaid("the configuration was read again", seen);
    await run.untilState("following", seen);
    expect(run.states(seen)).toEqual(["aligning", "following"]);
    const entries = await run.record();
    expect(entries.filter((entry) => entry.kind === "event" && entry.event === "limp")).toEqual([]);
    seen = run.events.length;
    await writeFile(path, "[teleoperation]\nrate_hz = 5000\n");
    run.kill("SIGHUP");
    const refused = await run.untilSaid("the configuration stays as it was", seen);
    expect(refused.message).toContain("rate_hz is 5000, but must be a number from 20 to 500");
    expect(refused).toMatchObject({ severity: "warning", code: "SO101-E075 settings.refused" });
    expect(await run.stop()).toBe(0);
    expect(run.states(seen)).toEqual(["stopped"]);
  });

  test("a second signal cuts parking short: the follower is released where it is", async () => {
    const pose = JOINTS.map((joint) => `${joint} = ${joint === "gripper" ? 90 : 80}`).join("\n");
    await using setting = await configured(
      `[teleoperation]\non_stop = "park"\nalign_speed_deg_per_s = 5\n[park]\n${pose}\n`,
    );
    const { run } = setting;
    await run.until(({ event }) => event === "state", "anything");
    await run.untilArms(
      ({ follower }) => Object.values(follower.joints).every(({ energised }) => energised),
      "torque",
    );
    run.kill("SIGTERM");
    const before = (await run.sim.client.request({ do: "state" })).follower.joints.shoulder_pan.position;
    await run.untilArms(
      ({ follower }) => Math.abs(follower.joints.shoulder_pan.position - before) > 20,
      "the way to the parking pose",
    );
    expect(await run.stop("SIGTERM")).toBe(0);
    expect(run.events.at(-1)!.how).toBe("the follower is released");
  });
});

needing(MOUNTING).test(
  "an under-voltage of the Raspberry Pi is told, and named as the likely cause of a lost board",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "so101-hwmon-"));
    const device = join(folder, "hwmon", "hwmon0");
    await Bun.write(join(device, "name"), "rpi_volt\n");
    const alarm = join(device, "in0_lcrit_alarm");
    await Bun.write(alarm, "0\n");
    await using run = await RunningTeleoperation.start({
      sim: { arms: "configured" },
      wrapper: ["unshare", "--mount", "sh", "-c", `mount --bind ${folder} /sys/class && exec "$0" "$@"`],
    });
    await run.untilState("following");
    await Bun.write(alarm, "1\n");
    const said = await run.untilSaid("the Raspberry Pi gets too little voltage");
    expect(said).toMatchObject({ severity: "warning", code: "SO101-E061 supply.under-voltage" });
    await run.sim.client.request({ do: "pull", arm: "follower" });
    const lost = await run.untilSaid("plug in the arm's USB board");
    expect(lost.why).toContain("its supply is the likely cause");
    await Bun.write(alarm, "0\n");
    await run.untilSaid("the Raspberry Pi gets enough voltage again");
    await rm(folder, { recursive: true });
  },
);

needing(TRACING, program("python3", "python3")).test(
  "a control thread that hangs ends the program, and the follower is not dropped in between",
  async () => {
    await using run = await RunningTeleoperation.start({ sim: { arms: "configured" } });
    await run.untilState("following");
    const thread = await controlThreadOf(run.pid);
    const freeze = Bun.spawn(["python3", join(import.meta.dir, "../support/freeze-thread.py"), thread]);
    const said = await run.untilSaid("the control thread has not got on");
    expect(said).toMatchObject({ severity: "fault", code: "SO101-E072 program.hangs" });
    freeze.kill(); // it keeps what remains of the process
    expect(await run.exited()).not.toBe(0);
    const { follower } = await run.sim.client.request({ do: "state" });
    for (const { energised } of Object.values(follower.joints)) expect(energised).toBe(true);
    run.restart();
    await run.untilState("following", run.events.length);
  },
);

/** The thread of the only worker. */
async function controlThreadOf(pid: number): Promise<string> {
  const tasks = `/proc/${pid}/task`;
  for (const thread of new Bun.Glob("*").scanSync({ cwd: tasks, onlyFiles: false })) {
    if ((await Bun.file(`${tasks}/${thread}/comm`).text()).trim() === "Worker") return thread;
  }
  throw new Error("there is no control thread");
}
