/** Raises an alarm when the Raspberry Pi itself gets too little voltage, the likely cause of what else goes wrong. */
import { isUnderVoltage, underVoltageAlarm } from "../../host/power.ts";
import type { Hint } from "../../messages/hints.ts";
import type { EventCode } from "../../teleop/reporting/codes.ts";
import type { ControlEvent, EventSink } from "../../teleop/reporting/events.ts";
import { codesOf } from "./about.ts";

const LOOK_EVERY_MS = 1_000;
/** What happens within so long of an under-voltage may come of it. */
const SUSPECT_FOR_MS = 10_000;

/** What a weak supply of the Raspberry Pi does to the boards on its USB, and arms that hang on the same supply. */
const CONSEQUENCES: ReadonlySet<EventCode> = new Set([
  "board.missing",
  "port.failed",
  "bus.silent",
  "bus.failed",
  "servo.reset",
  "servo.silent",
  "servo.voltage",
  "supply.sags",
] satisfies EventCode[]);

/** Watches the supply. */
export interface SupplyWatch {
  /** What the supply has to do with an event. */
  hintsFor(event: ControlEvent): Hint[];
  stop(): void;
}

/** Watches the supply, where the machine can tell. */
export function watchSupply(sink: EventSink): SupplyWatch {
  const file = underVoltageAlarm();
  if (file === undefined) return { hintsFor: () => [], stop: () => {} };
  let lastLowMs = Number.NEGATIVE_INFINITY;
  let isLow = false;
  const look = () => {
    const wasLow = isLow;
    isLow = isUnderVoltage(file);
    if (isLow) lastLowMs = performance.now();
    if (isLow === wasLow) return;
    const alarm = {
      kind: "alarm",
      name: "host.under-voltage",
      problem: { code: "supply.under-voltage" },
    } as const;
    sink(
      isLow
        ? { ...alarm, change: "raised", severity: "warning" }
        : { ...alarm, change: "cleared", severity: "info" },
    );
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    hintsFor(event) {
      if (!codesOf(event).some((code) => CONSEQUENCES.has(code))) return [];
      look();
      return performance.now() - lastLowMs < SUSPECT_FOR_MS ? [{ is: "under-voltage" }] : [];
    },
    stop: () => clearInterval(timer),
  };
}
