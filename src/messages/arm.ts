/** An arm's problems in words: what happened, to which joint, the figures, what to do next. */
import { type ArmIdentity, nameOfArm } from "../arm/identity.ts";
import { type JointName, nameWithId } from "../arm/joints.ts";
import {
  type ArmProblem,
  type BusFailed,
  jointsOf,
  type PortFailed,
  type ReportedError,
} from "../arm/problem.ts";
import { busFact } from "../feetech/bus-error.ts";
import { STS3215_MODEL, STS3250_MODEL } from "../feetech/registers.ts";
import { nameOfOwner, type Owner } from "../linux/owners/program.ts";
import { type Audience, command } from "./audience.ts";
import { mismatch, missingCalibration, unfinished } from "./calibration.ts";
import { type ErrorMeaning, errorMeanings, meaningOf } from "./error-bits.ts";
import { list } from "./list.ts";
import { damaged, missing, wrongIds } from "./servos.ts";

type Code = ArmProblem["code"];

/** The words for each kind of problem, without the arm's name, which goes before them. */
const words: {
  readonly [code in Code]: (problem: Extract<ArmProblem, { code: code }>, audience: Audience) => string;
} = {
  "board.missing": ({ path, lost }) =>
    lost
      ? `${path} went away: the board was unplugged or lost its power — plug it in again`
      : `${path} is not there — plug in the arm's USB board`,
  "port.denied": ({ path, fresh }) =>
    fresh
      ? `${path} is not accessible yet`
      : `${path} may not be opened by this user — join the group dialout with "sudo usermod -aG dialout $USER", ` +
        "then log in again",
  "port.busy": ({ path, owner }) => `${whoHas(path, owner)} — end that program first`,
  "port.failed": (problem) => `${problem.fact} — ${cureOfPort(problem)}`,
  "port.too-slow": ({ upToMs, holdAfterMs }) =>
    `its replies take up to ${upToMs} ms, too long for hold_after_ms — set hold_after_ms = ${holdAfterMs} in the ` +
    "configuration, or plug the board into the computer itself, without a hub or a network between",
  "port.latency-timer": ({ path, ms, file }) =>
    `the USB adapter at ${path} holds each reply back for up to ${ms} ms — run "echo 1 | sudo tee ${file}", again after ` +
    "each time it is plugged in",
  "bus.silent": ({ path }) =>
    `${path === undefined ? "" : `there is a board at ${path}, but `}no servo answers — switch the arm's power on; if ` +
    "it is on, check the lead between the board and shoulder_pan, and that this is the arm's port",
  "bus.joints-missing": missing,
  "servo.wrong-id": wrongIds,
  "bus.damaged": damaged,
  "bus.failed": (problem) => {
    const { id, joint, trouble, register, value, position } = problem;
    return `${busFact(servo(id, joint), trouble, { register, value, position })} — ${cureOfBus(problem)}`;
  },
  "arm.swapped": ({ other }, audience) =>
    `the arm on its port is the ${nameOfArm(other)} — exchange the two: run "${command(audience, "assign")}" again, or ` +
    "exchange the ports in the configuration or on the command line",
  "servo.wrong-model": ({ joint, model }) =>
    `${nameWithId(joint)} is a servo of model ${model}, not an STS3215 (model ${STS3215_MODEL}) or STS3250 (model ` +
    `${STS3250_MODEL}) — replace it, or check that this is the arm's port`,
  "servo.models": ({ servos }) =>
    `${list(servos.map(({ joint, kind }) => `${nameWithId(joint)} is ${kind === "STS3250" ? "an" : "a"} ${kind}`))}: the ` +
    "limits of voltage and temperature are read from the servo itself",
  "calibration.missing": missingCalibration,
  "calibration.mismatch": mismatch,
  "calibration.unfinished": unfinished,
  "calibration.wrist-roll": ({ arm, rangeMin, rangeMax, other, apart }, audience) =>
    `wrist_roll was calibrated from ${rangeMin} to ${rangeMax}, but the ${nameOfArm(other)} has it as a full turn: the ` +
    `wrists will ${apart === undefined ? "turn by different angles" : `stand ${Math.round(apart)}° apart`} — ` +
    `calibrate this arm again${withCommand(audience, "calibrate", arm)}`,
  "servo.mixed-firmware": ({ versions }) => {
    const all = versions.map(({ version, joints }) => `${version} in ${list(joints.map(nameWithId))}`);
    return (
      `mixed firmware, a known cause of lost replies: ${all.join("; ")} — bring all to one version with Feetech's own ` +
      "program"
    );
  },
  "servo.eeprom": ({ id, joint, register, value }) =>
    `${servo(id, joint)} does not keep ${register} = ${value} — ${CURE_OF_EEPROM}`,
  "servo.no-position": ({ joint, position }) =>
    `${nameWithId(joint)} reports ${position}, which is no position — switch its power off and on`,
  "joint.out-of-range": ({ joint, degrees }) =>
    `${nameWithId(joint)} is ${degrees}° outside of its range: move it in by hand`,
  "servo.voltage": ({ servos, limit }) => {
    if (limit === undefined) {
      return reports(list(servos.map(({ joint }) => nameWithId(joint))), errorMeanings.voltage);
    }
    const figures = servos.map(
      ({ joint, volts }) => `${nameWithId(joint)} gets ${volts?.toFixed(1) ?? "?"} V`,
    );
    const { where, cure } = supplies[limit.bound];
    return (
      `${list(figures)}, ${where} the ${limit.bound} of ${limit.volts.toFixed(1)} V that the servo is set to accept — ` +
      cure
    );
  },
  "servo.sensor": reported,
  "servo.overheats": reported,
  "servo.overcurrent": reported,
  "servo.overload": overloaded,
  "servo.error": reported,
};

/** An arm's problem, complete: which arm and joint, figures, and what to do as this reader can do it. */
export function sayArmProblem<Problem extends ArmProblem>(problem: Problem, audience: Audience): string {
  const say = words[problem.code] as (problem: ArmProblem, audience: Audience) => string;
  return `${subject(problem)}${say(problem, audience)}`;
}

/** `python3 (pid 812) has /dev/ttyACM1 open` */
export function whoHas(path: string, owner: Owner | undefined): string {
  return `${owner === undefined ? "another program" : nameOfOwner(owner)} has ${path} open`;
}

/** Whether a problem is an arm's own, and not teleoperation's. */
export function isArmProblem(problem: { readonly code: string }): problem is ArmProblem {
  return Object.hasOwn(words, problem.code);
}

/** Says that what a servo reported is over; undefined for a problem that is no such report. */
export function sayArmEnd(problem: ArmProblem): string | undefined {
  if (problem.code !== "servo.voltage" && !("mask" in problem)) return undefined;
  const { what } = problem.code === "servo.voltage" ? errorMeanings.voltage : meaningOf(problem.mask);
  return `${subject(problem)}${list(jointsOf(problem).map(nameWithId))} no longer reports ${what}`;
}

function cureOfPort({ trouble, errno = "" }: PortFailed): string {
  if (trouble === "not a tty" || WRONG_PATH.has(errno))
    return "check that this is the path of the arm's port";
  if (TOO_LITTLE.has(errno)) return "end other programs, or restart the machine";
  return "unplug the arm's USB board and plug it in again";
}

/** What the system says of a path that is no port's. */
const WRONG_PATH: ReadonlySet<string> = new Set(["ELOOP", "ENAMETOOLONG", "EINVAL"]);
/** What it says when it runs out of something. */
const TOO_LITTLE: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOMEM"]);

/** What to do about a servo that did not do what it was asked. */
export function cureOfBus({ trouble, register, position }: BusCause): string {
  if (position !== undefined) return `keep the arm still; if that does not help, ${SWITCH_POWER}`;
  if (trouble === "not written") return SWITCH_POWER;
  return register === undefined
    ? "check the arm's power, its leads and plugs"
    : "switch its power off and on";
}

type BusCause = Pick<BusFailed, "trouble" | "register" | "position">;

const SWITCH_POWER = "switch the arm's power off and on";

/** What to do about EEPROM that does not keep a value. */
export const CURE_OF_EEPROM = `${SWITCH_POWER}; if that does not help, replace the servo`;

/** The arm, where a sentence needs one before it: a port that is nobody's names itself. */
function subject({ code, arm, path }: ArmProblem): string {
  if (arm !== undefined) return `${nameOfArm(arm)}: `;
  return path === undefined || namesItsPort.has(code) ? "" : `arm on ${path}: `;
}

const namesItsPort: ReadonlySet<Code> = new Set<Code>([
  "board.missing",
  "port.denied",
  "port.busy",
  "port.failed",
  "bus.silent",
]);

function reported({
  joint,
  mask,
  celsius,
}: {
  readonly joint: JointName;
  readonly mask: number;
  readonly celsius?: number;
}): string {
  const at = celsius === undefined ? "" : `, at ${celsius} °C,`;
  return reports(`${nameWithId(joint)}${at}`, meaningOf(mask));
}

function overloaded(problem: ReportedError, audience: Audience): string {
  const { arm, joint, holds } = problem;
  if (holds) {
    return `${nameWithId(joint)} has pressed hard for some seconds: it goes on holding, with less force, until it opens`;
  }
  if (arm?.role === "leader") return reported(problem);
  return (
    `${nameWithId(joint)} reports an overload, and has little force — take the load off it, then run ` +
    `"${command(audience, "release")}" and "${command(audience, "resume")}"`
  );
}

function reports(who: string, { what, cure }: ErrorMeaning): string {
  return `${who} reports ${what} — ${cure}`;
}

const supplies = {
  highest: {
    where: "above",
    cure: "7.4 V servos must not get 12 V: check the power supply; if it is the right one, the limit is set too low",
  },
  lowest: {
    where: "below",
    cure: "check the power supply and the leads, and that the supply is strong enough",
  },
} as const;

function withCommand(audience: Audience, name: "calibrate", arm: ArmIdentity | undefined): string {
  return arm === undefined ? "" : ` with "${command(audience, name, arm.role)}"`;
}

function servo(id: number, joint: JointName | undefined): string {
  return joint === undefined ? `servo ${id}` : nameWithId(joint);
}
