import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { connect } from "node:net";
import { join } from "node:path";
import type { Status } from "../../src/api/protocol.ts";
import { JOINTS } from "../../src/arm/joints.ts";
import { mayBeRealTime, mayLockCode } from "../support/granted.ts";
import { programPath, run } from "../support/program.ts";
import { type Arms, RunningTeleoperation } from "../support/teleoperation.ts";
import { ProgramOnTerminal } from "../support/terminal.ts";

setDefaultTimeout(60_000);

const still = { sim: { arms: "configured", motion: "still" } } as const;
const socketOf = ({ sim }: RunningTeleoperation) => join(sim.dir, "control.sock");

/** Runs a command about a running service. */
const ask = (service: RunningTeleoperation, ...command: string[]) =>
  run([programPath, ...command, "--socket", socketOf(service)], { cwd: "/" });

const statusOf = async (service: RunningTeleoperation): Promise<Status> => {
  const { stdout, stderr, code } = await ask(service, "status", "--json");
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  return JSON.parse(stdout);
};

const energised = ({ follower }: Arms) => Object.values(follower.joints).map((joint) => joint.energised);

describe("somebody beside the arm", () => {
  test("pauses it, and nothing moves until they let it go on", async () => {
    await using service = await RunningTeleoperation.start({
      sim: { arms: "configured", motion: "wave" },
      comparesStates: true,
    });
    await service.untilState("following");
    const { stdout, code } = await ask(service, "pause");
    const at = `--socket ${socketOf(service)}`;
    expect({ stdout, code }).toEqual({
      stdout:
        `paused: the follower stays where it is — "so101 resume ${at}" goes on, ` +
        `"so101 release ${at}" releases it\n`,
      code: 0,
    });
    await service.untilState("holding");
    expect(await statusOf(service)).toMatchObject({ state: "holding", mode: "paused" });
    await service.sim.client.request({ do: "mark", text: "paused" });
    await service.untilLeaderAnswered(20);
    const paused = await service.record();
    const after = paused.slice(paused.findIndex((entry) => entry.kind === "mark"));
    expect(
      after.some(
        (entry) =>
          entry.kind === "request" && entry.hex.startsWith("fffffe") && entry.hex.slice(8, 12) === "832a",
      ),
    ).toBe(false);
    expect(energised(await service.sim.client.request({ do: "state" }))).toEqual(JOINTS.map(() => true));
    const seen = service.events.length;
    expect((await ask(service, "resume")).code).toBe(0);
    await service.untilState("following", seen);
    expect(service.states(seen)).toEqual(["aligning", "following"]);
  });

  test("has it released softly, and limp until it may go on, also after the power was gone", async () => {
    await using service = await RunningTeleoperation.start({ ...still, comparesStates: true });
    const { client } = service.sim;
    await service.untilState("following");
    expect((await ask(service, "release")).code).toBe(0);
    await service.untilSaid(`released, as was asked: "so101 resume --socket ${socketOf(service)}" goes on`);
    expect(energised(await client.request({ do: "state" }))).toEqual(JOINTS.map(() => false));
    const record = await service.record();
    const limits = record.filter((entry) => entry.kind === "request" && entry.hex.slice(8, 12) === "8330");
    expect(limits.length).toBeGreaterThan(10); // the torque limit, stage by stage
    let seen = service.events.length;
    await client.request({ do: "power", arm: "follower", on: false });
    await service.untilSaid("no servo answers", seen);
    await client.request({ do: "power", arm: "follower", on: true });
    await service.untilSaid('follower "follower" answers', seen);
    expect(service.states(seen)).toEqual([]);
    seen = service.events.length;
    expect((await ask(service, "resume")).code).toBe(0);
    await service.untilState("following", seen);
  });
});

describe("the status", () => {
  test("says all that is known of both arms, and what happened", async () => {
    await using service = await RunningTeleoperation.start({
      sim: { arms: "configured", motion: "wave" },
      comparesStates: true,
    });
    await service.untilState("following");
    const { follower } = await service.sim.client.request({ do: "state" });
    await service.sim.client.request({ do: "set", arm: "follower", joint: "gripper", temperature: 57 });
    await service.untilSaid("gripper (id 6) is at 57 °C");
    const status = await statusOf(service);
    expect(status).toMatchObject({ pair: "main", pid: service.pid, state: "following", mode: "running" });
    expect(status.arms.follower).toMatchObject({ id: "follower", port: service.sim.paths.follower });
    expect(status.arms.follower.joints.gripper).toMatchObject({
      temperatureC: 57,
      voltageV: 5,
      torqueOn: true,
    });
    expect(status.activeAlarms).toEqual([
      {
        code: "SO101-E052 follower.servo.hot",
        message: expect.stringContaining("gripper (id 6) is at 57 °C"),
      },
    ]);
    // Told once for each that the system refuses, as it does to an ordinary user.
    const refusals = [mayBeRealTime, mayLockCode].filter((isGranted) => !isGranted(service.pid));
    expect(status.events.map(({ code }) => code)).toEqual([
      ...refusals.map(() => "SO101-E071 program.not-real-time"),
      "SO101-E002 pair.connecting",
      "SO101-E003 pair.aligning",
      "SO101-E004 pair.following",
      "SO101-E052 follower.servo.hot",
    ]);
    expect(
      Math.abs(status.arms.follower.joints.wrist_roll.positionSteps! - follower.joints.wrist_roll.position),
    ).toBeLessThan(4096);
    await service.sim.client.request({ do: "set", arm: "follower", joint: "gripper", temperature: 30 });
    await service.untilSaid("gripper (id 6) is at 30 °C again");
    expect((await statusOf(service)).activeAlarms).toEqual([]);
  });

  test("of an arm that is gone knows nothing of it", async () => {
    await using service = await RunningTeleoperation.start(still);
    await service.untilState("following");
    await service.sim.client.request({ do: "pull", arm: "leader" });
    await service.untilState("waiting");
    const { arms } = await statusOf(service);
    expect(arms.leader.joints.elbow_flex.positionSteps).toBeNull();
    expect(arms.follower.joints.elbow_flex.positionSteps).not.toBeNull();
  });

  test("is told in words, and goes on being told while it is watched", async () => {
    await using service = await RunningTeleoperation.start(still);
    await service.untilState("following");
    const { stdout } = await ask(service, "status");
    expect(stdout).toMatch(
      /^following for \d+ s: the follower has reached the leader's pose\npair main, process \d+/,
    );
    await using screen = new ProgramOnTerminal(["status", "--watch", "--socket", socketOf(service)], {
      columns: 80,
      rows: 24,
    });
    await screen.until("following for");
    await ask(service, "pause");
    await screen.until("holding (paused) for");
    screen.type("\x03");
    expect(await screen.exited()).toBe(0);
    expect(service.states().at(-1)).toBe("holding");
  });

  test("of a service that does not run is said to be so, with exit code 1", async () => {
    for (const command of ["status", "pause", "resume", "release"]) {
      const { stderr, code } = await run([programPath, command, "--socket", "/nowhere/main.sock"], {
        cwd: "/",
      });
      expect({ stderr, code }).toEqual({
        stderr:
          "so101: the service does not run (nothing answers at /nowhere/main.sock) — start it with " +
          '"sudo systemctl start so101-teleop", or run "so101 teleoperate --socket /nowhere/main.sock"\n',
        code: 1,
      });
    }
  });
});

test("hostile clients do not disturb the loop", async () => {
  await using service = await RunningTeleoperation.start({
    sim: { arms: "configured", motion: "wave" },
    comparesStates: true,
  });
  await service.untilState("following");
  const clients = Array.from({ length: 40 }, (_, index) => {
    const socket = connect(socketOf(service));
    socket.on("error", () => {});
    socket.on("connect", () => {
      if (index % 4 === 0) socket.write("x".repeat(100_000));
      else if (index % 4 === 1) socket.write(crypto.getRandomValues(new Uint8Array(5_000)));
      else if (index % 4 === 2) socket.write('{"v":1,"do":"status"}\n'.repeat(500));
      else socket.write('{"v":1,"do":"watch","everyMs":50}\n');
    });
    return socket;
  });
  await service.untilLeaderAnswered(400);
  for (const client of clients) client.destroy();
  const status = await statusOf(service);
  expect(status.state).toBe("following");
  expect(service.states()).toEqual(["connecting", "aligning", "following"]);
});

test("monitor reads through the running service instead of taking the bus", async () => {
  await using service = await RunningTeleoperation.start({ ...still, comparesStates: true });
  await service.untilState("following");
  const { stdout, stderr, code } = await run(
    [programPath, "monitor", "follower", "--json", "--once", "--socket", socketOf(service)],
    { cwd: "/" },
  );
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  const sample = JSON.parse(stdout.trim().split("\n").at(-1)!);
  expect(sample).toMatchObject({ event: "sample", trouble: null });
  expect(sample.joints.gripper).toMatchObject({ voltageV: 5, torqueOn: true, errors: [] });
  expect(service.states()).toEqual(["connecting", "aligning", "following"]);
});
