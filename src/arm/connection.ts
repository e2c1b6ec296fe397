/** One arm's port and bus: opening it, finding out who answers and what is missing. */

import type { BusAccess } from "../feetech/access.ts";
import { Bus } from "../feetech/bus.ts";
import { BusCounters } from "../feetech/counters.ts";
import { BAUD_RATES } from "../feetech/registers.ts";
import { ReadRequest, spanOf } from "../feetech/requests.ts";
import { type Clock, systemClock } from "../linux/clock.ts";
import { TtyBinding } from "../serial/binding.ts";
import { PortError, type Transport } from "../serial/transport.ts";
import { missingJoints } from "./checks/answers.ts";
import { type ArmIdentity, nameOfArm } from "./identity.ts";
import { JOINTS, type JointName, nameWithId } from "./joints.ts";
import { type ArmProblem, jointWithId, type Remedy } from "./problem.ts";
import { problemOf } from "./problem-of.ts";
import { SERVO_IDS } from "./servos/read.ts";

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
  /** Whose it is; undefined on a port that belongs to nobody yet. */
  readonly arm: ArmIdentity | undefined;
  /** How messages name the arm: `leader "my_leader"`; `arm on /dev/ttyACM0` where it is nobody's. */
  readonly name: string;
  /** The path of the arm's port. */
  readonly path: string;

  readonly #access: BusAccess;
  readonly #ports: ArmPorts;
  #problem: ArmProblem | undefined;
  #port: ArmPort | undefined;
  #bus: Bus | undefined;
  #deniedSinceUs: number | undefined;
  /** How often the board has appeared, and whether it was away since it was opened last. */
  #appearances = 0;
  #wasAway = true;
  readonly #facts = new ReadRequest(SERVO_IDS, spanOf("torque_enable", "present_current"));
  readonly #counters = new BusCounters();

  /** `access` is what may be done to the arm's servos through {@link bus}. */
  constructor(arm: ArmIdentity | undefined, path: string, access: BusAccess, ports: ArmPorts = systemPorts) {
    this.arm = arm && { role: arm.role, id: arm.id };
    this.name = arm === undefined ? `arm on ${path}` : nameOfArm(arm);
    this.path = path;
    this.#access = access;
    this.#ports = ports;
  }

  /** What all six servos said of themselves when {@link reach} found them: `torque_enable` to `present_current`. */
  get facts(): ReadRequest {
    return this.#facts;
  }

  /** What keeps the arm from being used, as {@link reach} found it last; undefined when all six servos answered. */
  get problem(): ArmProblem | undefined {
    return this.#problem;
  }

  /** The bus while the port is open. */
  get bus(): Bus | undefined {
    return this.#bus;
  }

  /**
   * Opens the port where it is not open and asks all six servos; {@link problem} is then what is missing. Never
   * rejects for anything that a person or time can put right.
   */
  async reach(): Promise<void> {
    try {
      await this.#open();
      this.#problem = this.#whoIsMissing();
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      await this.fail(error);
      this.#problem = this.#problemOf(error);
    }
  }

  /** The node of the board: another one each time that it appears, though its path is the same. */
  get node(): string {
    return `${this.path} ${this.#appearances}`;
  }

  /** Gives the port up for what it has failed with. */
  async fail({ trouble }: PortError): Promise<void> {
    if (trouble === "missing" || trouble === "lost") this.#wasAway = true;
    await this.close();
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
    if (this.#wasAway) this.#appearances++;
    this.#wasAway = false;
    this.#bus = new Bus(this.#port.transport, {
      clock: this.#ports.clock,
      access: this.#access,
      counters: this.#counters,
      nameOf: (id) => `${nameOfServo(id)} of ${this.name}`,
    });
    this.#deniedSinceUs = undefined;
  }

  #whoIsMissing(): ArmProblem | undefined {
    const bus = this.#bus!;
    if (bus.exchange(this.#facts)) return undefined;
    const { arm, path } = this;
    // One loose lead may keep the others from taking their turn in a joint read: ask each alone.
    const { damaged, missing } = this.#askEach(bus);
    if (damaged.length > 0) {
      const silent = missing.filter((joint) => !damaged.includes(joint));
      // Two servos with one id talk at once; the joint that does not answer at all has the one with the wrong id.
      const remedy: Remedy =
        silent[0] === undefined ? { do: "check leads" } : { do: "give id", joint: silent[0] };
      return { code: "bus.damaged", arm, path, joints: damaged, silent, remedies: [remedy] };
    }
    if (missing.length > 0) return missingJoints(missing, { arm, path });
    if (bus.exchange(this.#facts)) return undefined;
    return { code: "bus.damaged", arm, path, joints: [], silent: [], remedies: [{ do: "check leads" }] };
  }

  /** The joints that do not answer when asked alone, and those of them whose replies arrive damaged each time. */
  #askEach(bus: Bus) {
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
    return { damaged, missing };
  }

  #problemOf(error: PortError): ArmProblem {
    const problem = problemOf(error, this.arm);
    // A board that went away while it was opened is one that is not there.
    if (problem.code === "board.missing") return { code: "board.missing", arm: this.arm, path: this.path };
    if (problem.code !== "port.denied") return problem;
    const nowUs = this.#ports.clock.nowUs();
    this.#deniedSinceUs ??= nowUs;
    return nowUs - this.#deniedSinceUs < BELIEVE_DENIED_AFTER_US ? { ...problem, fresh: true } : problem;
  }
}

/** An arm that is not set up yet may have servos of any id. */
function nameOfServo(id: number): string {
  const joint = jointWithId(id);
  return joint === undefined ? `servo ${id}` : nameWithId(joint);
}
