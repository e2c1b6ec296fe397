/** Tells of error bits that servos report while they are being used: each once for as long as it lasts. */
import { errorMeanings } from "../../arm/findings.ts";
import { JOINT_COUNT, type Role } from "../../arm/joints.ts";
import { SERVO_IDS } from "../../arm/read.ts";
import type { Bus } from "../../feetech/bus.ts";
import { type ErrorBitName, namesOfErrorBits } from "../../feetech/registers.ts";
import type { EventCode } from "../codes.ts";
import type { Note } from "../events.ts";
import type { Episodes } from "./alarms.ts";

const codes = {
  voltage: "servo.voltage",
  sensor: "servo.sensor",
  overheat: "servo.overheats",
  overcurrent: "servo.overcurrent",
  overload: "servo.overload",
} as const satisfies Record<ErrorBitName, EventCode>;

/** The error bits of one arm's servos. */
export class ErrorReports {
  readonly #role: Role;
  readonly #bus: Bus;
  readonly #episodes: Episodes;
  /** By joint: the bits that were told and last. */
  readonly #told = new Uint8Array(JOINT_COUNT);

  /** What servos report now has been told by the checks before. */
  constructor(role: Role, bus: Bus, episodes: Episodes) {
    this.#role = role;
    this.#bus = bus;
    this.#episodes = episodes;
    SERVO_IDS.forEach((id, joint) => {
      if (bus.errorBytes[id] !== 0) this.#tell(joint, bus.errorBytes[id]!, true);
    });
  }

  /** Tells what is new and what has ended. Allocates nothing while nothing changes. */
  report(): void {
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const bits = this.#bus.errorBytes[SERVO_IDS[joint]!]!;
      if (bits !== this.#told[joint]) this.#tell(joint, bits);
    }
  }

  #tell(joint: number, bits: number, told = false): void {
    const changed = this.#told[joint]! ^ bits;
    this.#told[joint] = bits;
    const role = this.#role;
    for (let bit = 0; bit < 8; bit++) {
      const mask = 1 << bit;
      if ((changed & mask) === 0) continue;
      const [name] = namesOfErrorBits(mask);
      const what = name === undefined ? `error bit ${mask}` : errorMeanings[name];
      const who = this.#bus.nameOf(SERVO_IDS[joint]!);
      const episode = `${role}.error.${joint}.${bit}`;
      if ((bits & mask) === 0) {
        this.#episodes.end(episode, `${who} no longer reports ${what.replace(/ — .*/, "")}`);
      } else {
        const code = name === undefined ? "servo.error" : codes[name];
        const note: Note = { code, role, message: `${who} reports ${what}` };
        if (told) this.#episodes.note(episode, "warning", note);
        else this.#episodes.begin(episode, "warning", note);
      }
    }
  }
}
