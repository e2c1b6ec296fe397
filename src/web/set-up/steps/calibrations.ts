/** The third step: each arm has a calibration, in its servos and in its file: from either, from a file, or made now. */

import { CalibrationError } from "../../../arm/calibration/error.ts";
import { type Finding, findingsOf } from "../../../arm/checks/findings.ts";
import { inspectArm } from "../../../arm/checks/inspect.ts";
import type { Role } from "../../../arm/joints.ts";
import type { ArmProblem } from "../../../arm/problem.ts";
import type { ChosenArm } from "../../../config/choose-arm.ts";
import { sayError, sayProblem } from "../../../messages/problems.ts";
import { withArm } from "../../../workflows/arm-session.ts";
import { calibrate } from "../../../workflows/calibrate/calibrate.ts";
import { applyCalibration } from "../../../workflows/calibration/apply.ts";
import { importCalibrationFile } from "../../../workflows/calibration/import.ts";
import { pullCalibration } from "../../../workflows/calibration/pull.ts";
import { settleCalibration } from "../../../workflows/calibration/settle.ts";
import type { Choice, Operator } from "../../../workflows/operator.ts";
import type { HandedFiles } from "../handed-files.ts";
import type { SetUpPlace } from "../place.ts";

/** What can be done about a calibration. */
type Way = "pull" | "apply" | "file" | "calibrate" | "finish" | "undo" | "later";

const ways: Readonly<Record<Way, Choice<Way>>> = {
  pull: { value: "pull", label: "Take the one that its servos hold" },
  apply: { value: "apply", label: "Write the file's into its servos" },
  file: { value: "file", label: "Take a file of LeRobot's", hint: "picked on this phone or computer" },
  calibrate: { value: "calibrate", label: "Calibrate it now", hint: "two minutes" },
  finish: { value: "finish", label: "Complete what was cut off" },
  undo: { value: "undo", label: "Take back what was cut off" },
  later: { value: "later", label: "Later" },
};

/**
 * Sees to an arm's calibration: what its servos hold is taken by itself where there is no file; else the person is asked.
 * False where it is left for later. Throws what the workflows throw that it begins.
 */
export async function seeToCalibration(
  arm: ChosenArm,
  { files }: Pick<SetUpPlace, "files">,
  operator: Operator,
): Promise<boolean> {
  for (;;) {
    const problem = await whatIsWrong(arm, operator);
    if (problem === undefined) return true;
    const possible = waysOutOf(problem);
    if (possible[0] === "pull" && problem.code === "calibration.missing" && problem.kind === "missing") {
      await pullCalibration(arm, operator);
      continue;
    }
    operator.tell("info", sayProblem(problem, operator.audience));
    const way = await operator.choose<Way>(
      `Where is the calibration of the ${arm.role} to come from?`,
      possible.map((one) => ways[one]),
      "",
    );
    if (way === "later") return false;
    await go(way, arm, files, operator);
  }
}

/** What is wrong with the arm's calibration; undefined where it is in its file and its servos. */
async function whatIsWrong(arm: ChosenArm, operator: Operator): Promise<ArmProblem | undefined> {
  const faults = await withArm(
    arm,
    { access: "read", purpose: "look at a calibration" },
    operator,
    async (open) =>
      findingsOf(inspectArm(arm, open.bus, open.calibrations)).filter(
        ({ severity }: Finding) => severity === "fault",
      ),
  );
  const about = faults.find(({ problem }) => problem.code.startsWith("calibration."));
  const [other] = faults;
  if (about === undefined && other !== undefined)
    throw new Error(sayProblem(other.problem, operator.audience));
  return about?.problem;
}

/** What can be done about a problem, the best first. */
function waysOutOf(problem: ArmProblem): Way[] {
  const named = "remedies" in problem ? problem.remedies.map((remedy) => remedy.do) : [];
  const best = named.flatMap((name): Way[] => {
    switch (name) {
      case "calibration pull":
        return ["pull"];
      case "calibration apply":
        return ["apply"];
      case "calibration finish":
        return ["finish"];
      case "calibration undo":
        return ["undo"];
      default:
        return [];
    }
  });
  return [...new Set<Way>([...best, "file", "calibrate", "later"])];
}

async function go(
  way: Exclude<Way, "later">,
  arm: ChosenArm,
  files: HandedFiles,
  operator: Operator,
): Promise<void> {
  switch (way) {
    case "pull":
      return pullCalibration(arm, operator);
    case "apply":
      return applyCalibration(arm, operator);
    case "finish":
    case "undo":
      return settleCalibration(way, arm, operator);
    case "calibrate":
      return calibrate(arm, {}, operator);
    case "file":
      await takeFile(arm.role, arm, files, operator);
      return applyCalibration(arm, operator);
  }
}

/** Waits for a file, and again after one that is no calibration. */
async function takeFile(role: Role, arm: ChosenArm, files: HandedFiles, operator: Operator): Promise<void> {
  operator.progress(
    { step: "file", arm: role },
    `Pick the calibration file of the ${role}, or drop it here: LeRobot keeps it below ` +
      `~/.cache/huggingface/lerobot/calibration/${role === "leader" ? "teleoperators" : "robots"}.`,
  );
  for (;;) {
    const file = await files.next(role, operator.signal);
    try {
      return await importCalibrationFile(arm, file, operator);
    } catch (error) {
      if (!(error instanceof CalibrationError && error.trouble === "invalid")) throw error;
      operator.tell("warning", `${sayError(error, operator.audience)}. Pick another file, or end this.`);
    }
  }
}
