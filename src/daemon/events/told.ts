/** An event in words, as every sink of the service gets it: the log, the screen, systemd, the history. */
import type { StatedReason } from "../../api/protocol.ts";
import type { Calibration } from "../../arm/calibration/calibration.ts";
import type { Role } from "../../arm/joints.ts";
import { remediesOf } from "../../arm/remedy.ts";
import type { Audience } from "../../messages/audience.ts";
import { type Hint, sayHint } from "../../messages/hints.ts";
import { sayProblem, sayReasons } from "../../messages/problems.ts";
import { sayEnd, sayLeft } from "../../messages/teleop.ts";
import { formatCode } from "../../teleop/reporting/codes.ts";
import type { AlarmChange, ControlEvent, Severity } from "../../teleop/reporting/events.ts";
import type { Problem } from "../../teleop/reporting/problem.ts";
import type { PairState } from "../../teleop/state/states.ts";

/** What of an event is about something. */
interface About {
  /** As {@link formatCode} writes it. */
  readonly code: string;
  /** The arm that it is about, where it is about one. */
  readonly role?: Role;
}

/** An event in words. */
export type ToldEvent =
  | ({
      readonly kind: "state";
      readonly from: PairState | undefined;
      readonly to: PairState;
      readonly why: string;
      readonly reasons: readonly StatedReason[];
      /** Not for people: one of many, which are counted. */
      readonly quiet?: true;
    } & About)
  /** The state stays, for another reason. */
  | ({ readonly kind: "reason"; readonly why: string; readonly reasons: readonly StatedReason[] } & About)
  | ({
      readonly kind: "notice";
      readonly severity: Severity;
      readonly message: string;
      /** The alarm that this raises or clears. */
      readonly alarm?: string;
      readonly cleared?: true;
      /** Not for people. */
      readonly quiet?: true;
    } & About)
  | { readonly kind: "calibration"; readonly role: Role; readonly calibration: Calibration }
  | Extract<ControlEvent, { readonly kind: "epoch" | "drive" }>
  | { readonly kind: "stopped"; readonly how: string };

/** Takes events in words. */
export type ToldSink = (event: ToldEvent) => void;

/** Puts an event into words for whoever reads, with what else is known of its cause. */
export function tell(event: ControlEvent, hints: readonly Hint[], audience: Audience): ToldEvent {
  const say = (problem: Problem) => sayProblem(problem, audience);
  const hinted = (text: string) => text + hints.map((hint) => sayHint(hint, audience)).join("");
  switch (event.kind) {
    case "epoch":
    case "drive":
      return event;
    case "state":
    case "reasons": {
      const why = hinted(sayReasons(event.reasons, audience));
      const [first] = event.reasons;
      const about = first === undefined ? { code: "" } : aboutOf(first);
      const reasons = event.reasons.map((reason) => ({
        code: aboutOf(reason).code,
        cures: remediesOf(reason),
      }));
      if (event.kind === "reasons") return { kind: "reason", why, reasons, ...about };
      const { from, to } = event;
      return { kind: "state", from, to, why, reasons, ...about };
    }
    case "notice":
      return {
        kind: "notice",
        severity: event.severity,
        message: hinted(say(event.problem)),
        ...aboutOf(event.problem),
      };
    case "alarm":
      return tellAlarm(event, say, hinted);
    case "calibration":
      return event;
    case "stopped":
      return { kind: "stopped", how: sayLeft(event.left) };
  }
}

function tellAlarm(
  event: AlarmChange,
  say: (problem: Problem) => string,
  hinted: (text: string) => string,
): ToldEvent {
  const { name, severity, problem, quiet, untold, change } = event;
  const alarm = { kind: "notice", severity, alarm: name, ...aboutOf(problem) } as const;
  if (change === "cleared") {
    const end = sayEnd(problem);
    const message = end ?? say(problem);
    const isQuiet = quiet || end === undefined;
    return { ...alarm, cleared: true, message, ...(isQuiet && { quiet: true }) };
  }
  const again = untold === undefined ? "" : ` (${untold} more times since it was told last)`;
  return { ...alarm, message: hinted(say(problem)) + again, ...(quiet && { quiet }) };
}

function aboutOf({ code, arm }: Problem): About {
  return arm === undefined
    ? { code: formatCode(code) }
    : { code: formatCode(code, arm.role), role: arm.role };
}
