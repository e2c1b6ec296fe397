/** In words: what is wrong with an arm's calibration, in its file or in its servos. */
import type { Doubt } from "../arm/calibration/files/file.ts";
import { nameOfArm } from "../arm/identity.ts";
import { JOINTS, type JointName, nameWithId, type Role } from "../arm/joints.ts";
import type {
  CalibrationMismatch,
  CalibrationMissing,
  CalibrationUnfinished,
  CalibrationUnwritable,
} from "../arm/problem.ts";
import type { Remedy } from "../arm/remedy.ts";
import { unsyncedFact } from "../linux/system-error.ts";
import { type Audience, command, shellLine } from "./audience.ts";
import { alternatives, list } from "./list.ts";

/** The file is missing or cannot be used. */
export function missingCalibration(problem: CalibrationMissing, audience: Audience): string {
  const { arm, kind, files, what, errno, remedies, unusable } = problem;
  const [file, other] = files;
  if (kind === "ambiguous") {
    const which = unusable === undefined ? "the one that is not this arm's" : unusable;
    const why = unusable === undefined ? "" : ", of which the latter cannot be a calibration";
    const [one, two] = unusable === file ? [other, file] : [file, other];
    return `two calibrations that differ, ${one} and ${two}${why} — remove ${which}`;
  }
  if (kind === "missing") {
    const ways = alternatives(remedies.map((remedy) => wayToOne(remedy, arm?.role, audience)));
    const where =
      other === undefined
        ? `calibration ${file}: there is no such file`
        : `no calibration; looked for ${file} and ${other}`;
    return `${where} — ${ways}`;
  }
  if (errno === "EACCES") return `calibration ${file}: you may not read it — ${JOIN_GROUP}`;
  const cures = remedies.map((remedy) => cureOfFile(remedy, file, arm?.role, audience));
  return `calibration ${file}: ${what}${cures.length === 0 ? "" : ` — ${alternatives(cures)}`}`;
}

/** File and servos hold different calibrations: which can be one, which is newer, and which of the two to trust. */
export function mismatch(problem: CalibrationMismatch, audience: Audience): string {
  const { arm, remedies, file, writtenAtMs } = problem;
  const does = { "calibration apply": "the file into the arm", "calibration pull": "the arm into the file" };
  const ways = remedies.flatMap(({ do: name }) =>
    name === "calibration apply" || name === "calibration pull"
      ? `${quoted(name, arm?.role, audience)} writes ${does[name]}`
      : [],
  );
  const of = writtenAtMs === undefined ? "" : ` of ${localDate(new Date(writtenAtMs))}`;
  const which = file === undefined ? "" : ` (${file}${of})`;
  return (
    `its servos do not hold the calibration of its file${which}: ${differing(problem, audience)}. ${verdict(problem)} — ` +
    `recommended: ${ways.join("; otherwise ")}${ifReplaced(problem, audience)}`
  );
}

/** The figures of so many joints can be read in a sentence; of more, a table has them. */
const FIGURES_OF_JOINTS = 2;

function differing({ arm, differences }: CalibrationMismatch, audience: Audience): string {
  const joints = JOINTS.filter((joint) => differences.some((difference) => difference.joint === joint));
  if (joints.length > FIGURES_OF_JOINTS) {
    const who =
      joints.length === JOINTS.length ? "all joints differ" : `${list(joints.map(nameWithId))} differ`;
    return arm === undefined ? who : `${who}, as ${quoted("calibration show", arm.role, audience)} shows`;
  }
  const said = joints.map((joint) => {
    const figures = differences
      .filter((difference) => difference.joint === joint)
      .map(({ key, held, filed }) => `${key} ${held} in the servo and ${filed} in the file`);
    return `${nameWithId(joint)} ${figures.join(", ")}`;
  });
  return said.join("; ");
}

/** Which of the two can be a calibration, and which is newer. */
function verdict({ servosCannot, servosHold }: CalibrationMismatch): string {
  if (servosCannot !== undefined) {
    return `What the servos hold cannot be a calibration (${servosCannot}), and what the file says can`;
  }
  if (servosHold !== undefined) {
    return `Both can be a calibration; the servos hold that of ${servosHold}, which the file has replaced: the file is newer`;
  }
  return (
    "Both can be a calibration, and the servos do not hold the one before the file's: the arm was probably calibrated " +
    "elsewhere after the file was written"
  );
}

/** A new servo, or another arm's, holds what neither file nor arm should have. */
function ifReplaced({ arm, differences }: CalibrationMismatch, audience: Audience): string {
  const joints = [...new Set(differences.map(({ joint }) => joint))];
  if (joints.length !== 1 || arm === undefined) return "";
  const [joint] = joints as [JointName];
  const calibrate = command(audience, "calibrate", arm.role, "--joint", joint);
  return `. If the servo of ${joint} was replaced, run "${calibrate}" instead`;
}

/** `2026-11-20 14:02`, in the reader's time. */
function localDate(date: Date): string {
  const two = (value: number) => `${value}`.padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Writing a calibration was cut off. */
export function unfinished(problem: CalibrationUnfinished, audience: Audience): string {
  const { arm, kind, file, because, joints } = problem;
  const [finish, undo] = (["calibration finish", "calibration undo"] as const).map((name) =>
    quoted(name, arm.role, audience),
  );
  if (kind === "unreadable") {
    if (because !== undefined)
      return `whether writing its calibration was interrupted is not known: ${because}`;
    return (
      `writing its calibration was interrupted, and ${file}, which says how to complete it, was left by another ` +
      "version of so101 or is damaged — use that version, or remove the file and run " +
      `${quoted("calibrate", arm.role, audience)} again`
    );
  }
  if (kind === "interrupted") {
    return (
      "writing its calibration was interrupted, and its servos may hold parts of two — complete it with " +
      `${finish}, or go back to the one before with ${undo}`
    );
  }
  const who =
    joints === undefined
      ? `what the servos of the ${nameOfArm(arm)} held before could not be given back to them`
      : `${joints.map(nameWithId).join(", ")} of the ${nameOfArm(arm)} could not be given back what was there before`;
  return `${because} — and ${who}: when the arm answers again, go back with ${undo}, or complete it with ${finish}`;
}

/** The file, or what is kept beside it, cannot be written. */
export function unwritableCalibration({ file, what, errno }: CalibrationUnwritable): string {
  return `calibration ${file}: ${whyUnwritable[errno ?? ""] ?? what}`;
}

/** What is done, and is not as it should be. */
export function sayDoubt({ kind, file, why }: Doubt): string {
  switch (kind) {
    case "not synced":
      return unsyncedFact(file, why);
    case "not written":
      return `${file}, by which newer versions of LeRobot find it, could not be written: ${why} — remove it`;
    case "not removed":
      return (
        `all is written; what would have undone it, ${file}, could not be removed: ${why} — remove it, or the arm counts ` +
        "as not completely calibrated"
      );
  }
}

const JOIN_GROUP = "join the group dialout and log in again, or use sudo";

const whyUnwritable: Readonly<Record<string, string>> = {
  EACCES: `you may not write it — ${JOIN_GROUP}; or name a folder of your own with --calibration-dir`,
  EROFS: "the file system is read-only — make it writable, or name another folder with --calibration-dir",
  ENOSPC: "the disk is full — make room, then try again",
  EDQUOT: "the disk quota is used up — make room, then try again",
};

function wayToOne(remedy: Remedy, role: Role | undefined, audience: Audience): string {
  const withIt = (name: CalibrationCommand) =>
    role === undefined ? "" : ` with ${quoted(name, role, audience)}`;
  switch (remedy.do) {
    case "calibrate":
      return `make one${withIt("calibrate")}`;
    case "calibration import":
      return `take LeRobot's${withIt("calibration import")}`;
    default:
      return `read the arm's own${withIt("calibration pull")}`;
  }
}

function cureOfFile(remedy: Remedy, file: string, role: Role | undefined, audience: Audience): string {
  const withIt = (name: CalibrationCommand | "setup-motors") =>
    role === undefined ? "" : ` with ${quoted(name, role, audience)}`;
  const readBack = `read it back from the arm${withIt("calibration pull")}`;
  switch (remedy.do) {
    case "restore file":
      return "restore the file";
    case "save as UTF-8":
      return `convert it with "${shellLine(["iconv", "-f", "UTF-16", "-t", "UTF-8", "-o", utf8Name(file), file])}"`;
    case "setup-motors":
      return `give the servos the ids 1 to 6${withIt("setup-motors")}, then ${readBack}`;
    case "calibrate":
      return `calibrate the arm again${withIt("calibrate")}`;
    case "import old":
      return `take the one that it has replaced, which can be a calibration: ${
        role === undefined ? remedy.file : `"${command(audience, "calibration import", role, remedy.file)}"`
      }`;
    case "calibrate joint":
      return `calibrate ${remedy.joint} again${
        role === undefined ? "" : ` with "${command(audience, "calibrate", role, "--joint", remedy.joint)}"`
      }`;
    default:
      return readBack;
  }
}

/** Another file, so that nothing is lost: `arm.json` becomes `arm.utf-8.json`. */
function utf8Name(file: string): string {
  return `${file.replace(/\.json$/, "")}.utf-8.json`;
}

type CalibrationCommand =
  | "calibrate"
  | "calibration apply"
  | "calibration finish"
  | "calibration import"
  | "calibration pull"
  | "calibration show"
  | "calibration undo";

function quoted(
  name: CalibrationCommand | "setup-motors",
  role: Role | undefined,
  audience: Audience,
): string {
  return `"${command(audience, name, ...(role === undefined ? [] : [role]))}"`;
}
