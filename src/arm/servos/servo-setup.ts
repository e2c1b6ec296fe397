/** Giving servos their ids: finding the one that is connected, at whatever id and speed, and making it a joint's. */
import type { Bus } from "../../feetech/bus.ts";
import { EEPROM_SETTLE_US, EepromError } from "../../feetech/eeprom.ts";
import { BAUD_RATES } from "../../feetech/registers.ts";
import { ReadRequest, spanOf } from "../../feetech/requests.ts";
import { sleepForUs } from "../../linux/clock.ts";
import { PortError } from "../../serial/transport.ts";
import { idOf, type JointName } from "../joints.ts";
import { isArmModel } from "./models.ts";

/** A port whose speed can be changed, and the bus on it. */
export interface ServoLine {
  readonly bus: Bus;
  /** Bits a second. */
  setBaudRate(baudRate: number): void;
}

/** A servo that was found alone on its line. */
export interface FoundServo {
  readonly id: number;
  readonly baudRate: number;
  readonly model: number;
}

/** Why no single servo could be found. */
export type SearchTrouble =
  /** Nothing answers at any speed. */
  | { readonly kind: "none" }
  /** Several answer. */
  | { readonly kind: "several"; readonly ids: readonly number[] }
  /** What answers is garbled: two servos have one id. */
  | { readonly kind: "garbled"; readonly ids: readonly number[] };

/** How a servo is made a joint's. */
export interface ServoSetup {
  /** False when it had the id and the speed already: nothing was written. */
  readonly changed: boolean;
}

/** Every servo's data that differ from another's: where it stands, what it feels. */
const OWN_BLOCK = spanOf("present_position", "present_current");

/** Two servos may happen to say the same once, and one may be missed once. */
const LOOKS = 4;
const LOOKS_THAT_MAY_FAIL = 1;

/**
 * Finds the one servo on a line, at any speed and id, in steps of some 0.1 s; the line is left at its speed.
 * Throws {@link BusError} when it stops answering meanwhile, {@link PortError}.
 */
export function* findServo(line: ServoLine): Generator<void, FoundServo | SearchTrouble> {
  const found: { id: number; baudRate: number }[] = [];
  for (const baudRate of BAUD_RATES) {
    if (!trySpeed(line, baudRate)) continue;
    const { ids, garbled } = line.bus.pingAll();
    if (garbled || new Set(ids).size < ids.length) return { kind: "garbled", ids: [...new Set(ids)] };
    found.push(...ids.map((id) => ({ id, baudRate })));
    yield;
  }
  const [only, ...others] = found;
  if (only === undefined) return { kind: "none" };
  if (others.length > 0) return { kind: "several", ids: found.map(({ id }) => id) };
  line.setBaudRate(only.baudRate);
  if (hasTwin(line.bus, only.id)) return { kind: "garbled", ids: [only.id] };
  return { ...only, model: line.bus.read(only.id, "model_number") };
}

/** Sets the speed of a line; false where its board cannot run at it. Throws {@link PortError} for another reason. */
export function trySpeed(line: ServoLine, baudRate: number): boolean {
  try {
    line.setBaudRate(baudRate);
    return true;
  } catch (error) {
    if (error instanceof PortError && error.trouble === "failed") return false;
    throw error;
  }
}

/** Whether two servos answer to one id: their answers to the same question then spoil each other. */
function hasTwin(bus: Bus, id: number): boolean {
  const read = new ReadRequest([id], OWN_BLOCK);
  const looks = Array.from({ length: LOOKS }, () => bus.exchange(read));
  return looks.filter((answered) => !answered).length > LOOKS_THAT_MAY_FAIL;
}

/**
 * Makes the servo that was found the one of a joint: its id, and 1 Mbps. Its torque is switched off first. Only what
 * differs is written. After a crash at any moment {@link findServo} finds the servo again, and this completes it.
 * Throws {@link EepromError} when the servo does not keep its id or speed, {@link BusError}, {@link PortError}.
 */
export function setUpServo(line: ServoLine, servo: FoundServo, joint: JointName): ServoSetup {
  const { bus } = line;
  const id = idOf(joint);
  const [baudRate] = BAUD_RATES;
  if (servo.id === id && servo.baudRate === baudRate) return { changed: false };
  bus.writeRam(servo.id, "torque_enable", 0);
  if (servo.id !== id) {
    bus.writeRam(servo.id, "lock", 0);
    // Whether the old id or the new one acknowledges it is the firmware's choice: the ping tells.
    bus.write(servo.id, "id", id);
    sleepForUs(bus.clock, EEPROM_SETTLE_US);
    if (!bus.ping(id)) throw new EepromError(bus, id, { register: "id", value: id });
    bus.writeRam(id, "lock", 1);
  }
  if (servo.baudRate !== baudRate) {
    bus.writeRam(id, "lock", 0);
    bus.write(id, "baud_rate", 0);
    sleepForUs(bus.clock, EEPROM_SETTLE_US);
    line.setBaudRate(baudRate);
    if (!bus.ping(id)) throw new EepromError(bus, id, { register: "baud_rate", value: 0 });
    bus.writeRam(id, "lock", 1);
  }
  if (bus.read(id, "id") !== id) throw new EepromError(bus, id, { register: "id", value: id });
  if (bus.read(id, "baud_rate") !== 0) throw new EepromError(bus, id, { register: "baud_rate", value: 0 });
  return { changed: true };
}

/** Whether a servo is of a model that an arm can have. */
export function isRightModel({ model }: Pick<FoundServo, "model">): boolean {
  return isArmModel(model);
}
