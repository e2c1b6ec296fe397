/** Something that was looked at, how it is, and what to do; and so both arms as a running service knows them. */
import type { ArmStatus, Status } from "../api/protocol.ts";
import { isGrasp } from "../arm/checks/grasp.ts";
import { nameOfArm } from "../arm/identity.ts";
import { armsRead, JOINTS, rolesHere } from "../arm/joints.ts";
import type { AimedRemedy } from "../arm/remedy.ts";

/** How something is: as it should be, worth a thought, in the way of teleoperation. */
export type Level = "ok" | "warning" | "broken";

/** What settles what was found, as a value. */
export type Cure =
  /** A problem's. */
  | AimedRemedy
  /** What the doctor itself knows to help. */
  | {
      readonly do: /** The boards are to get the names of the pair's arms. */
        | "assign"
        /** Somebody has paused or released the pair. */
        | "resume"
        /** The configuration file is to be put right. */
        | "correct configuration"
        /** The pair's service is to be started. */
        | "start service";
      readonly arm?: undefined;
    };

/** What was found. */
export interface Check {
  /** What was looked at, in a word or two: `Raspberry Pi's supply`. */
  readonly area: string;
  readonly level: Level;
  /** How it is, with figures. */
  readonly message: string;
  /** What to do, where there is something to do. */
  readonly cure?: string;
  /** The same for a program that can bring some of it about: any one of them settles it. */
  readonly cures?: readonly Cure[];
}

/** It is as it should be. */
export function ok(area: string, message: string): Check {
  return { area, level: "ok", message };
}

/** It works and could be better; a message that says what to do itself needs no cure beside it. */
export function warning(area: string, message: string, cure?: string, ...cures: readonly Cure[]): Check {
  return { area, level: "warning", message, ...curedBy(cure, cures) };
}

/** It keeps the arms from being teleoperated; for the cure see {@link warning}. */
export function broken(area: string, message: string, cure?: string, ...cures: readonly Cure[]): Check {
  return { area, level: "broken", message, ...curedBy(cure, cures) };
}

function curedBy(cure: string | undefined, cures: readonly Cure[]): Pick<Check, "cure" | "cures"> {
  return { ...(cure !== undefined && { cure }), ...(cures.length > 0 && { cures }) };
}

/** The arms of this machine as the service knows them. */
export function checkServedArms(status: Status): Check[] {
  return rolesHere(armsRead(status)).map((role) => {
    const arm = status.arms[role];
    const area = nameOfArm({ role, id: arm.id });
    const known = JOINTS.filter((joint) => arm.joints[joint].voltageV !== null);
    if (known.length === 0)
      return warning(area, "its servos have not been read yet", "see teleoperation above");
    const errors = known.flatMap((joint) => {
      const { errors: all, torqueOn } = arm.joints[joint];
      return all.filter((error) => !isGrasp(joint, torqueOn, error)).map((error) => `${joint}: ${error}`);
    });
    const figures = `${known.length} servos, ${range(figuresOf(arm, "voltageV"), " V", 1)}, ${range(figuresOf(arm, "temperatureC"), " °C")}`;
    const losses = `${arm.timeouts} ${arm.timeouts === 1 ? "reply" : "replies"} lost, ${arm.corruptedReplies} damaged`;
    if (errors.length > 0)
      return warning(area, `${figures}; ${errors.join(", ")}`, "let it cool, and free what is stuck");
    return ok(area, `${figures}; ${losses}`);
  });
}

function figuresOf(arm: ArmStatus, name: "voltageV" | "temperatureC"): number[] {
  return JOINTS.flatMap((joint) => arm.joints[joint][name] ?? []);
}

/** The lowest and the highest of some figures: `4.9–5.1 V`, or `5.0 V` where they are the same. */
export function range(figures: readonly number[], unit: string, digits = 0): string {
  const [from, to] = [Math.min(...figures).toFixed(digits), Math.max(...figures).toFixed(digits)];
  return from === to ? `${from}${unit}` : `${from}–${to}${unit}`;
}
