import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JointCalibration } from "../../src/arm/calibration/calibration.ts";
import { denormalise, normalise } from "../../src/arm/calibration/normalisation.ts";
import { CalibrationStore } from "../../src/arm/calibration/store.ts";
import { JOINTS } from "../../src/arm/joints.ts";
import type { Summary } from "../../src/daemon/summary.ts";
import { Instruction } from "../../src/feetech/packet.ts";
import { steps } from "../../src/feetech/units.ts";
import { bytesOf } from "../../src/sim/testing/record.ts";
import type { StartOptions } from "../../src/sim/testing/start.ts";
import { RunningTeleoperation } from "../support/teleoperation.ts";

setDefaultTimeout(60_000);

/** The bounds of what is near enough, for toBeWithin. */
const around = (value: number, distance: number): [number, number] => [value - distance, value + distance];

/** A goal within the follower's calibrated range, as far as it is allowed. */
const within = ({ range_min, range_max }: JointCalibration, goal: number) =>
  Math.min(Math.max(goal, range_min), range_max);

/** A configuration file for arms whose paths are given as options. */
async function configured(text: string, sim: StartOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), "so101-config-"));
  const path = join(folder, "config.toml");
  await writeFile(path, text);
  const run = await RunningTeleoperation.start({
    sim: { arms: "configured", ...sim },
    args: ["--config", path],
  });
  return Object.assign(run, { folder });
}

describe("from nothing to following", () => {
  test("arms as from the factory are configured, aligned and followed", async () => {
    await using run = await RunningTeleoperation.start({ sim: { arms: "calibrated" }, comparesStates: true });
    await run.untilState("following");
    expect(run.states()).toEqual(["connecting", "aligning", "following"]);
    const { follower, leader } = await run.sim.client.request({ do: "state" });
    expect(follower.joints.gripper.registers).toMatchObject({
      max_torque_limit: 500,
      torque_limit: 500,
      protection_current: 250,
      overload_torque: 25,
      p_coefficient: 16,
      torque_enable: 1,
      maximum_acceleration: 254,
    });
    expect(leader.joints.gripper.registers).toMatchObject({
      return_delay_time: 0,
      torque_enable: 0,
      acceleration: 254,
    });
  });

  test("arms that are configured get no EEPROM write", async () => {
    await using run = await RunningTeleoperation.start({ sim: { arms: "configured" } });
    await run.untilState("following");
    const entries = await run.record();
    const writes = entries.filter(
      (entry) => entry.kind === "request" && bytesOf(entry)[4] === Instruction.write,
    );
    expect(writes.filter((entry) => entry.kind === "request" && bytesOf(entry)[5]! < 40)).toEqual([]);
  });

  test("a program that is started before the arms waits for them", async () => {
    await using run = await RunningTeleoperation.start();
    await run.sim.client.request({ do: "pull", arm: "leader" });
    await run.untilSaid("is not there");
    await run.sim.client.request({ do: "plug", arm: "leader" });
    await run.untilState("following");
  });
});

describe("stopping", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("%s releases the follower and exits with 0", async (signal) => {
    await using run = await RunningTeleoperation.start({ sim: { arms: "configured" } });
    await run.untilState("following");
    expect(await run.stop(signal)).toBe(0);
    const { follower } = await run.sim.client.request({ do: "state" });
    for (const { registers } of Object.values(follower.joints)) expect(registers.torque_enable).toBe(0);
    expect(follower.joints.gripper.registers.torque_limit).toBe(500);
    expect(follower.joints.elbow_flex.registers.torque_limit).toBe(1000);
  });

  test("the end of the duration is a clean stop", async () => {
    await using run = await RunningTeleoperation.start({
      sim: { arms: "configured" },
      args: ["--duration", "3"],
    });
    expect(await run.exited()).toBe(0);
    expect(run.states().at(-1)).toBe("stopped");
  });

  test("a follower that is not heard is released all the same", async () => {
    await using run = await RunningTeleoperation.start({ sim: { arms: "configured" } });
    await run.untilState("following");
    await run.sim.client.request({ do: "drop", arm: "follower", count: 3 });
    expect(await run.stop()).toBe(0);
    const { follower } = await run.sim.client.request({ do: "state" });
    for (const { registers } of Object.values(follower.joints)) expect(registers.torque_enable).toBe(0);
  });

  test("while aligning it releases the follower", async () => {
    await using run = await RunningTeleoperation.start({ sim: { arms: "configured" } });
    await run.untilState("aligning");
    expect(await run.stop()).toBe(0);
    const { follower } = await run.sim.client.request({ do: "state" });
    for (const { registers } of Object.values(follower.joints)) expect(registers.torque_enable).toBe(0);
  });

  test("while arms are being configured it energises nothing", async () => {
    await using run = await RunningTeleoperation.start({ sim: { arms: "calibrated" } });
    await run.untilState("connecting");
    expect(await run.stop()).toBe(0);
    const entries = await run.record();
    expect(entries.filter((entry) => entry.kind === "event" && entry.event === "energised")).toEqual([]);
  });

  test("before any arm was there it ends at once", async () => {
    await using run = await RunningTeleoperation.start();
    await run.sim.client.request({ do: "pull", arm: "leader" });
    await run.sim.client.request({ do: "pull", arm: "follower" });
    await run.untilState("waiting");
    expect(await run.stop()).toBe(0);
  });
});

describe("as configured", () => {
  test("on_stop = hold leaves the follower energised where it is", async () => {
    await using run = await configured('[teleoperation]\non_stop = "hold"\n');
    await run.untilState("following");
    expect(await run.stop()).toBe(0);
    const { follower } = await run.sim.client.request({ do: "state" });
    for (const { registers } of Object.values(follower.joints)) expect(registers.torque_enable).toBe(1);
    await rm(run.folder, { recursive: true });
  });

  test("on_stop = park leads the follower slowly to the pose, then releases it", async () => {
    const pose = JOINTS.map((joint) => `${joint} = 20`).join("\n");
    await using run = await configured(`[teleoperation]\non_stop = "park"\n[park]\n${pose}\n`);
    await run.untilState("following");
    expect(await run.stop()).toBe(0);
    expect(run.events.at(-1)!.how).toBe("the follower is parked and released");
    const { follower } = await run.sim.client.request({ do: "state" });
    for (const { registers, position } of Object.values(follower.joints)) {
      const { min_position_limit: min, max_position_limit: max, torque_enable } = registers;
      const isGripper = registers.id === 6;
      expect(position).toBeWithin(...around(min + (max - min) * (isGripper ? 0.2 : 0.6), 10));
      expect(torque_enable).toBe(0);
    }
    await rm(run.folder, { recursive: true });
  });

  test("a follower that is held for longer than the bound is released, and followed again when the leader is back", async () => {
    await using run = await configured("[teleoperation]\nhold_for_s = 1\n");
    await run.untilState("following");
    let seen = run.events.length;
    await run.sim.client.request({ do: "pull", arm: "leader" });
    await run.untilSaid("released after being held for 1 s", seen);
    const { follower } = await run.sim.client.request({ do: "state" });
    for (const { registers } of Object.values(follower.joints)) expect(registers.torque_enable).toBe(0);
    seen = run.events.length;
    await run.sim.client.request({ do: "plug", arm: "leader" });
    await run.untilState("following", seen);
    await rm(run.folder, { recursive: true });
  });
});

describe("what happens while following", () => {
  test("a full-turn joint whose leader crosses the seam unwinds slowly, and that is said once", async () => {
    await using run = await RunningTeleoperation.start({
      sim: { arms: "configured", motion: "still" },
      comparesStates: true,
    });
    const { client } = run.sim;
    await client.request({ do: "push", arm: "leader", joint: "wrist_roll", position: 4000, speed: 3000 });
    await run.untilState("following");
    const seen = run.events.length;
    await client.request({ do: "push", arm: "leader", joint: "wrist_roll", position: 4200, speed: 400 });
    await run.untilSaid('wrist_roll (id 5) of follower "follower" unwinds', seen);
    await client.request({ do: "push", arm: "leader", joint: "wrist_roll", position: 4000, speed: 400 });
    const back = (position: number) => Math.abs(position - 4000) < 20;
    await run.untilArms(({ leader, follower }) => {
      return back(leader.joints.wrist_roll.position) && back(follower.joints.wrist_roll.position);
    }, "the wrist's way back");
    expect(await run.stop()).toBe(0);
    expect(run.events.slice(seen).filter(({ message }) => message?.includes("unwinds")).length).toBe(1);
    expect(run.states(seen)).toEqual(["stopped"]);
  });

  test("a program that was stopped and continued aligns instead of catching up", async () => {
    await using run = await RunningTeleoperation.start({ sim: { arms: "configured" } });
    await run.untilState("following");
    const seen = run.events.length;
    run.kill("SIGSTOP");
    await run.sim.client.request({ do: "mark", text: "stopped" });
    await Bun.sleep(1_000); // the time for which it does not run is the condition
    run.kill("SIGCONT");
    await run.untilState("following", seen);
    expect(run.states(seen)).toEqual(["holding", "aligning", "following"]);
  });

  test.each(["range", "degrees"] as const)(
    "by %s, unless a limit acts, each goal is LeRobot's for the position just read",
    async (mode) => {
      await using run = await configured(`[teleoperation]\nnormalisation = "${mode}"\n`);
      await run.untilState("following");
      await run.sim.client.request({ do: "mark", text: "following" });
      const { calibration } = run.sim.paths;
      const leader = new CalibrationStore(calibration).load({ role: "leader", id: "leader" });
      const follower = new CalibrationStore(calibration).load({ role: "follower", id: "follower" });
      await run.untilLeaderAnswered(100);
      const entries = await run.record();
      const from = entries.findIndex((entry) => entry.kind === "mark");
      let positions: number[] | undefined;
      let compared = 0;
      for (const entry of entries.slice(from)) {
        if (entry.kind === "reply" && entry.arm === "leader") {
          const bytes = bytesOf(entry);
          positions =
            bytes.length === 48
              ? JOINTS.map((_, i) => bytes[i * 8 + 5]! | (bytes[i * 8 + 6]! << 8))
              : undefined;
        } else if (entry.kind === "request" && entry.arm === "follower" && positions !== undefined) {
          const bytes = bytesOf(entry);
          if (bytes[4] !== Instruction.syncWrite) continue;
          const goals = JOINTS.map((_, i) => bytes[8 + i * 3]! | (bytes[9 + i * 3]! << 8));
          const expected = JOINTS.map((joint, i) =>
            within(
              follower[joint],
              denormalise(
                normalise(steps(positions![i]!), leader[joint], joint, mode),
                follower[joint],
                joint,
                mode,
              ),
            ),
          );
          expect(goals).toEqual(expected);
          positions = undefined;
          compared++;
        }
      }
      expect(compared).toBeGreaterThan(20);
      await rm(run.folder, { recursive: true });
    },
  );
});

describe("losses heal by themselves", () => {
  test.each(["leader", "follower"] as const)("the %s's board is pulled and plugged in again", async (arm) => {
    await using run = await RunningTeleoperation.start({ sim: { arms: "configured" } });
    await run.untilState("following");
    let seen = run.events.length;
    await run.sim.client.request({ do: "pull", arm });
    await run.untilState("waiting", seen);
    seen = run.events.length;
    await run.sim.client.request({ do: "plug", arm });
    await run.untilState("aligning", seen);
    await run.untilState("following", seen);
  });

  test.each(["leader", "follower"] as const)("the %s's power goes and comes back", async (arm) => {
    await using run = await RunningTeleoperation.start({ sim: { arms: "configured" } });
    await run.untilState("following");
    let seen = run.events.length;
    await run.sim.client.request({ do: "power", arm, on: false });
    await run.untilState("waiting", seen);
    seen = run.events.length;
    await run.sim.client.request({ do: "power", arm, on: true });
    await run.untilState("following", seen);
  });

  test("a follower that comes back energised with a stale goal is not snapped by us", async () => {
    await using run = await RunningTeleoperation.start({ sim: { arms: "configured" } });
    await run.untilState("following");
    const seen = run.events.length;
    await run.sim.client.request({ do: "power", arm: "follower", on: false });
    await run.untilState("waiting", seen);
    await run.sim.client.request({ do: "power", arm: "follower", on: true, torqueOn: true });
    await run.untilState("following", seen);
  });

  test.each([20, 80, 150])(
    "a servo that browns out for %d ms while following is noticed, configured again and ramped",
    async (silentMs) => {
      await using run = await RunningTeleoperation.start({ sim: { arms: "configured" } });
      await run.untilState("following");
      const seen = run.events.length;
      await run.sim.client.request({ do: "brownout", arm: "follower", joint: "elbow_flex", silentMs });
      await run.untilState("aligning", seen);
      await run.untilState("following", seen);
      const { follower } = await run.sim.client.request({ do: "state" });
      expect(follower.joints.elbow_flex.registers.acceleration).toBe(254);
    },
  );

  test("both boards are pulled and come back", async () => {
    await using run = await RunningTeleoperation.start({ sim: { arms: "configured" } });
    await run.untilState("following");
    const seen = run.events.length;
    for (const arm of ["leader", "follower"] as const) await run.sim.client.request({ do: "pull", arm });
    await run.untilState("waiting", seen);
    for (const arm of ["follower", "leader"] as const) await run.sim.client.request({ do: "plug", arm });
    await run.untilState("following", seen);
  });

  test("a leader that comes back energised after a blink is limp again, and that is said", async () => {
    await using run = await RunningTeleoperation.start({ sim: { arms: "configured", motion: "still" } });
    await run.untilState("following");
    const seen = run.events.length;
    await run.sim.client.request({
      do: "brownout",
      arm: "leader",
      joint: "gripper",
      silentMs: 20,
      torqueOn: true,
    });
    await run.untilSaid("must never be", seen);
    await run.untilArms(({ leader }) => leader.joints.gripper.registers.torque_enable === 0, "a limp leader");
  });

  test("a silent servo of the leader makes the follower hold, and its return makes it follow", async () => {
    await using run = await RunningTeleoperation.start({ sim: { arms: "configured" } });
    await run.untilState("following");
    let seen = run.events.length;
    await run.sim.client.request({ do: "silent", arm: "leader", joint: "wrist_flex", on: true });
    await run.untilState("holding", seen);
    await run.untilSaid("no answer from wrist_flex (id 4)", seen);
    seen = run.events.length;
    await run.sim.client.request({ do: "silent", arm: "leader", joint: "wrist_flex", on: false });
    await run.untilState("following", seen);
  });

  test("lost, corrupted and late replies and noise cost readings, and nothing else", async () => {
    await using run = await RunningTeleoperation.start({ sim: { arms: "configured" } });
    await run.untilState("following");
    const seen = run.events.length;
    const { client } = run.sim;
    for (const arm of ["leader", "follower"] as const) {
      await client.request({ do: "drop", arm, joint: "gripper", count: 2 });
      await client.request({ do: "corrupt", arm, joint: "elbow_flex", count: 2 });
      await client.request({ do: "delay", arm, joint: "wrist_roll", us: 15_000, count: 2 });
    }
    await run.untilLeaderAnswered(100);
    for (const arm of ["leader", "follower"] as const) {
      await client.request({ do: "noise", arm, bytes: 40, beforeReplies: 20 });
    }
    await run.untilLeaderAnswered(100);
    expect(await run.stop()).toBe(0);
    expect(run.states(seen)).toEqual(["stopped"]);
    const summary = run.events.find(({ event }) => event === "summary") as unknown as Summary;
    expect(summary.leaderMisses).toBeGreaterThan(0);
    expect(summary.followerMisses).toBeGreaterThan(0);
    expect(summary.corruptedReplies).toBeGreaterThan(1);
    expect(summary.noiseBytes).toBeGreaterThan(500);
  });

  test("a program that was killed leaves the follower held, and the next one aligns", async () => {
    await using run = await RunningTeleoperation.start({ sim: { arms: "configured" }, comparesStates: true });
    await run.untilState("following");
    run.kill("SIGKILL");
    await run.exited();
    const { follower } = await run.sim.client.request({ do: "state" });
    expect(follower.joints.elbow_flex.registers.torque_enable).toBe(1);
    const seen = run.events.length;
    run.restart();
    await run.untilState("following", seen);
    expect(run.states(seen)).toEqual(["connecting", "aligning", "following"]);
  });
});
