/** What the loop tells of its ports: which one sets its rate, and for which one hold_after_ms is too short. */
import { tooSlow } from "../../arm/checks/too-slow.ts";
import type { ArmIdentity } from "../../arm/identity.ts";
import type { RoundTrip } from "../../feetech/round-trip.ts";
import type { Clock } from "../../linux/clock.ts";
import type { Alarms } from "../monitoring/alarms.ts";
import type { Pacer } from "./pacer.ts";

/** A rate this much below the configured one is told, … */
const SLOW_BELOW = 0.9;
/** … and its end when it is this much of it again. */
const FAST_FROM = 0.95;

/** One late reply is no slow port: it must have been one for so long, µs. */
const BELIEVED_AFTER_US = 2_000_000;

/** An arm behind a port. */
export interface PortedArm {
  readonly arm: ArmIdentity;
  readonly bus: { readonly roundTrip: RoundTrip };
}

/** What they are told with. */
export interface PortAlarmsContext {
  /** The leader's first, where it has a port of ours. */
  readonly monitors: readonly PortedArm[];
  readonly alarms: Alarms;
  readonly clock: Clock;
  readonly rateHz: number;
}

/** Tells it. {@link look} allocates nothing while nothing changes. */
export class PortAlarms {
  readonly #context: PortAlarmsContext;
  readonly #pacer: Pick<Pacer, "slowedToHz">;
  /** Since when each port has been too slow, µs; Infinity while it is not. */
  readonly #tooSlowSinceUs: Float64Array;

  constructor(context: PortAlarmsContext, pacer: Pick<Pacer, "slowedToHz">) {
    this.#context = context;
    this.#pacer = pacer;
    this.#tooSlowSinceUs = new Float64Array(context.monitors.length).fill(Number.POSITIVE_INFINITY);
  }

  /** Raises and clears the alarms. */
  look(): void {
    const { alarms, rateHz } = this.#context;
    const { slowedToHz } = this.#pacer;
    if (slowedToHz < SLOW_BELOW * rateHz) this.#slow(slowedToHz);
    else if (slowedToHz >= FAST_FROM * rateHz) alarms.clear("port.slow");
    this.#lookForTooSlow();
  }

  /** Says it of the arm whose replies take longest. */
  #slow(slowedToHz: number): void {
    const { alarms, monitors, rateHz } = this.#context;
    if (alarms.isActive("port.slow")) return;
    const [first, ...others] = monitors;
    if (first === undefined) return;
    const slowest = others.reduce(
      (slow, each) => (each.bus.roundTrip.smoothedUs > slow.bus.roundTrip.smoothedUs + SAME_US ? each : slow),
      first,
    );
    const ms = toMs(slowest.bus.roundTrip.smoothedUs);
    alarms.raise("port.slow", "info", {
      code: "port.slow",
      arm: slowest.arm,
      roundTripMs: ms,
      rateHz: Math.round(slowedToHz),
      configuredRateHz: rateHz,
    });
  }

  #lookForTooSlow(): void {
    const { alarms, monitors, clock } = this.#context;
    for (let i = 0; i < monitors.length; i++) {
      const { arm, bus } = monitors[i]!;
      if (bus.roundTrip.isWaitedFor) {
        this.#tooSlowSinceUs[i] = Number.POSITIVE_INFINITY;
        continue;
      }
      const nowUs = clock.nowUs();
      this.#tooSlowSinceUs[i] = Math.min(this.#tooSlowSinceUs[i]!, nowUs);
      const name = arm.role === "leader" ? "port.too-slow.leader" : "port.too-slow.follower";
      if (nowUs - this.#tooSlowSinceUs[i]! < BELIEVED_AFTER_US || alarms.isActive(name)) continue;
      alarms.raise(name, "warning", tooSlow(arm, bus.roundTrip));
    }
  }
}

/** Two ports so close together are equally slow; then it is the leader's that is waited for. */
const SAME_US = 1_000;

function toMs(us: number): number {
  return Math.round(us / 100) / 10;
}
