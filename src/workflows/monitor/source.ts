/** Where samples of an arm come from: its bus, or the service that has it. */
import type { Calibration } from "../../arm/calibration/calibration.ts";
import { calibrationInServo } from "../../arm/calibration/in-servos.ts";
import type { ArmConnection } from "../../arm/connection.ts";
import { idOf, JOINTS } from "../../arm/joints.ts";
import { readArm } from "../../arm/read.ts";
import { Telemetry } from "../../arm/telemetry.ts";
import type { BusFigures, Sample } from "../../cli/monitor/sample.ts";
import { type Bus, BusError } from "../../feetech/bus.ts";
import { PortError } from "../../serial/transport.ts";

/** Gives samples of an arm. */
export interface Source {
  /** How the arm is now. */
  sample(): Promise<Sample>;
}

/** What is known of an arm before it is read. */
export interface Subject {
  readonly name: string;
  readonly port: string;
  /** By its file; undefined where there is none to be had. */
  readonly calibration: Calibration | undefined;
}

/** An arm on its bus, from no board at all to six servos that answer. */
export class BusSource implements Source {
  readonly #link: ArmConnection;
  readonly #name: string;
  #telemetry: Telemetry | undefined;
  #calibration: Calibration | undefined;

  constructor(link: ArmConnection, { name, calibration }: Subject) {
    this.#link = link;
    this.#name = name;
    this.#calibration = calibration;
  }

  async sample(): Promise<Sample> {
    if (this.#link.bus === undefined) await this.#link.reach();
    const { bus } = this.#link;
    const name = this.#name;
    if (bus === undefined) {
      this.#telemetry = undefined;
      return { name, joints: JOINTS.map(() => null), trouble: this.#link.trouble };
    }
    try {
      this.#telemetry ??= new Telemetry(bus);
      const joints = this.#telemetry.read();
      if (joints.every((joint) => joint !== null)) this.#calibration ??= heldIn(bus);
      const trouble = joints.includes(null) ? await this.#whatIsMissing() : undefined;
      return { name, joints, trouble, bus: countedBy(bus), calibration: this.#calibration };
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      await this.#link.close();
      return { name, joints: JOINTS.map(() => null), trouble: `${name}: ${error.message}` };
    }
  }

  async #whatIsMissing(): Promise<string | undefined> {
    await this.#link.reach();
    return this.#link.trouble;
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
    lost: JOINTS.map((joint) => {
      const id = idOf(joint);
      return counters.of(id, "timeout") + counters.of(id, "corrupted");
    }),
  };
}
