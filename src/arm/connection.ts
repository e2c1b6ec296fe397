/** One arm's port and bus: opening it, finding out who answers and what is missing. */

import type { BusAccess } from "../feetech/access.ts";
import { Bus } from "../feetech/bus.ts";
import { BusCounters } from "../feetech/counters.ts";
import { BAUD_RATES } from "../feetech/registers.ts";
import { ReadRequest, spanOf } from "../feetech/requests.ts";
import { RoundTrip } from "../feetech/round-trip.ts";
import type { Clock } from "../linux/clock.ts";
import { inSteps } from "../linux/in-steps.ts";
import type { LatencyTimer } from "../serial/latency-timer.ts";
import { PortError, type Transport } from "../serial/transport.ts";
import { type About, type Answers, askAll, problemWith } from "./checks/answers.ts";
import { closerLook } from "./checks/closer-look.ts";
import { tooSlow } from "./checks/too-slow.ts";
import { type ArmIdentity, nameOfArm } from "./identity.ts";
import { jointWithId, nameWithId } from "./joints.ts";
import type { ArmProblem } from "./problem.ts";
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
  /** What holds its replies back, if anything does that could do without. */
  readonly latencyTimer?: LatencyTimer | undefined;
  /** Gives the port up; a second call does nothing. */
  close(): Promise<void>;
}

/** How an arm's port is opened, and the clock that everything on it goes by. */
export interface ArmPorts {
  /** Opens the port at a path. Rejects with a {@link PortError}, or {@link PortAwaited}. */
  open(path: string, baudRate: number): Promise<ArmPort>;
  readonly clock: Clock;
}

/** Whether a port may be opened is being looked up: it is to be tried again soon. */
export class PortAwaited extends Error {
  override readonly name = "PortAwaited";
}

/** Right after a board appears its node may not have its group yet: refusals are believed after this long. */
const BELIEVE_DENIED_AFTER_US = 1_500_000;

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
  readonly #about: About;
  #problem: ArmProblem | undefined;
  #answers: Answers | undefined;
  #port: ArmPort | undefined;
  #bus: Bus | undefined;
  #isAwaited = false;
  #deniedSinceUs: number | undefined;
  /** How often the board has appeared, and whether it was away since it was opened last. */
  #appearances = 0;
  #wasAway = true;
  readonly #facts = new ReadRequest(SERVO_IDS, spanOf("torque_enable", "present_current"));
  readonly #counters = new BusCounters();
  readonly #roundTrip: RoundTrip;
  /** Said in the same figures while it lasts. */
  #tooSlow: ArmProblem | undefined;

  /**
   * `access` is what may be done to the arm's servos through {@link bus}; `roundTrip` learns how long their replies take,
   * and outlives the port.
   */
  constructor(
    arm: ArmIdentity | undefined,
    path: string,
    access: BusAccess,
    ports: ArmPorts,
    roundTrip: RoundTrip = new RoundTrip(),
  ) {
    this.arm = arm && { role: arm.role, id: arm.id };
    this.name = arm === undefined ? `arm on ${path}` : nameOfArm(arm);
    this.path = path;
    this.#about = { arm: this.arm, path };
    this.#access = access;
    this.#ports = ports;
    this.#roundTrip = roundTrip;
  }

  /** What all six servos said of themselves when {@link reach} found them: `torque_enable` to `present_current`. */
  get facts(): ReadRequest {
    return this.#facts;
  }

  /** Whether it was not known, when {@link reach} was called last, if the port may be opened: {@link problem} is older. */
  get isAwaited(): boolean {
    return this.#isAwaited;
  }

  /** What keeps the arm from being used, as {@link reach} found it last; undefined when all six servos answered. */
  get problem(): ArmProblem | undefined {
    return this.#problem;
  }

  /**
   * How the servos answer, where not all do, as {@link reach} found it last: the same object for as long as that is the
   * same. Undefined when all six answer, or none can be asked.
   */
  get answers(): Answers | undefined {
    return this.#answers;
  }

  /** That an adapter holds the replies back, while the port is open and it does. */
  get latencyProblem(): ArmProblem | undefined {
    const timer = this.#port?.latencyTimer;
    return timer && { code: "port.latency-timer", arm: this.arm, path: this.path, ...timer };
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
    this.#isAwaited = false;
    try {
      await this.#open();
      this.#lookAtServos();
    } catch (error) {
      if (error instanceof PortAwaited) {
        this.#isAwaited = true;
        return;
      }
      if (!(error instanceof PortError)) throw error;
      await this.fail(error);
      this.#problem = this.#problemOf(error);
    }
  }

  /**
   * Looks closer at servos that do not answer, as {@link reach} has found: {@link problem} then says more. Takes up to
   * a few seconds, in steps of at most some 0.1 s, between which the line has its speed; nothing where all answer, or
   * the port is not open. Each step throws {@link PortError}.
   */
  *closerLook(): Generator<void, void> {
    const [port, answers] = [this.#port, this.#answers];
    if (port === undefined || answers === undefined) return;
    // Who is asked for and is not there is not to be counted among the replies that were lost.
    const bus = new Bus(port.transport, { clock: this.#ports.clock, access: "read" });
    let baudRate: number = BAUD_RATES[0];
    const setBaudRate = (wanted: number) => {
      if (wanted === baudRate) return;
      baudRate = wanted;
      port.setBaudRate(wanted);
    };
    const look = closerLook({ bus, setBaudRate }, answers, this.#about);
    for (;;) {
      const step = look.next();
      if (this.#port !== port) return;
      setBaudRate(BAUD_RATES[0]);
      if (step.done) {
        if (this.#answers === answers) this.#problem = step.value;
        return;
      }
      yield;
    }
  }

  /** Takes a {@link closerLook} to its end, which may last seconds. Rejects with {@link PortError}. */
  lookCloser(): Promise<void> {
    return inSteps(this.closerLook());
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
    this.#answers = undefined;
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
      roundTrip: this.#roundTrip,
      nameOf: (id) => `${nameOfServo(id)} of ${this.name}`,
    });
    this.#deniedSinceUs = undefined;
  }

  #lookAtServos(): void {
    const bus = this.#bus!;
    const before = this.#answers;
    const lateBefore = bus.counters.total("late");
    this.#answers = askAll(bus, this.#facts, before);
    if (this.#answers === undefined) {
      this.#tooSlow = undefined;
      this.#problem = undefined;
    } else if (bus.counters.total("late") > lateBefore && !bus.roundTrip.isWaitedFor) {
      this.#tooSlow ??= tooSlow(this.arm, bus.roundTrip, this.path);
      this.#problem = this.#tooSlow;
    } else if (this.#answers !== before) {
      // What a closer look has found stays for as long as the same servos do not answer.
      this.#problem = problemWith(this.#answers, this.#about);
    }
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
