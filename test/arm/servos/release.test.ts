import { describe, expect, test } from "bun:test";
import { release, torqueState } from "../../../src/arm/servos/release.ts";
import { Bus } from "../../../src/feetech/bus.ts";
import { registers } from "../../../src/feetech/registers.ts";
import { SimulatedTransport } from "../../../src/sim/testing/transport.ts";

/** A follower that holds, its gripper protected, on a bus that answers at once. */
function holding() {
  const transport = new SimulatedTransport();
  for (const [joint, servo] of transport.arm.servos.entries()) {
    const limit = joint === 5 ? 500 : 1000;
    servo.setValues({ torque_enable: 1, max_torque_limit: limit, torque_limit: limit });
  }
  return { transport, bus: new Bus(transport, { clock: transport.clock, access: "drive" }) };
}

const values = (transport: SimulatedTransport) => transport.arm.servos.map((servo) => servo.values(0));

/** The torque limits that the follower was sent to all at once, in order. */
function limitsSent(transport: SimulatedTransport): number[][] {
  return transport.sent
    .filter((packet) => packet[4] === 0x83 && packet[5] === registers.torque_limit.address)
    .map((packet) =>
      [0, 1, 2, 3, 4, 5].map((joint) => packet[8 + joint * 3]! | (packet[9 + joint * 3]! << 8)),
    );
}

describe("whether an arm holds", () => {
  test("one servo that holds is enough", () => {
    const { transport, bus } = holding();
    for (const servo of transport.arm.servos.slice(1)) servo.setValues({ torque_enable: 0 });
    expect(torqueState(bus)).toBe("on");
  });

  test("it does not, when all have said so", () => {
    const { transport, bus } = holding();
    for (const servo of transport.arm.servos) servo.setValues({ torque_enable: 0 });
    expect(torqueState(bus)).toBe("off");
  });

  test("a lost reply is asked for again, and silence is no answer", () => {
    const { transport, bus } = holding();
    for (const fault of transport.arm.faults) fault.drop = 1;
    expect(torqueState(bus)).toBe("on");
    for (const fault of transport.arm.faults) fault.silent = true;
    expect(torqueState(bus)).toBe("unknown");
  });
});

describe("relaxing", () => {
  test("takes the torque away step by step, then off, and gives the limits back", () => {
    const { transport, bus } = holding();
    expect(release(bus)).toEqual([]);
    const [first, ...rest] = limitsSent(transport);
    expect(first).toEqual([950, 950, 950, 950, 950, 475]);
    expect(rest.at(-1)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(values(transport).map(({ torque_enable }) => torque_enable)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(values(transport).map(({ torque_limit }) => torque_limit)).toEqual([
      1000, 1000, 1000, 1000, 1000, 500,
    ]);
  });

  test("lifts the limit of the speed, which other programs do not know of", () => {
    const { transport, bus } = holding();
    for (const servo of transport.arm.servos) servo.setValues({ goal_velocity: 640 });
    release(bus);
    expect(values(transport).map(({ goal_velocity }) => goal_velocity)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("sends a leader nothing of the kind", () => {
    const { transport } = holding();
    for (const servo of transport.arm.servos) servo.setValues({ goal_velocity: 640 });
    const bus = new Bus(transport, { clock: transport.clock, access: "torque off" });
    expect(release(bus)).toEqual([]);
    expect(values(transport).map(({ goal_velocity }) => goal_velocity)).toEqual(new Array(6).fill(640));
  });

  test("drops no joint whose torque limit could not be read", () => {
    const { transport, bus } = holding();
    for (const fault of transport.arm.faults) fault.drop = 4;
    release(bus);
    expect(Math.min(...limitsSent(transport)[0]!)).toBeGreaterThan(400);
  });

  test("a dead servo is named, and the others are limp", () => {
    const { transport, bus } = holding();
    transport.arm.faultsOf("elbow_flex").silent = true;
    expect(release(bus)).toEqual([3]);
    expect(values(transport).map(({ torque_enable }) => torque_enable)).toEqual([0, 0, 1, 0, 0, 0]);
  });

  test("servos that obey and are not heard are limp too", () => {
    const { transport, bus } = holding();
    transport.onReply = () => new Uint8Array();
    expect(release(bus)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(values(transport).map(({ torque_enable }) => torque_enable)).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
