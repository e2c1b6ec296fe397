import { describe, expect, test } from "bun:test";
import { ArmConnection } from "../../../src/arm/connection.ts";
import { JOINTS, type JointName } from "../../../src/arm/joints.ts";
import type { RegisterValues } from "../../../src/sim/servo/table.ts";
import { VirtualClock } from "../../../src/sim/testing/clock.ts";
import { pathOf, VirtualArms, type VirtualBoard } from "../../../src/sim/testing/virtual-arms.ts";

const arm = { role: "follower", id: "red" } as const;
const path = pathOf("follower");

/** What registers of some joints' servos hold. */
type Registers = { readonly [joint in JointName]?: RegisterValues };

/** An arm on a line on which bytes take their time, and the connection to it. */
function armWith(registers: Registers, change: (board: VirtualBoard) => void = () => {}) {
  const clock = new VirtualClock();
  const arms = new VirtualArms(clock);
  const board = arms.boards.follower;
  for (const [joint, values] of Object.entries(registers))
    board.arm.servo(joint as JointName).setValues(values);
  change(board);
  const ports = { clock, open: (at: string) => arms.open(at) };
  return { clock, arms, board, connection: new ArmConnection(arm, path, "read", ports) };
}

/** What is wrong with an arm after a closer look, and how long that took, s. */
async function found(registers: Registers, change?: (board: VirtualBoard) => void) {
  const { clock, connection, board } = armWith(registers, change);
  await connection.reach();
  const startUs = clock.nowUs();
  await connection.lookCloser();
  const tookS = (clock.nowUs() - startUs) / 1e6;
  const { problem } = connection;
  await connection.reach();
  expect(connection.problem).toBe(problem!);
  return { problem, tookS, board };
}

const silence =
  (...joints: JointName[]) =>
  ({ arm }: VirtualBoard) => {
    for (const joint of joints) arm.faultsOf(joint).silent = true;
  };

describe("servos that have other ids", () => {
  test("one in the middle of the chain", async () => {
    const { problem, tookS } = await found({ elbow_flex: { id: 8 } });
    expect(problem).toEqual({
      ...{ code: "servo.wrong-id", arm, path, joints: ["elbow_flex"] },
      found: [{ id: 8, baudRate: 1_000_000, model: 777 }],
      remedies: [{ do: "give id", joint: "elbow_flex" }],
    });
    expect(tookS).toBeLessThan(2);
  });

  test("two, however high their ids are, and whether or not a lead could be it", async () => {
    const { problem } = await found({ wrist_roll: { id: 100 }, gripper: { id: 253 } });
    expect(problem).toMatchObject({
      code: "servo.wrong-id",
      joints: ["wrist_roll", "gripper"],
      found: [{ id: 100 }, { id: 253 }],
      remedies: [{ do: "give ids" }],
    });
  });

  test("also where nobody answers a broadcast", async () => {
    const hears = (packet: Uint8Array) => packet[2] !== 0xfe || packet[4] !== 0x01;
    const { problem } = await found({ wrist_flex: { id: 253 } }, (board) => {
      board.hears = hears;
    });
    expect(problem).toMatchObject({ code: "servo.wrong-id", found: [{ id: 253 }] });
  });

  test("a second arm's", async () => {
    const ids = Object.fromEntries(JOINTS.map((joint, index) => [joint, { id: index + 7 }]));
    const { problem } = await found(ids);
    expect(problem).toMatchObject({ code: "servo.wrong-id", joints: JOINTS });
    expect(problem).toMatchObject({ found: [7, 8, 9, 10, 11, 12].map((id) => ({ id })) });
  });

  test("two of them with one id", async () => {
    const { problem } = await found({ elbow_flex: { id: 8 }, wrist_flex: { id: 8 } });
    expect(problem).toMatchObject({
      code: "servo.wrong-id",
      joints: ["elbow_flex", "wrist_flex"],
      found: [{ id: 8, model: undefined }],
    });
  });

  test("at another speed, by whichever id", async () => {
    const { problem } = await found({ shoulder_lift: { baud_rate: 4 }, gripper: { id: 77, baud_rate: 7 } });
    expect(problem).toMatchObject({
      code: "servo.wrong-id",
      joints: ["shoulder_lift", "gripper"],
      found: [
        { id: 2, baudRate: 115_200, model: 777 },
        { id: 77, baudRate: 38_400, model: 777 },
      ],
    });
  });
});

describe("two servos of one id", () => {
  test("one of which should have another joint's", async () => {
    const { problem } = await found({ wrist_flex: { id: 3 } });
    expect(problem).toEqual({
      ...{ code: "bus.damaged", arm, path, joints: ["elbow_flex"], silent: ["wrist_flex"] },
      remedies: [{ do: "give id", joint: "wrist_flex" }],
    });
  });

  test("six new ones", async () => {
    const { problem } = await found(Object.fromEntries(JOINTS.map((joint) => [joint, { id: 1 }])));
    expect(problem).toMatchObject({
      code: "bus.damaged",
      joints: ["shoulder_pan"],
      silent: JOINTS.slice(1),
      remedies: [{ do: "give ids" }],
    });
  });

  test("which answer one after the other, because they wait differently", async () => {
    const { problem } = await found({ wrist_flex: { id: 3, return_delay_time: 250 } });
    expect(problem).toMatchObject({ code: "bus.damaged", joints: ["elbow_flex"], silent: ["wrist_flex"] });
  });
});

describe("a servo of another model", () => {
  test("which answers when it is asked alone", async () => {
    const { problem } = await found({ wrist_flex: { model_number: 1029 } }, (board) => {
      // It knows no sync read, as servos of the SCS series.
      board.hears = (packet) => {
        board.arm.faultsOf("wrist_flex").silent = packet[4] === 0x82;
        return true;
      };
    });
    expect(problem).toEqual({ code: "servo.wrong-model", arm, path, joint: "wrist_flex", model: 1029 });
  });
});

describe("nobody else", () => {
  test("the servo has failed, or the lead is loose", async () => {
    const middle = await found({}, silence("elbow_flex"));
    expect(middle.problem).toMatchObject({
      code: "bus.joints-missing",
      searched: true,
      remedies: [{ do: "check servo", joint: "elbow_flex" }],
    });
    const end = await found({}, silence("wrist_roll", "gripper"));
    expect(end.problem).toMatchObject({
      code: "bus.joints-missing",
      searched: true,
      remedies: [{ do: "check lead", from: "wrist_flex", to: "wrist_roll" }],
    });
  });

  test("an arm without power is known in some seconds", async () => {
    const { problem, tookS } = await found({}, silence(...JOINTS));
    expect(problem).toMatchObject({ code: "bus.silent" });
    expect(tookS).toBeLessThan(2.5);
  });

  test("noise on the line is no servo", async () => {
    const { problem } = await found({}, (board) => {
      silence("elbow_flex")(board);
      const { hears } = board;
      board.hears = (packet) => {
        board.noise(Uint8Array.of(0x12, 0x80, 0x07));
        return hears(packet);
      };
    });
    expect(problem!.code).not.toBe("servo.wrong-id");
  });
});

test("other speeds are left alone while a servo holds", async () => {
  const { board, connection } = armWith({ elbow_flex: { baud_rate: 4 }, gripper: { torque_enable: 1 } });
  const speeds = new Set<number>();
  const setBaud = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(board), "baud")!.set!;
  Object.defineProperty(board, "baud", {
    set(baudRate: number) {
      speeds.add(baudRate);
      setBaud.call(board, baudRate);
    },
  });
  await connection.reach();
  await connection.lookCloser();
  expect(connection.problem).toMatchObject({ code: "bus.joints-missing", joints: ["elbow_flex"] });
  expect(connection.problem).not.toHaveProperty("searched");
  expect([...speeds]).toEqual([]);
});

test("who was asked for and is not there is not counted as a lost reply", async () => {
  const { connection } = armWith({ elbow_flex: { id: 200 } });
  await connection.reach();
  const before = connection.bus!.counters.total("timeout");
  await connection.lookCloser();
  expect(connection.bus!.counters.total("timeout")).toBe(before);
});
