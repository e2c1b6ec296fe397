/** Bringing arms to the settings that teleoperation needs, writing only what differs. */
import type { Bus } from "../../feetech/bus.ts";
import { type EepromChange, writeEeprom } from "../../feetech/eeprom.ts";
import type { RegisterName } from "../../feetech/registers.ts";
import { idOf, JOINTS, type Role } from "../joints.ts";
import { differences, type GainsByJoint } from "./baseline.ts";
import type { ArmReading } from "./read.ts";

/** An arm of which every servo has been read. */
export interface ConfigurableArm {
  readonly role: Role;
  readonly bus: Bus;
  readonly reading: ArmReading;
  /** A follower's gains; LeRobot's if left out. */
  readonly gains?: GainsByJoint;
}

interface Change extends EepromChange {
  readonly area: "eeprom" | "ram";
}

/** Whether an arm's EEPROM differs from what it must hold: then {@link configure} takes 0.3 s, and wants its torque off. */
export function needsEeprom(arm: ConfigurableArm): boolean {
  return changesOf(arm).some(({ area }) => area === "eeprom");
}

/**
 * Brings arms to LeRobot's baseline: all EEPROM writes of all arms first, one settling time, verified; then RAM.
 * A leader's torque is switched off where it is on.
 * Throws {@link EepromError} or {@link BusError} when a servo does not take a value, {@link PortError} when a port is lost.
 */
export function configure(arms: readonly ConfigurableArm[]): void {
  const changes = arms.flatMap(changesOf);
  writeEeprom(changes.filter(({ area }) => area === "eeprom"));
  const ram = changes.filter(({ area }) => area === "ram");
  for (const { bus, id, register, value } of ram) bus.writeRam(id, register, value);
}

function changesOf({ role, bus, reading, gains }: ConfigurableArm): Change[] {
  return JOINTS.flatMap((joint, index) => {
    const image = reading.images[index];
    if (!image) throw new Error(`${joint} was not read`);
    const id = idOf(joint);
    const change = (register: RegisterName, value: number, area: Change["area"]) => ({
      bus,
      id,
      register,
      value,
      area,
    });
    const maximum = reading.maximumAccelerations[index];
    const changes = differences(role, joint, image, maximum, gains?.[joint]).map((difference) =>
      change(difference.register, difference.value, difference.area),
    );
    if (role === "leader" && image.value("torque_enable") !== 0) {
      changes.unshift(change("torque_enable", 0, "ram"));
    }
    return changes;
  });
}
