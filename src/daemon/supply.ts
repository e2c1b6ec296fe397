/** Says when the Raspberry Pi itself gets too little voltage, and that this is the likely cause of what else goes wrong. */
import { isUnderVoltage, underVoltageAlarm } from "../host/power.ts";
import type { EventCode } from "../teleop/codes.ts";
import type { Notice, Tell } from "../teleop/events.ts";

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

/** A teleoperation's events with what the supply has to do with them. */
export interface SupplyWatch {
  readonly tell: Tell;
  stop(): void;
}

/** Watches the supply, where the machine can tell, and passes events on to `tell`. */
export function watchSupply(tell: Tell): SupplyWatch {
  const alarm = underVoltageAlarm();
  if (alarm === undefined) return { tell, stop: () => {} };
  let lastLowMs = Number.NEGATIVE_INFINITY;
  let isLow = false;
  const look = () => {
    const wasLow = isLow;
    isLow = isUnderVoltage(alarm);
    if (isLow) lastLowMs = performance.now();
    if (isLow !== wasLow) tell(isLow ? begins : ends);
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    tell(event) {
      if (!("code" in event) || !CONSEQUENCES.has(event.code)) {
        tell(event);
        return;
      }
      look();
      const suspect = performance.now() - lastLowMs < SUSPECT_FOR_MS ? LIKELY_CAUSE : "";
      tell(
        "why" in event
          ? { ...event, why: event.why + suspect }
          : { ...event, message: event.message + suspect },
      );
    },
    stop: () => clearInterval(timer),
  };
}

const LIKELY_CAUSE =
  " (the Raspberry Pi got too little voltage at the same moment: its supply is the likely cause)";

const low = { kind: "notice", code: "supply.under-voltage", episode: "host.under-voltage" } as const;
const begins: Notice = {
  ...low,
  severity: "warning",
  message:
    "the Raspberry Pi gets too little voltage — use its own supply of 5.1 V and 2.5 A or more, and a short thick cable",
};
const ends: Notice = {
  ...low,
  severity: "info",
  message: "the Raspberry Pi gets enough voltage again",
  over: true,
};
