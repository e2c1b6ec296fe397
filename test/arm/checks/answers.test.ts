import { describe, expect, test } from "bun:test";
import { ArmConnection } from "../../../src/arm/connection.ts";
import { JOINTS, type JointName } from "../../../src/arm/joints.ts";
import { readArm } from "../../../src/arm/servos/read.ts";
import { VirtualClock } from "../../../src/sim/testing/clock.ts";
import { pathOf, VirtualArms } from "../../../src/sim/testing/virtual-arms.ts";

/** An arm in virtual time, and the connection to it. */
function anArm() {
  const clock = new VirtualClock();
  const arms = new VirtualArms(clock);
  const board = arms.boards.leader;
  const path = pathOf("leader");
  const ports = { clock, open: (at: string) => arms.open(at) };
  const silentFor = (seconds: number, ...joints: readonly JointName[]) => {
    for (const joint of joints) board.arm.faultsOf(joint).silent = true;
    clock.in(seconds, () => {
      for (const joint of joints) board.arm.faultsOf(joint).silent = false;
    });
  };
  return {
    clock,
    board,
    silentFor,
    connection: new ArmConnection({ role: "leader", id: "a" }, path, "read", ports),
  };
}

/** One of ten replies is lost, ever the same ones. */
function losing(it: ReturnType<typeof anArm>): void {
  let seed = 1;
  it.board.hears = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    it.board.lose = seed % 10 === 0 ? 1 : 0;
    return true;
  };
}

describe("who does not answer once is asked again", () => {
  test.each([0.05, 0.2, 0.3])("a servo that starts again is silent for %p s", async (seconds) => {
    const it = anArm();
    it.silentFor(seconds, "elbow_flex");
    await it.connection.reach();
    expect(it.connection.problem).toBeUndefined();
  });

  test("so is an arm whose power comes just then, and at once when it has", async () => {
    const it = anArm();
    it.silentFor(0.2, ...JOINTS);
    const startUs = it.clock.nowUs();
    await it.connection.reach();
    expect(it.connection.problem).toBeUndefined();
    expect((it.clock.nowUs() - startUs) / 1e6).toBeWithin(0.2, 0.3);
  });

  test("on a line that loses one of ten replies nobody is said to be missing", async () => {
    const it = anArm();
    losing(it);
    for (let times = 0; times < 200; times++) {
      await it.connection.reach();
      expect(it.connection.problem).toBeUndefined();
      expect(readArm(it.connection.bus!).images).not.toContain(null);
    }
  });

  test.each([5, 12])("a link with %p ms each way hides nobody", async (milliseconds) => {
    const it = anArm();
    it.board.usbUs = milliseconds * 1000;
    await it.connection.reach();
    expect(it.connection.problem).toBeUndefined();
    it.silentFor(60, "gripper");
    await it.connection.reach();
    expect(it.connection.problem).toMatchObject({ code: "bus.joints-missing", joints: ["gripper"] });
  });

  test("one that stays silent is missing within a second, and then at every look", async () => {
    const it = anArm();
    it.silentFor(10, "elbow_flex");
    const startUs = it.clock.nowUs();
    await it.connection.reach();
    expect(it.connection.problem).toMatchObject({ code: "bus.joints-missing", joints: ["elbow_flex"] });
    expect((it.clock.nowUs() - startUs) / 1e6).toBeLessThan(1);
    const { problem } = it.connection;
    const laterUs = it.clock.nowUs();
    await it.connection.reach();
    expect(it.connection.problem).toBe(problem!);
    expect((it.clock.nowUs() - laterUs) / 1e6).toBeLessThan(0.1);
  });

  test("whole servos are read again, too", async () => {
    const it = anArm();
    await it.connection.reach();
    it.silentFor(0.25, "wrist_roll", "gripper");
    expect(readArm(it.connection.bus!).images).not.toContain(null);
  });
});
