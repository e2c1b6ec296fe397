/** Bringing arms to the settings that teleoperation needs, writing only what differs. */
import type { Bus } from "../../feetech/bus.ts";
import { writeEeprom } from "../../feetech/eeprom.ts";
import type { RegisterName } from "../../feetech/registers.ts";
import { ReadRequest, spanOf, WriteRequest } from "../../feetech/requests.ts";
import { idOf, JOINTS, type JointName, type Role } from "../joints.ts";
import { type Difference, differences, type GainsByJoint, type Marks, markOf } from "./baseline.ts";
import { type ArmReading, SERVO_IDS } from "./read.ts";
import type { ServoImage } from "./servo-image.ts";

/** An arm of which every servo has been read. */
export interface ConfigurableArm {
  readonly role: Role;
  readonly bus: Bus;
  readonly reading: ArmReading;
  /** A follower's gains; LeRobot's if left out. */
  readonly gains?: GainsByJoint;
}

/** One servo, as it was read, and what must be written to it. */
interface Servo {
  readonly bus: Bus;
  readonly id: number;
  readonly image: ServoImage;
  readonly changes: readonly Difference[];
}

/** The lock's values: open, writes to EEPROM persist. */
const OPEN = 0;
const CLOSED = 1;

/** A value that firmware may make another one of is written so often where the acknowledgement is lost. */
const TRIES = 3;

/** Whether an arm's EEPROM differs from what it must hold: then {@link configure} takes 0.3 s, and wants its torque off. */
export function needsEeprom(arm: ConfigurableArm): boolean {
  return servosOf(arm).some(({ changes }) => changes.some(({ area }) => area === "eeprom"));
}

/**
 * Brings arms to LeRobot's baseline: all EEPROM writes of all arms first, one settling time, verified; then RAM, with
 * the lock open as LeRobot has it. Then every lock is closed, also one that a program that was killed has left open.
 * A leader's torque is switched off where it is on. Returns by what the servos of each arm show that this was done.
 * Throws {@link EepromError} or {@link BusError} when a servo does not take a value, {@link PortError} when a port is lost.
 */
export function configure(arms: readonly ConfigurableArm[]): Marks[] {
  const servos = arms.flatMap(servosOf);
  writeEeprom(
    servos.flatMap(({ bus, id, changes }) => eepromOf(changes).map((change) => ({ bus, id, ...change }))),
  );
  for (const arm of arms) writeRam(arm.bus, servosOf(arm));
  return arms.map(marksOf);
}

/** Writes what RAM lacks with the lock open, to all servos together: one after the other they would take 60 ms. */
function writeRam(bus: Bus, servos: readonly Servo[]): void {
  const ram = servos.flatMap(({ id, changes }) =>
    changes.flatMap(({ area, register, value }) => (area === "ram" ? { id, register, value } : [])),
  );
  const toOpen = new Set(ram.map(({ id }) => id));
  const toClose = servos.filter(({ id, image }) => toOpen.has(id) || image.value("lock") !== CLOSED);
  // The maximum before what it bounds.
  const bounded = (register: RegisterName) => Number(register === "acceleration");
  const ordered = [...new Set(ram.map(({ register }) => register))].sort((a, b) => bounded(a) - bounded(b));
  writeTogether(
    bus,
    "lock",
    [...toOpen].map((id) => ({ id, value: OPEN })),
  );
  for (const register of ordered) {
    writeTogether(
      bus,
      register,
      ram.filter((change) => change.register === register),
    );
  }
  writeTogether(
    bus,
    "lock",
    toClose.map(({ id }) => ({ id, value: CLOSED })),
  );
}

/** What firmware may make another value of than it is sent. */
const CLAMPED: ReadonlySet<RegisterName> = new Set(["maximum_acceleration", "acceleration"]);

/** Writes one register of several servos in one packet, and once more to each by itself that does not hold it then. */
function writeTogether(
  bus: Bus,
  register: RegisterName,
  changes: readonly { readonly id: number; readonly value: number }[],
): void {
  if (changes.length === 0) return;
  const ids = changes.map(({ id }) => id);
  const write = new WriteRequest(ids, spanOf(register));
  const held = new ReadRequest(ids, spanOf(register));
  changes.forEach(({ value }, index) => {
    write.set(index, register, value);
  });
  bus.send(write);
  bus.readAll(held);
  changes.forEach(({ id, value }, index) => {
    if (held.value(index, register) === value) return;
    if (CLAMPED.has(register)) writeClamped(bus, id, register, value);
    else bus.writeRam(id, register, value);
  });
}

/** Reading such a register back does not tell whether the write has arrived: only the acknowledgement does. */
function writeClamped(bus: Bus, id: number, register: RegisterName, value: number): void {
  for (let attempt = 0; attempt < TRIES; attempt++) if (bus.write(id, register, value)) return;
}

/** Reads back what the servos made of their accelerations, where these were written. */
function marksOf(arm: ConfigurableArm): Marks {
  const before = arm.reading.images.map((image) => image?.value("acceleration") ?? 0);
  const isWritten = servosOf(arm).some(({ changes }) =>
    changes.some(({ register }) => register === "acceleration"),
  );
  if (!isWritten) return before.map((acceleration) => markOf(acceleration, acceleration));
  const after = new ReadRequest(SERVO_IDS, spanOf("acceleration"));
  arm.bus.readAll(after);
  return before.map((acceleration, index) => markOf(acceleration, after.value(index, "acceleration")));
}

function eepromOf(changes: readonly Difference[]): Difference[] {
  return changes.filter(({ area }) => area === "eeprom");
}

function servosOf({ role, bus, reading, gains }: ConfigurableArm): Servo[] {
  return JOINTS.map((joint, index) => {
    const image = imageOf(joint, reading);
    const changes = differences(role, joint, image, reading.maximumAccelerations[index], gains?.[joint]);
    if (role === "leader" && image.value("torque_enable") !== 0) {
      changes.unshift({ register: "torque_enable", value: 0, area: "ram" });
    }
    return { bus, id: idOf(joint), image, changes };
  });
}

function imageOf(joint: JointName, { images }: ArmReading): ServoImage {
  const image = images[JOINTS.indexOf(joint)];
  if (!image) throw new Error(`${joint} was not read`);
  return image;
}
