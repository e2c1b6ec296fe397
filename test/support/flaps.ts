/** What flaps: servos, boards, ports, files and wishes that change again and again, on a pair in virtual time. */
import { JOINTS, ROLES, type Role } from "../../src/arm/joints.ts";
import type { RegisterName } from "../../src/feetech/registers.ts";
import type { Lie, Lies } from "../../src/sim/testing/forger.ts";
import type { VirtualPair } from "./virtual-pair.ts";

/** Has something flap from now until so many seconds after the start, and leaves it well. */
export type Flap = (it: VirtualPair, untilS: number) => void;

/** Numbers that come in the same order each time. */
function numbers(): (from: number, to: number) => number {
  let state = 1;
  return (from, to) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return from + Math.floor((state / 2 ** 32) * (to - from + 1));
  };
}

/** So many times a second, one after the other; `well` at the end. */
const turns =
  (hz: number, well: (it: VirtualPair) => void, ...acts: readonly ((it: VirtualPair) => void)[]): Flap =>
  (it, untilS) => {
    let count = 0;
    const turn = () => {
      if (it.nowS + 1 / hz >= untilS) {
        well(it);
        return;
      }
      acts[count++ % acts.length]!(it);
      it.at(it.nowS + 1 / hz, turn);
    };
    it.at(it.nowS, turn);
  };

/** Servos of an arm that lie about themselves. */
const lying =
  (role: Role, lies: (it: VirtualPair) => Lies): Flap =>
  (it, untilS) => {
    const { forger } = it.arms.boards[role];
    const before = forger.lies;
    forger.lies = lies(it);
    it.at(untilS, () => {
      forger.lies = before;
    });
  };

type Registers = Readonly<Partial<Record<RegisterName, Lie>>>;
const registers = (role: Role, lies: (it: VirtualPair) => Registers): Flap =>
  lying(role, (it) => ({ registers: lies(it) }));

/** One value for so long, then another. */
const swinging = (role: Role, register: RegisterName, halfS: number, a: number, b: number): Flap =>
  registers(role, (it) => ({ [register]: () => (Math.floor(it.nowS / halfS) % 2 === 0 ? a : b) }));

/** Another value each time that it is read. */
const alternating = (role: Role, register: RegisterName, ...values: readonly number[]): Flap =>
  registers(role, () => {
    let count = 0;
    return { [register]: () => values[count++ % values.length]! };
  });

/** One value now and then, in one of so many replies. */
const nowAndThen = (role: Role, register: RegisterName, oneOf: number, value: number): Flap =>
  registers(role, () => {
    const number = numbers();
    return { [register]: () => (number(1, oneOf) === 1 ? value : undefined) };
  });

const anything = (role: Role): Flap =>
  lying(role, () => {
    const number = numbers();
    const upTo = (most: number) => () => number(0, most);
    return {
      error: upTo(255),
      registers: {
        torque_enable: upTo(1),
        acceleration: upTo(254),
        goal_position: upTo(4095),
        goal_velocity: upTo(4095),
        torque_limit: upTo(1000),
        lock: upTo(1),
        present_position: upTo(4095),
        present_velocity: upTo(100),
        present_voltage: upTo(255),
        present_temperature: upTo(255),
        status: upTo(255),
        present_current: upTo(1000),
      },
    };
  });

/** Begins when the pair follows. */
const later =
  (flap: Flap): Flap =>
  (it, untilS) =>
    it.at(5, () => flap(it, untilS));

function power(it: VirtualPair, role: Role, isOn: boolean): void {
  for (const servo of it.arms.boards[role].arm.servos) {
    if (!isOn) servo.powerDown(it.clock.nowUs());
    else if (!servo.actuator.powered) servo.powerUp(it.clock.nowUs());
  }
}

function silence(
  it: VirtualPair,
  role: Role,
  isSilent: boolean,
  joints = JOINTS as readonly (typeof JOINTS)[number][],
): void {
  for (const joint of joints) it.arms.boards[role].arm.faultsOf(joint).silent = isSilent;
}

function plug(it: VirtualPair, role: Role, isPlugged: boolean): void {
  it.arms.boards[role].isPlugged = isPlugged;
}

/** As a program does that opens a port of ours, or another failure of it. */
function trouble(it: VirtualPair, role: Role, what: "in use" | "failed" | undefined): void {
  it.arms.boards[role].failure = what;
  it.arms.boards[role].trouble = what;
}

const wish = (mode: "paused" | "released" | "running") => (it: VirtualPair) => {
  it.memory.mailbox.mode = mode;
};
const reload = (it: VirtualPair) => it.memory.mailbox.sendSettings(it.settings);
const park = (it: VirtualPair) => it.memory.mailbox.requestPark();
const nothing = () => {};

const ofArm = (role: Role): Readonly<Record<string, Flap>> => ({
  "every register is anything": anything(role),
  "every register is anything, once it follows": later(anything(role)),
  "torque is on and off": alternating(role, "torque_enable", 0, 1),
  "torque is on and off, for 0.15 s each": swinging(role, "torque_enable", 0.15, 0, 1),
  "torque is on, whatever is written": alternating(role, "torque_enable", 1),
  "positions are none now and then": nowAndThen(role, "present_position", 10, 9000),
  "the voltage flaps": swinging(role, "present_voltage", 0.5, 50, 30),
  "the temperature flaps, slower": swinging(role, "present_temperature", 2, 40, 66),
  "the model changes": swinging(role, "model_number", 0.3, 777, 9),
  "the calibration in EEPROM changes": swinging(role, "homing_offset", 0.25, 0, 77),
  "the error bits are anything": lying(role, () => {
    const number = numbers();
    return { error: () => number(0, 255) };
  }),
  "an overload of the gripper comes and goes": lying(role, (it) => ({
    error: (id) => (id === 6 && it.nowS % 1 < 0.6 ? 32 : 0),
  })),
  "ten hang-ups a second": turns(
    20,
    (it) => plug(it, role, true),
    (it) => plug(it, role, false),
    (it) => plug(it, role, true),
  ),
  "three hang-ups a second": turns(
    6,
    (it) => plug(it, role, true),
    (it) => plug(it, role, false),
    (it) => plug(it, role, true),
  ),
  "a hang-up each second": turns(
    2,
    (it) => plug(it, role, true),
    (it) => plug(it, role, false),
    (it) => plug(it, role, true),
  ),
  "power blinks ten times a second": turns(
    20,
    (it) => power(it, role, true),
    (it) => power(it, role, false),
    (it) => power(it, role, true),
  ),
  "power blinks three times a second": turns(
    6,
    (it) => power(it, role, true),
    (it) => power(it, role, false),
    (it) => power(it, role, true),
  ),
  "power blinks each 2.5 s": turns(
    0.8,
    (it) => power(it, role, true),
    (it) => power(it, role, false),
    (it) => power(it, role, true),
  ),
  "another program has the port, twenty times a second": turns(
    40,
    (it) => trouble(it, role, undefined),
    (it) => trouble(it, role, "in use"),
    (it) => trouble(it, role, undefined),
  ),
  "another program has the port each second": turns(
    2,
    (it) => trouble(it, role, undefined),
    (it) => trouble(it, role, "in use"),
    (it) => trouble(it, role, undefined),
  ),
  "the port fails, ten times a second": turns(
    20,
    (it) => trouble(it, role, undefined),
    (it) => trouble(it, role, "failed"),
    (it) => trouble(it, role, undefined),
  ),
  "a servo is silent, three times a second": turns(
    6,
    (it) => silence(it, role, false),
    (it) => silence(it, role, true, ["elbow_flex"]),
    (it) => silence(it, role, false),
  ),
  "all servos are silent, four times a second": turns(
    8,
    (it) => silence(it, role, false),
    (it) => silence(it, role, true),
    (it) => silence(it, role, false),
  ),
});

/** By what flaps. */
export const flaps: Readonly<Record<string, Flap>> = {
  ...Object.fromEntries(
    ROLES.flatMap((role) =>
      Object.entries(ofArm(role)).map(([name, flap]) => [`${role}: ${name}`, flap] as const),
    ),
  ),
  "follower: torque is off, whatever is written": alternating("follower", "torque_enable", 0),
  "follower: torque is off now and then": nowAndThen("follower", "torque_enable", 50, 0),
  "follower: the goal never reads back": alternating("follower", "goal_position", 1234),
  "follower: the acceleration is another one now and then": nowAndThen("follower", "acceleration", 100, 0),
  "follower: the lock never closes": alternating("follower", "lock", 0),
  "follower: the temperature flaps, around being released": swinging(
    "follower",
    "present_temperature",
    0.3,
    40,
    66,
  ),
  "follower: the temperature flaps, around being slow": swinging(
    "follower",
    "present_temperature",
    0.5,
    40,
    61,
  ),
  "follower: the firmware changes": alternating("follower", "firmware_minor_version", 1, 2, 3, 4, 5, 6, 7),
  "leader: positions jump": registers("leader", () => {
    const number = numbers();
    return { present_position: () => number(0, 4095) };
  }),
  "pause and resume, a hundred times a second": turns(200, wish("running"), wish("paused"), wish("running")),
  "pause and resume, each second": turns(2, wish("running"), wish("paused"), wish("running")),
  "pause and resume, four times a second, once it follows": later(
    turns(8, wish("running"), wish("paused"), wish("running")),
  ),
  "release and resume, a hundred times a second, once it follows": later(
    turns(200, wish("running"), wish("released"), wish("running")),
  ),
  "resume, a hundred times a second": turns(100, nothing, wish("running")),
  "other settings, fifty times a second": turns(50, nothing, reload),
  "park, twenty times a second": turns(20, wish("running"), park),
  "park and resume, twenty times a second": turns(40, wish("running"), park, wish("running")),
  "the process is stopped, twice a second": turns(2, nothing, (it) => it.clock.suspend(1)),
  "calibration files come and go, forty times a second": turns(
    80,
    (it) => {
      it.hasCalibrations = true;
    },
    (it) => {
      it.hasCalibrations = false;
    },
    (it) => {
      it.hasCalibrations = true;
    },
  ),
  "a pause, while the torque of the follower is on and off": (it, untilS) => {
    it.at(5, () => {
      it.memory.mailbox.mode = "paused";
      swinging("follower", "torque_enable", 0.15, 0, 1)(it, untilS);
    });
    it.at(untilS, () => {
      it.memory.mailbox.mode = "running";
    });
  },
};
