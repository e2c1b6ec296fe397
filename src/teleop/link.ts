/** One arm's port and bus: opening it, finding out who answers, and saying what is missing. */

import { missingJoints, nameOfArm } from "../arm/findings.ts";
import { JOINTS, nameWithId, type Role } from "../arm/joints.ts";
import { positionsRead, SERVO_IDS } from "../arm/read.ts";
import { Bus } from "../feetech/bus.ts";
import { BusCounters } from "../feetech/counters.ts";
import { BAUD_RATES } from "../feetech/registers.ts";
import { BlockRead, blockOf } from "../feetech/sync.ts";
import { TtyBinding, type TtyBindingPort } from "../serial/binding.ts";
import { nowUs } from "../serial/clock.ts";
import { PortError } from "../serial/wire.ts";
import type { ArmSettings } from "./settings.ts";

/** Right after a board appears its node may not have its group yet: refusals are believed after this long. */
const BELIEVE_DENIED_AFTER_US = 1_500_000;

/** One servo that is there answers within 2 ms; five that are not must not take long to find out. */
const ALONE_TIMEOUT_US = 10_000;

/** The connection to one arm, from no board at all to six servos that answer. */
export class ArmLink {
  readonly role: Role;
  readonly settings: ArmSettings;
  /** How messages name the arm: `leader "my_leader"`. */
  readonly name: string;
  /** Why the arm cannot be used now, for the person who can change it; undefined when all six servos answer. */
  trouble: string | undefined;

  #port: TtyBindingPort | undefined;
  #bus: Bus | undefined;
  #deniedSinceUs: number | undefined;
  readonly #positions = positionsRead();
  readonly #counters = new BusCounters();

  constructor(role: Role, settings: ArmSettings) {
    this.role = role;
    this.settings = settings;
    this.name = nameOfArm({ role, id: settings.id });
  }

  /** The bus while the port is open. */
  get bus(): Bus | undefined {
    return this.#bus;
  }

  /**
   * Opens the port where it is not open and asks all six servos; {@link trouble} then says what is missing. Never
   * rejects for anything that a person or time can mend.
   */
  async reach(): Promise<void> {
    try {
      await this.#open();
      this.trouble = this.#whoIsMissing();
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      await this.close();
      this.trouble = this.#explain(error);
    }
  }

  /** Gives the port up. */
  async close(): Promise<void> {
    const port = this.#port;
    this.#port = undefined;
    this.#bus = undefined;
    if (port?.isOpen) await port.close();
  }

  /** True when this arm's port is the one that an error is about. */
  owns(error: PortError): boolean {
    return error.path === this.settings.port;
  }

  async #open(): Promise<void> {
    if (this.#port !== undefined) return;
    this.#port = await TtyBinding.open({ path: this.settings.port, baudRate: BAUD_RATES[0] });
    this.#bus = new Bus(this.#port.tty, {
      mayEnergise: this.role === "follower",
      counters: this.#counters,
      nameOf: (id) => `${nameWithId(JOINTS[SERVO_IDS.indexOf(id)]!)} of ${this.name}`,
    });
    this.#deniedSinceUs = undefined;
  }

  #whoIsMissing(): string | undefined {
    const bus = this.#bus!;
    if (bus.exchange(this.#positions)) return undefined;
    if (this.#positions.answered === 0) {
      return (
        `${this.name}: no servo answers on ${this.settings.port} — is the arm's power on, ` +
        "and is this the port of an SO-101 arm?"
      );
    }
    // One loose lead may keep the others from taking their turn in a joint read: ask each alone.
    const missing = JOINTS.filter((_, joint) => {
      const alone = new BlockRead([SERVO_IDS[joint]!], blockOf("present_position"));
      return !bus.exchange(alone, ALONE_TIMEOUT_US) && !bus.exchange(alone, ALONE_TIMEOUT_US);
    });
    if (missing.length > 0) return missingJoints(this.name, missing);
    if (bus.exchange(this.#positions)) return undefined;
    return `${this.name}: its servos answer one by one but not together — check the leads and the plugs`;
  }

  #explain(error: PortError): string {
    if (error.trouble === "missing" || error.trouble === "lost") {
      return `${this.name}: ${this.settings.port} is not there — plug in the arm's USB board`;
    }
    if (error.trouble === "denied") {
      this.#deniedSinceUs ??= nowUs();
      if (nowUs() - this.#deniedSinceUs < BELIEVE_DENIED_AFTER_US) {
        return `${this.name}: ${this.settings.port} is not accessible yet`;
      }
    }
    return `${this.name}: ${error.message}`;
  }
}
