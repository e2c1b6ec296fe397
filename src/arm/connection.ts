/** One arm's port and bus: opening it, finding out who answers, and saying what is missing. */

import { Bus, type BusAccess } from "../feetech/bus.ts";
import { BusCounters } from "../feetech/counters.ts";
import { BAUD_RATES } from "../feetech/registers.ts";
import { ReadRequest, spanOf } from "../feetech/requests.ts";
import { type Clock, systemClock } from "../linux/clock.ts";
import { TtyBinding } from "../serial/binding.ts";
import { PortError, type Transport } from "../serial/transport.ts";
import { missingJoints } from "./findings.ts";
import { JOINTS, type JointName, nameWithId } from "./joints.ts";
import { SERVO_IDS } from "./read.ts";

/** What keeps an arm from being used: its port, as in {@link PortTrouble}, or who answers on it. */
export type ConnectionTrouble =
  | "missing"
  | "denied"
  | "in use"
  | "unusable"
  | "silent"
  | "missing joints"
  | "damaged";

/** Where an arm is and whose calibration it has. */
export interface ArmSettings {
  /** The path of its serial port; it may be a link, and need not exist yet. */
  readonly port: string;
  /** LeRobot's id of the arm: the name of its calibration file. */
  readonly id: string;
}

/** A port that is open. */
export interface ArmPort {
  readonly transport: Transport;
  /** Sets the speed of the line, in baud. Throws {@link PortError}. */
  setBaudRate(baudRate: number): void;
  /** Gives the port up; a second call does nothing. */
  close(): Promise<void>;
}

/** How an arm's port is opened, and the clock that everything on it goes by. */
export interface ArmPorts {
  /** Opens the port at a path. Rejects with a {@link PortError}. */
  open(path: string, baudRate: number): Promise<ArmPort>;
  readonly clock: Clock;
}

/** The machine's own ports. */
export const systemPorts: ArmPorts = {
  clock: systemClock,
  async open(path, baudRate) {
    const port = await TtyBinding.open({ path, baudRate });
    return {
      transport: port.tty,
      setBaudRate: (rate) => port.tty.setBaudRate(rate),
      close: async () => {
        if (port.isOpen) await port.close();
      },
    };
  },
};

/** Right after a board appears its node may not have its group yet: refusals are believed after this long. */
const BELIEVE_DENIED_AFTER_US = 1_500_000;

/** One servo that is there answers within 2 ms; five that are not must not take long to find out. */
const ALONE_TIMEOUT_US = 10_000;

/** The connection to one arm, from no board at all to six servos that answer. */
export class ArmConnection {
  /** How messages name the arm: `leader "my_leader"`. */
  readonly name: string;
  /** The path of the arm's port. */
  readonly path: string;
  /** Why the arm cannot be used now, for the person who can change it; undefined when all six servos answer. */
  trouble: string | undefined;
  /** Of which kind {@link trouble} is; undefined when all six servos answer. */
  troubleKind: ConnectionTrouble | undefined;
  /** What is wrong with the port itself, where {@link trouble} is about that; undefined once the port is open. */
  portError: PortError | undefined;

  readonly #access: BusAccess;
  readonly #ports: ArmPorts;
  #port: ArmPort | undefined;
  #bus: Bus | undefined;
  #deniedSinceUs: number | undefined;
  readonly #facts = new ReadRequest(SERVO_IDS, spanOf("torque_enable", "present_current"));
  readonly #counters = new BusCounters();

  /** `access` is what may be done to the arm's servos through {@link bus}. */
  constructor(name: string, path: string, access: BusAccess, ports: ArmPorts = systemPorts) {
    this.name = name;
    this.path = path;
    this.#access = access;
    this.#ports = ports;
  }

  /** What all six servos said of themselves when {@link reach} found them: `torque_enable` to `present_current`. */
  get facts(): ReadRequest {
    return this.#facts;
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
      this.portError = undefined;
      this.troubleKind = undefined;
      this.trouble = this.#whoIsMissing();
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      await this.close();
      this.portError = error;
      this.troubleKind = kindOf(error);
      this.trouble = this.#explain(error);
    }
  }

  /** Sets the speed of an open port, in baud; it is opened at that of a servo that is set up. Throws {@link PortError}. */
  setBaudRate(baudRate: number): void {
    this.#port?.setBaudRate(baudRate);
  }

  /** Gives the port up. */
  async close(): Promise<void> {
    const port = this.#port;
    this.#port = undefined;
    this.#bus = undefined;
    await port?.close();
  }

  /** True when this arm's port is the one that an error is about. */
  owns(error: PortError): boolean {
    return error.path === this.path;
  }

  async #open(): Promise<void> {
    if (this.#port !== undefined) return;
    this.#port = await this.#ports.open(this.path, BAUD_RATES[0]);
    this.#bus = new Bus(this.#port.transport, {
      clock: this.#ports.clock,
      access: this.#access,
      counters: this.#counters,
      nameOf: (id) => `${nameOfServo(id)} of ${this.name}`,
    });
    this.#deniedSinceUs = undefined;
  }

  #whoIsMissing(): string | undefined {
    const bus = this.#bus!;
    if (bus.exchange(this.#facts)) return undefined;
    // One loose lead may keep the others from taking their turn in a joint read: ask each alone.
    const damaged: JointName[] = [];
    const missing = JOINTS.filter((joint, index) => {
      const id = SERVO_IDS[index]!;
      const alone = new ReadRequest([id], spanOf("present_position"));
      // What two servos say at once is seldom so much as a packet with a wrong checksum.
      const garbled = () => bus.counters.of(id, "corrupted") + bus.counters.noiseBytes;
      const before = garbled();
      if (bus.exchange(alone, ALONE_TIMEOUT_US)) return false;
      const between = garbled();
      if (bus.exchange(alone, ALONE_TIMEOUT_US)) return false;
      if (between > before && garbled() > between) damaged.push(joint);
      return true;
    });
    this.troubleKind = "damaged";
    if (damaged.length > 0) return damagedReplies(this.name, damaged, missing);
    this.troubleKind = missing.length === JOINTS.length ? "silent" : "missing joints";
    if (missing.length === JOINTS.length) {
      return (
        `${this.name}: there is a board at ${this.path}, but no servo answers — switch the arm's power on; ` +
        "if it is on, check the lead between the board and shoulder_pan, and that this is the arm's port"
      );
    }
    if (missing.length > 0) return missingJoints(this.name, missing);
    if (bus.exchange(this.#facts)) {
      this.troubleKind = undefined;
      return undefined;
    }
    this.troubleKind = "damaged";
    return `${this.name}: its servos answer one by one but not together — check the leads and the plugs`;
  }

  #explain(error: PortError): string {
    if (error.trouble === "missing" || error.trouble === "lost") {
      return `${this.name}: ${this.path} is not there — plug in the arm's USB board`;
    }
    if (error.trouble === "denied") {
      const nowUs = this.#ports.clock.nowUs();
      this.#deniedSinceUs ??= nowUs;
      if (nowUs - this.#deniedSinceUs < BELIEVE_DENIED_AFTER_US) {
        return `${this.name}: ${this.path} is not accessible yet`;
      }
    }
    return `${this.name}: ${error.message}`;
  }
}

function kindOf({ trouble }: PortError): ConnectionTrouble {
  if (trouble === "lost") return "missing";
  return trouble === "missing" || trouble === "denied" || trouble === "in use" ? trouble : "unusable";
}

/** An arm that is not set up yet may have servos of any id. */
function nameOfServo(id: number): string {
  const joint = JOINTS[SERVO_IDS.indexOf(id)];
  return joint === undefined ? `servo ${id}` : nameWithId(joint);
}

/**
 * Says that what comes from joints is garbled, each time it was asked: two servos with one id talk at once. The joint
 * that does not answer at all is then the one whose servo has the wrong id.
 */
function damagedReplies(name: string, damaged: readonly JointName[], missing: readonly JointName[]): string {
  const silent = missing.filter((joint) => !damaged.includes(joint));
  const all = damaged.map(nameWithId).join(", ");
  if (silent.length === 0) {
    return `${name}: the replies of ${all} arrive damaged — check the leads and the plugs; two servos may have one id`;
  }
  return (
    `${name}: the replies of ${all} arrive damaged, and ${silent.map(nameWithId).join(", ")} does not answer — ` +
    `two servos probably have one id: give ${silent[0]}'s its own with "so101 setup-motors --joint ${silent[0]}"`
  );
}
