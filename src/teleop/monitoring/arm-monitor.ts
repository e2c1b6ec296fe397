/** What is known of one connected arm beside its positions: figures published and judged, errors told, counts. */
import type { Role } from "../../arm/joints.ts";
import type { Bus } from "../../feetech/bus.ts";
import type { SharedState } from "../shared/state.ts";
import type { Episodes } from "./alarms.ts";
import { ErrorReports } from "./error-bits.ts";
import { type FiguresSink, figuresOf, publishBus } from "./figures.ts";
import { type HealthLimits, ownTemperatureLimits, Vitals } from "./vitals.ts";

/** Watches one arm from when it was checked and configured until it is lost. */
export class ArmWatch {
  readonly role: Role;
  readonly name: string;
  readonly bus: Bus;
  readonly vitals: Vitals;
  /** Takes in the figures of the arm's servos. */
  readonly figures: FiguresSink;
  readonly #errors: ErrorReports;
  readonly #shared: SharedState;

  /** Reads the servos' own limits: throws {@link BusError}, {@link PortError}. */
  constructor(
    arm: { readonly role: Role; readonly name: string; readonly bus: Bus },
    limits: HealthLimits,
    shared: SharedState,
    episodes: Episodes,
  ) {
    const { role, name, bus } = arm;
    this.role = role;
    this.name = name;
    this.bus = bus;
    this.vitals = new Vitals(arm, limits, ownTemperatureLimits(bus), episodes);
    this.figures = figuresOf(role, bus, shared, this.vitals);
    this.#errors = new ErrorReports(role, bus, episodes);
    this.#shared = shared;
  }

  /** Tells what is new of the servos' errors. Allocates nothing while nothing is. */
  report(): void {
    this.#errors.report();
  }

  /** Publishes what the bus has counted. Allocates nothing. */
  publish(): void {
    publishBus(this.role, this.bus, this.#shared);
  }
}
