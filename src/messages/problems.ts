/** The one place where a problem or an error becomes a sentence for a person. */
import { CalibrationError } from "../arm/calibration/error.ts";
import { nameOfArm } from "../arm/identity.ts";
import type { CalibrationUnwritable } from "../arm/problem.ts";
import { problemOf } from "../arm/problem-of.ts";
import { DatasetError } from "../dataset/problem.ts";
import { BusError } from "../feetech/bus-error.ts";
import { EepromError } from "../feetech/eeprom.ts";
import { factOf, isSystemError } from "../linux/system-error.ts";
import { PortError } from "../serial/transport.ts";
import type { Problem } from "../teleop/reporting/problem.ts";
import { CURE_OF_EEPROM, cureOfBus, isArmProblem, sayArmProblem } from "./arm.ts";
import type { Audience } from "./audience.ts";
import { unwritableCalibration } from "./calibration.ts";
import { sayDatasetProblem } from "./datasets.ts";
import { sayTeleopProblem } from "./teleop.ts";

/** A problem as a sentence: what happened, to which arm and joint, and what this reader can do about it. */
export function sayProblem(problem: Problem | CalibrationUnwritable, audience: Audience): string {
  if (problem.code === "calibration.unwritable") {
    const about = problem.arm === undefined ? "" : `${nameOfArm(problem.arm)}: `;
    return `${about}${unwritableCalibration(problem)}`;
  }
  return isArmProblem(problem) ? sayArmProblem(problem, audience) : sayTeleopProblem(problem, audience);
}

/** Several reasons as one sentence. What tells why an arm is silent follows at once, without its name again. */
export function sayReasons(reasons: readonly Problem[], audience: Audience): string {
  const [first, ...others] = reasons.map((reason) => sayProblem(reason, audience));
  if (first === undefined) return "";
  const { code, arm } = reasons[0]!;
  const name = code === "leader.silent" && arm !== undefined ? `${nameOfArm(arm)}: ` : undefined;
  return others.reduce(
    (text, other) =>
      name !== undefined && other.startsWith(name)
        ? `${text}: ${other.slice(name.length)}`
        : `${text}; ${other}`,
    first,
  );
}

/**
 * Whatever was thrown as a sentence. Errors of the layers below are plain facts: here they get what to do about them.
 * Those of a bus name their servo and its arm themselves.
 */
export function sayError(error: unknown, audience: Audience): string {
  if (error instanceof CalibrationError) return sayProblem(error.problem, audience);
  if (error instanceof DatasetError) return sayDatasetProblem(error.problem);
  if (error instanceof PortError) return sayProblem(problemOf(error), audience);
  if (error instanceof EepromError) return `${error.message} — ${CURE_OF_EEPROM}`;
  if (error instanceof BusError) return `${error.message} — ${cureOfBus(error)}`;
  if (isSystemError(error)) return `${factOf(error)}${cureOf(error.code)}`;
  return error instanceof Error ? error.message : String(error);
}

/** What to do about what the system refused. */
function cureOf(code: string): string {
  switch (code) {
    case "EACCES":
    case "EPERM":
      return " — run it as a user who may, or with sudo";
    case "ENOSPC":
    case "EDQUOT":
      return " — make room, then try again";
    case "EROFS":
      return " — make it writable, or name another folder";
    default:
      return "";
  }
}
