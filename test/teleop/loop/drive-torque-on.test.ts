/** How a follower's drive switches the torque on: where each joint is, and nowhere else. */
import { describe, expect, test } from "bun:test";
import { Instruction } from "../../../src/feetech/packet.ts";
import { registers } from "../../../src/feetech/registers.ts";
import { JOINTS } from "../../../src/sim/arm/joints.ts";
import type { SimulatedTransport } from "../../../src/sim/testing/transport.ts";
import { FollowerDrive } from "../../../src/teleop/loop/drive.ts";
import { follower, following, GOAL, goalsIn, limits } from "./followers.ts";

/** Calls back after each packet of goals, before it is read back. */
function afterGoals(transport: SimulatedTransport, act: (packets: number) => void): void {
  const { send } = transport;
  let packets = 0;
  transport.send = (size, deadline) => {
    send.call(transport, size, deadline);
    if (transport.out[5] === GOAL) act(++packets);
  };
}

/** Makes the arm's firmware one whose goals switch no torque on. */
function withoutTorqueByGoals(transport: SimulatedTransport): void {
  afterGoals(transport, () => {
    for (const servo of transport.arm.servos) servo.setValues({ torque_enable: 0 });
  });
}

/** Loses sync writes to this register: every one, or so many. */
function loseWritesTo(
  transport: SimulatedTransport,
  address: number,
  count = Number.POSITIVE_INFINITY,
): void {
  const { send } = transport;
  let lost = 0;
  transport.send = (size, deadline) => {
    const isOne = transport.out[4] === Instruction.syncWrite && transport.out[5] === address;
    if (!isOne || lost++ >= count) send.call(transport, size, deadline);
  };
}

/** Id, address and first byte of the writes to single servos. */
function singleWrites(transport: SimulatedTransport): number[][] {
  const writes = transport.sent.filter((packet) => packet[4] === Instruction.write);
  return writes.map((packet) => [packet[2]!, packet[5]!, packet[6]!]);
}

describe("switching the torque on", () => {
  test("happens where the follower is, whatever stale goal it has", () => {
    const { drive, told, arm } = follower();
    drive.switchTorqueOn();
    const energised = told.filter((event) => event.event === "energised");
    expect(energised.length).toBe(6);
    for (const event of energised) expect(event.goal).toBe(event.position);
    for (const servo of arm.servos) expect(servo.values(0).torque_enable).toBe(1);
  });

  test("keeps the goal that the drive before gave, however far a hand has pushed the joint from it", () => {
    const { drive, arm, bus } = follower();
    drive.switchTorqueOn();
    arm.servos[2]!.actuator.motor.position += 600;
    const next = new FollowerDrive(
      bus,
      JOINTS.map(() => ({ min: 0, max: 4095 })),
      limits,
      drive.goals,
    );
    next.switchTorqueOn();
    expect(next.goals[2]).toBe(2000);
  });

  test("leaves the servos a speed not far above the ramp's", () => {
    const { drive, arm } = follower();
    drive.switchTorqueOn();
    expect(arm.servos[0]!.values(0).goal_velocity).toBe(640);
  });

  test("raises a torque limit that a release has left low", () => {
    const { drive, arm } = follower();
    arm.servos[5]!.setValues({ max_torque_limit: 500, torque_limit: 0 });
    drive.switchTorqueOn();
    expect(arm.servos[5]!.values(0).torque_limit).toBe(500);
  });

  test("a joint that is held near its goal keeps it, so that it does not sag", () => {
    const { drive, arm } = follower();
    arm.servos[2]!.setValues({ torque_enable: 1, goal_position: 2040 });
    drive.switchTorqueOn();
    expect(Array.from(drive.goals)).toEqual([1000, 1500, 2040, 2500, 3000, 3500]);
  });

  test("a joint that is on its way to a goal far away is stopped where it is", () => {
    const { drive, arm } = follower();
    arm.servos[2]!.setValues({ torque_enable: 1, goal_position: 3000 });
    drive.switchTorqueOn();
    expect(drive.goals[2]).toBe(2000);
  });

  test("one that is overloaded, because it presses on something, keeps its goal at any distance", () => {
    const { drive, arm } = follower();
    for (const joint of [1, 2]) {
      arm.servos[joint]!.setValues({ torque_enable: 1, goal_position: 3000 });
      arm.servos[joint]!.actuator.latchOverload();
    }
    // … but with its torque limit ramped down it does not press: it was being released.
    arm.servos[1]!.setValues({ torque_limit: 100 });
    drive.switchTorqueOn();
    expect([drive.goals[1], drive.goals[2]]).toEqual([1500, 3000]);
  });

  test("goals that do not arrive are sent again before anything is energised", () => {
    const { drive, transport, told } = follower();
    let lost = 0;
    const { send } = transport;
    transport.send = (size, deadline) => {
      if (transport.out[5] === GOAL && lost++ < 2) return;
      send.call(transport, size, deadline);
    };
    drive.switchTorqueOn();
    for (const event of told) if (event.event === "energised") expect(event.goal).toBe(event.position);
    expect(lost).toBe(3);
  });

  test("a goal that another program gives a held joint meanwhile is noticed, and then that one is kept", () => {
    const { drive, arm, transport } = follower();
    arm.servos[2]!.setValues({ torque_enable: 1, goal_position: 2040 });
    let writes = 0;
    const { send } = transport;
    transport.send = (size, deadline) => {
      const isGoal = transport.out[5] === GOAL;
      send.call(transport, size, deadline);
      if (isGoal && writes++ === 0) arm.servos[2]!.setValues({ goal_position: 2050 });
    };
    drive.switchTorqueOn();
    expect([writes, drive.goals[2]]).toEqual([2, 2050]);
  });

  test("a servo that never takes its goal is an error that names it, and nothing was switched on", () => {
    const { drive, transport, arm } = follower();
    const { send } = transport;
    transport.send = (size, deadline) => {
      if (transport.out[5] !== GOAL) send.call(transport, size, deadline);
    };
    expect(() => drive.switchTorqueOn()).toThrow("servo 1 has the goal 2048 and is at 1000");
    for (const servo of arm.servos) expect(servo.values(0).torque_enable).toBe(0);
  });

  test("that never takes its goal is tried five times", () => {
    const { drive, transport } = follower();
    let tries = 0;
    const { send } = transport;
    transport.send = (size, deadline) => {
      if (transport.out[5] === GOAL) tries++;
      else send.call(transport, size, deadline);
    };
    expect(() => drive.switchTorqueOn()).toThrow();
    expect(tries).toBe(5);
  });

  test.each([
    { what: "less than its whole torque", torque_limit: 400, within: 114 },
    { what: "its whole torque", torque_limit: 1000, within: 341 },
  ])(
    "a joint held with $what keeps a goal $within steps away, and none further",
    ({ torque_limit, within }) => {
      for (const side of [-1, 1]) {
        for (const [distance, kept] of [
          [within, true],
          [within + 1, false],
        ] as const) {
          const { drive, arm } = follower();
          const goal_position = 2000 + side * distance;
          arm.servos[2]!.setValues({ torque_enable: 1, torque_limit, goal_position });
          drive.switchTorqueOn();
          expect(drive.goals[2]).toBe(kept ? goal_position : 2000);
        }
      }
    },
  );

  test.each([
    { steps: 12, packets: 1, goal: 2000 },
    { steps: 13, packets: 2, goal: 2013 },
  ])(
    "a limp joint that a hand moves by $steps steps meanwhile is energised at $goal",
    ({ steps, packets, goal }) => {
      const { drive, transport, arm } = follower();
      let sent = 0;
      afterGoals(transport, (count) => {
        sent = count;
        // Firmware whose goals switch no torque on.
        for (const servo of arm.servos) servo.setValues({ torque_enable: 0 });
        if (count === 1) arm.servos[2]!.actuator.motor.position += steps;
      });
      drive.switchTorqueOn();
      expect([sent, drive.goals[2]]).toEqual([packets, goal]);
      expect(arm.servos[2]!.values(0)).toMatchObject({ torque_enable: 1, goal_position: goal });
    },
  );

  test.each([
    { steps: 341, packets: 1 },
    { steps: 342, packets: 2 },
  ])(
    "a joint that its goal has energised may be $steps steps from it after $packets packets",
    ({ steps, packets }) => {
      const { drive, transport, arm } = follower();
      let sent = 0;
      afterGoals(transport, (count) => {
        sent = count;
        if (count === 1) arm.servos[2]!.actuator.motor.position += steps;
      });
      drive.switchTorqueOn();
      expect(sent).toBe(packets);
    },
  );

  test("asks nothing of single servos that have heard what was said to all", () => {
    const { drive, transport, arm } = follower();
    withoutTorqueByGoals(transport);
    arm.servos[5]!.setValues({ max_torque_limit: 500, torque_limit: 0 });
    drive.switchTorqueOn();
    expect(singleWrites(transport)).toEqual([]);
    for (const servo of arm.servos) expect(servo.values(0).torque_enable).toBe(1);
  });

  test("comes in one packet with the goal, which a servo that lost its power meanwhile has forgotten", () => {
    const { drive, transport, told } = follower();
    withoutTorqueByGoals(transport);
    const { send } = transport;
    transport.send = (size, deadline) => {
      if (transport.out[4] === Instruction.syncWrite && transport.out[5] === registers.torque_enable.address)
        for (const servo of transport.arm.servos) servo.setValues({ goal_position: 2048, goal_velocity: 0 });
      send.call(transport, size, deadline);
    };
    drive.switchTorqueOn();
    const energised = told.flatMap((event) => (event.event === "energised" ? event : []));
    expect(energised.length).toBeGreaterThanOrEqual(6);
    for (const { goal, position, goalVelocity } of energised) {
      expect(goal).toBe(position);
      expect(goalVelocity).toBe(640);
    }
  });

  test("is said again where it has not been heard, with the goal again", () => {
    const { drive, transport, arm } = follower();
    loseWritesTo(transport, registers.torque_enable.address, 2);
    withoutTorqueByGoals(transport);
    drive.switchTorqueOn();
    expect(singleWrites(transport)).toEqual([]);
    for (const servo of arm.servos) expect(servo.values(0).torque_enable).toBe(1);
  });

  test("that is never heard is an error, and tried five times", () => {
    const { drive, transport } = follower();
    withoutTorqueByGoals(transport);
    const { send } = transport;
    let tries = 0;
    transport.send = (size, deadline) => {
      if (transport.out[4] === Instruction.syncWrite && transport.out[5] === registers.torque_enable.address)
        tries++;
      else send.call(transport, size, deadline);
    };
    expect(() => drive.switchTorqueOn()).toThrow("torque_enable");
    expect(tries).toBe(5);
  });

  test("raises a low torque limit also where the packet to all was lost", () => {
    const { drive, transport, arm } = follower();
    arm.servos[5]!.setValues({ max_torque_limit: 500, torque_limit: 0 });
    loseWritesTo(transport, registers.torque_limit.address);
    drive.switchTorqueOn();
    expect(arm.servos[5]!.values(0).torque_limit).toBe(500);
  });

  test("forgets what the joints did before", () => {
    const { drive, transport } = following();
    const targets = new Int32Array(6).fill(2300);
    for (let tick = 0; tick < 20; tick++) drive.step(targets);
    for (const _ of [1, 2]) drive.see(2, 2000);
    drive.see(4, 2000);
    expect([drive.motionOf(2).obstacleSide, Number(drive.motionOf(0).isSlow)]).toEqual([1, 0]);
    drive.switchTorqueOn();
    expect(JOINTS.map((_, joint) => Number(drive.motionOf(joint).isSlow))).toEqual([1, 1, 1, 1, 1, 1]);
    expect(JOINTS.map((_, joint) => drive.motionOf(joint).obstacleSide)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(goalsIn(transport.sent.findLast((packet) => packet[5] === GOAL)!)).toEqual(
      Array.from(drive.goals),
    );
    // Of two readings that make an obstacle, one counts from then on.
    drive.see(4, 2000);
    expect(drive.motionOf(4).obstacleSide).toBe(0);
  });

  test("shows where each joint is", () => {
    const { drive } = follower();
    drive.switchTorqueOn();
    expect(JOINTS.map((_, joint) => drive.motionOf(joint).seenAt)).toEqual([
      1000, 1500, 2000, 2500, 3000, 3500,
    ]);
  });

  test("gives the first goals: there are none before", () => {
    expect(Array.from(follower().drive.goals)).toEqual([-1, -1, -1, -1, -1, -1]);
  });

  test("a reading that is no position becomes no goal", () => {
    const { drive, arm, transport } = follower();
    arm.servos[0]!.setValues({ phase: 12 | 16 });
    arm.servos[0]!.actuator.motor.position = 5000;
    expect(() => drive.switchTorqueOn()).toThrow("which is no position");
    expect(transport.sent.filter((packet) => packet[5] === GOAL)).toEqual([]);
  });
});

test("servos whose power blinks as their torque is switched on have forgotten their goals, and get none", () => {
  const { drive, transport } = follower();
  const send = transport.send.bind(transport);
  let singly = 0;
  transport.send = (size, deadlineUs) => {
    const [, , , , instruction, address] = transport.out;
    const isTorque = address === 40 && (instruction === 0x83 || instruction === 0x03);
    if (isTorque && instruction === 0x03) singly++;
    send(size, deadlineUs);
    if (isTorque && instruction === 0x83) {
      for (const joint of JOINTS)
        transport.arm.servo(joint).setValues({ torque_enable: 0, goal_position: 2048 });
    }
  };
  expect(() => drive.switchTorqueOn()).toThrow("goal");
  expect(singly).toBe(0);
});

describe("a joint's torque that is switched off and on again", () => {
  const GRIPPER = 5;

  test("has its goal where the joint is by then, and aligns, while the others go on", () => {
    const { drive, told, arm } = following();
    const targets = new Int32Array(6).fill(2300);
    for (let tick = 0; tick < 20; tick++) drive.step(targets);
    arm.servos[GRIPPER]!.actuator.motor.position = 2040;
    told.length = 0;
    drive.renewTorque(GRIPPER);
    expect(told).toMatchObject([
      { event: "limp", position: 2040 },
      { event: "energised", goal: 2040, position: 2040 },
    ]);
    expect(drive.goals[GRIPPER]).toBe(2040);
    expect(drive.motionOf(GRIPPER).mode).toBe("aligning");
    expect(arm.servos[GRIPPER]!.values(0).goal_velocity).toBe(drive.goalVelocity(GRIPPER));
    drive.step(targets);
    expect(drive.goals[GRIPPER]).toBeWithin(2041, 2044);
    expect(drive.motionOf(0).mode).toBe("following");
  });

  test("stays on where the servo does not obey, and that is an error", () => {
    const { drive, transport, told } = following();
    loseWritesTo(transport, registers.torque_enable.address);
    told.length = 0;
    expect(() => drive.renewTorque(GRIPPER)).toThrow("does not confirm that its torque is off");
    expect(told).toEqual([]);
  });

  test("stays off where the goal does not arrive: it would go to the one before", () => {
    const { drive, transport, told } = following();
    const targets = new Int32Array(6).fill(2300);
    for (let tick = 0; tick < 20; tick++) drive.step(targets);
    loseWritesTo(transport, GOAL);
    told.length = 0;
    expect(() => drive.renewTorque(GRIPPER)).toThrow("goal");
    expect(told.map(({ event }) => event)).toEqual(["limp"]);
  });

  test("comes on also where goals do not switch it on", () => {
    const { drive, transport, arm } = following();
    withoutTorqueByGoals(transport);
    drive.renewTorque(GRIPPER);
    expect(arm.servos[GRIPPER]!.values(0).torque_enable).toBe(1);
  });

  test("stays off where the joint is at no position", () => {
    const { drive, arm, told } = following();
    arm.servos[GRIPPER]!.setValues({ phase: 0x10 });
    arm.servos[GRIPPER]!.actuator.motor.position = 5000;
    told.length = 0;
    expect(() => drive.renewTorque(GRIPPER)).toThrow("which is no position");
    expect(told.map(({ event }) => event)).toEqual(["limp"]);
  });
});

describe("firmware that takes no goal outside of the position limits", () => {
  const clamping = (position: number, goalsLeaveTorque = true) => {
    const it = follower([1000, 1500, position, 2500, 3000, 3500]);
    for (const servo of it.arm.servos) {
      Object.assign(servo.firmware, { clampsGoals: true, goalsLeaveTorque });
      servo.setValues({ min_position_limit: 900, max_position_limit: 3600 });
    }
    return it;
  };

  test.each([
    { position: 843, goal: 900 },
    { position: 3657, goal: 3600 },
  ])("has a joint at $position energised with $goal, as slowly as it aligns", ({ position, goal }) => {
    const { drive, told } = clamping(position);
    drive.switchTorqueOn();
    expect(drive.goals[2]).toBe(goal);
    const energised = told.flatMap((event) => (event.event === "energised" ? event : []));
    expect(energised.find((event) => event.position === position)).toMatchObject({ goal, goalVelocity: 640 });
  });

  test.each([{ position: 842 }, { position: 3658 }])(
    "has no joint energised at $position",
    ({ position }) => {
      for (const goalsLeaveTorque of [true, false]) {
        const { drive, told, arm } = clamping(position, goalsLeaveTorque);
        expect(() => drive.switchTorqueOn()).toThrow("5° outside of its range");
        for (const event of told) if (event.event === "energised") expect(event.powerless).toBe(true);
        for (const servo of arm.servos)
          expect(servo.values(0)).toMatchObject({ torque_enable: 0, torque_limit: 1000 });
      }
    },
  );

  test("and does not keep the speed it is sent is not energised away from where its joint is", () => {
    const { drive, arm } = clamping(850);
    const elbow = arm.servos[2]!;
    const write = elbow.write.bind(elbow);
    elbow.write = (...written) => {
      write(...written);
      elbow.setValues({ goal_velocity: 0 });
    };
    expect(() => drive.switchTorqueOn()).toThrow("servo 3 has the goal 900 and is at 850");
    expect(elbow.values(0).torque_enable).toBe(0);
  });
});
