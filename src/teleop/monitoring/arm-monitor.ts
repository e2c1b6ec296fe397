/** What is known of one connected arm beside its positions: figures published and judged, errors told, counts. */
import type { ArmIdentity } from "../../arm/identity.ts";
import type { Bus } from "../../feetech/bus.ts";
import type { Telemetry } from "../shared/telemetry.ts";
import type { Alarms } from "./alarms.ts";
import { ErrorBitWatch } from "./error-bits.ts";
import { type FiguresSink, figuresOf, publishBus } from "./figures.ts";
import { type HealthLimits, ownTemperatureLimits, Vitals } from "./vitals.ts";

/** Monitors one arm from when it was checked and configured until it is lost. */
export class ArmMonitor {
  readonly arm: ArmIdentity;
  readonly bus: Bus;
  readonly vitals: Vitals;
  /** Takes in the figures of the arm's servos. */
  readonly figures: FiguresSink;
  readonly #errorBits: ErrorBitWatch;
  readonly #telemetry: Telemetry;

  /** Reads the servos' own limits: throws {@link BusError}, {@link PortError}. */
  constructor(arm: ArmIdentity, bus: Bus, limits: HealthLimits, telemetry: Telemetry, alarms: Alarms) {
    this.arm = arm;
    this.bus = bus;
    this.vitals = new Vitals(arm, limits, ownTemperatureLimits(bus), alarms);
    this.figures = figuresOf(arm.role, bus, telemetry, this.vitals);
    this.#errorBits = new ErrorBitWatch(arm, bus, alarms);
    this.#telemetry = telemetry;
  }

  /** Raises and clears the alarms of the servos' errors. Allocates nothing while nothing changes. */
  look(): void {
    this.#errorBits.look();
  }

  /** Publishes what the bus has counted. Allocates nothing. */
  publish(): void {
    publishBus(this.arm.role, this.bus, this.#telemetry);
  }
}
