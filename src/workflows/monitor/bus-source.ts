/** An arm on its bus, sampled: from no board at all to six servos that answer. */
import type { Calibration } from "../../arm/calibration/calibration.ts";
import { calibrationInServo } from "../../arm/calibration/in-servos.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import type { ArmConnection } from "../../arm/connection.ts";
import { idOf, JOINTS, type Role } from "../../arm/joints.ts";
import { problemOf } from "../../arm/problem-of.ts";
import { readArm } from "../../arm/servos/read.ts";
import { Telemetry } from "../../arm/servos/telemetry.ts";
import { type ArmChoice, chooseArm } from "../../config/choose-arm.ts";
import type { Bus } from "../../feetech/bus.ts";
import { BusError } from "../../feetech/bus-error.ts";
import type { Audience } from "../../messages/audience.ts";
import { sayProblem } from "../../messages/problems.ts";
import { PortError } from "../../serial/transport.ts";
import { withConnection } from "../arm-session.ts";
import { UsageError } from "../errors.ts";
import type { Operator } from "../operator.ts";
import type { BusFigures, Sample, Source } from "./sample.ts";

/**
 * Does `work` with the arm in a role, or the one on the port that was named, as a source of samples. It only reads.
 * Throws {@link UsageError} when neither is given; {@link ConfigError}; what {@link withConnection} throws.
 */
export async function withSource<T>(
  role: Role | undefined,
  choice: ArmChoice,
  operator: Operator,
  work: (source: Source) => Promise<T>,
): Promise<T> {
  const { calibration, ...subject } = subjectOf(role, choice);
  return withConnection(subject, { access: "read", purpose: "monitor" }, operator, (connection) =>
    work(new BusSource(connection, calibration, operator.audience)),
  );
}

/** What is known of the arm before it is read. */
function subjectOf(role: Role | undefined, choice: ArmChoice) {
  if (role !== undefined) {
    const arm = chooseArm(role, choice);
    const calibration = new CalibrationStore(arm.calibrationDir).loadIfUsable(arm);
    return { arm, port: arm.port, calibration };
  }
  const { port } = choice;
  if (port === undefined) throw new UsageError("say which arm: leader, follower, or --port with a path");
  return { port, calibration: undefined };
}

class BusSource implements Source {
  readonly #connection: ArmConnection;
  readonly #audience: Audience;
  #telemetry: Telemetry | undefined;
  #calibration: Calibration | undefined;

  /** `calibration` is that of its file, where there is one. */
  constructor(connection: ArmConnection, calibration: Calibration | undefined, audience: Audience) {
    this.#connection = connection;
    this.#audience = audience;
    this.#calibration = calibration;
  }

  async sample(): Promise<Sample> {
    const connection = this.#connection;
    const { name } = connection;
    if (connection.bus === undefined) await connection.reach();
    const { bus } = connection;
    if (bus === undefined) {
      this.#telemetry = undefined;
      return { name, joints: JOINTS.map(() => null), trouble: this.#trouble };
    }
    try {
      this.#telemetry ??= new Telemetry(bus);
      const joints = this.#telemetry.read();
      if (joints.every((joint) => joint !== null)) this.#calibration ??= heldIn(bus);
      const trouble = joints.includes(null) ? await this.#whatIsMissing() : undefined;
      return { name, joints, trouble, bus: countedBy(bus), calibration: this.#calibration };
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      await connection.close();
      const trouble = sayProblem(problemOf(error, connection.arm), this.#audience);
      return { name, joints: JOINTS.map(() => null), trouble };
    }
  }

  async #whatIsMissing(): Promise<string | undefined> {
    await this.#connection.reach();
    return this.#trouble;
  }

  get #trouble(): string | undefined {
    const { problem } = this.#connection;
    return problem && sayProblem(problem, this.#audience);
  }
}

/** Without a file the servos know their ranges themselves. */
function heldIn(bus: Bus): Calibration | undefined {
  try {
    const { images } = readArm(bus);
    if (images.includes(null)) return undefined;
    const held = JOINTS.map((joint, index) => [joint, calibrationInServo(joint, images[index]!)]);
    return Object.fromEntries(held) as Calibration;
  } catch (error) {
    if (error instanceof BusError) return undefined;
    throw error;
  }
}

function countedBy({ counters }: Bus): BusFigures {
  return {
    timeouts: counters.total("timeout"),
    corrupted: counters.total("corrupted"),
    noiseBytes: counters.noiseBytes,
    lost: JOINTS.map((joint) => counters.misses(idOf(joint))),
  };
}
