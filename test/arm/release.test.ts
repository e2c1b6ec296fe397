import { describe, expect, test } from "bun:test";
import { relax, torqueState } from "../../src/arm/release.ts";
import { Bus } from "../../src/feetech/bus.ts";
import { registers } from "../../src/feetech/registers.ts";
import { SimulatedWire } from "../../src/sim/testing/transport.ts";

/** A follower that holds, its gripper protected, on a bus that answers at once. */
function holding() {
  const wire = new SimulatedWire();
  for (const [joint, servo] of wire.arm.servos.entries()) {
    const limit = joint === 5 ? 500 : 1000;
    servo.setValues({ torque_enable: 1, max_torque_limit: limit, torque_limit: limit });
  }
  return { wire, bus: new Bus(wire, { access: "drive" }) };
}

const values = (wire: SimulatedWire) => wire.arm.servos.map((servo) => servo.values(0));

/** The torque limits that the follower was sent to all at once, in order. */
function limitsSent(wire: SimulatedWire): number[][] {
  return wire.sent
    .filter((packet) => packet[4] === 0x83 && packet[5] === registers.torque_limit.address)
    .map((packet) =>
      [0, 1, 2, 3, 4, 5].map((joint) => packet[8 + joint * 3]! | (packet[9 + joint * 3]! << 8)),
    );
}

describe("whether an arm holds", () => {
  test("one servo that holds is enough", () => {
    const { wire, bus } = holding();
    for (const servo of wire.arm.servos.slice(1)) servo.setValues({ torque_enable: 0 });
    expect(torqueState(bus)).toBe("on");
  });

  test("it does not, when all have said so", () => {
    const { wire, bus } = holding();
    for (const servo of wire.arm.servos) servo.setValues({ torque_enable: 0 });
    expect(torqueState(bus)).toBe("off");
  });

  test("a lost reply is asked for again, and silence is no answer", () => {
    const { wire, bus } = holding();
    for (const fault of wire.arm.faults) fault.drop = 1;
    expect(torqueState(bus)).toBe("on");
    for (const fault of wire.arm.faults) fault.silent = true;
    expect(torqueState(bus)).toBe("unknown");
  });
});

describe("relaxing", () => {
  test("takes the torque away step by step, then off, and gives the limits back", () => {
    const { wire, bus } = holding();
    expect(relax(bus)).toEqual([]);
    const [first, ...rest] = limitsSent(wire);
    expect(first).toEqual([950, 950, 950, 950, 950, 475]);
    expect(rest.at(-1)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(values(wire).map(({ torque_enable }) => torque_enable)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(values(wire).map(({ torque_limit }) => torque_limit)).toEqual([1000, 1000, 1000, 1000, 1000, 500]);
  });

  test("drops no joint whose torque limit could not be read", () => {
    const { wire, bus } = holding();
    for (const fault of wire.arm.faults) fault.drop = 4;
    relax(bus);
    expect(Math.min(...limitsSent(wire)[0]!)).toBeGreaterThan(400);
  });

  test("a dead servo is named, and the others are limp", () => {
    const { wire, bus } = holding();
    wire.arm.faultsOf("elbow_flex").silent = true;
    expect(relax(bus)).toEqual([3]);
    expect(values(wire).map(({ torque_enable }) => torque_enable)).toEqual([0, 0, 1, 0, 0, 0]);
  });

  test("servos that obey and are not heard are limp too", () => {
    const { wire, bus } = holding();
    wire.onReply = () => new Uint8Array();
    expect(relax(bus)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(values(wire).map(({ torque_enable }) => torque_enable)).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
