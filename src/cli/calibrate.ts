/** `so101 calibrate`: finds every joint's middle and range, for the servos and for the arm's file. */
import { Command, Option } from "commander";
import { type Calibration, CalibrationError } from "../arm/calibration/calibration.ts";
import { commitCalibration } from "../arm/calibration/commit.ts";
import { CalibrationStore } from "../arm/calibration/store.ts";
import type { ArmIdentity } from "../arm/identity.ts";
import { idOf, JOINTS, type JointName, type Role } from "../arm/joints.ts";
import type { ArmChoice } from "../config/choose-arm.ts";
import { chooseArm } from "../config/choose-arm.ts";
import { BusError } from "../feetech/bus.ts";
import { PortError } from "../serial/transport.ts";
import { type OpenArm, withArm } from "../workflows/arm-session.ts";
import { examine } from "../workflows/calibrate/examine.ts";
import { findMiddle, type Homing } from "../workflows/calibrate/middle.ts";
import { prepare } from "../workflows/calibrate/prepare.ts";
import { type Range, sweepRanges } from "../workflows/calibrate/ranges.ts";
import { Interrupted } from "../workflows/errors.ts";
import { letDown } from "../workflows/release.ts";
import { interruptible } from "./interrupt.ts";
import { dialogueFor } from "./operator/dialogue.ts";
import { addArmOptions, addJsonOption, addYesOption, positiveSeconds, roleArgument } from "./options/arm.ts";

interface Options extends ArmChoice {
  readonly joint?: JointName;
  readonly sweepFor?: number;
  readonly yes?: true;
  readonly json?: true;
}

/** Makes the command. */
export function calibrateCommand(): Command {
  const command = new Command("calibrate")
    .summary("find the middle and the range of every joint of an arm")
    .description(
      "Calibrates an arm as LeRobot does: you hold it in the middle of every joint's range, then move every joint " +
        "from end to end. The result goes to the servos and to the arm's calibration file. Nothing is changed " +
        "before the end: Ctrl-C or a pulled cable leaves the calibration as it was.",
    )
    .addArgument(roleArgument())
    .addOption(new Option("--joint <name>", "only this joint, after its servo was changed").choices(JOINTS));
  addArmOptions(command).option(
    "--sweep-for <s>",
    "record the ranges for so long, instead of until Enter or until nothing moves any more",
    positiveSeconds,
  );
  addYesOption(command);
  return addJsonOption(command)
    .addHelpText(
      "after",
      `
Examples:
  so101 calibrate leader
  so101 calibrate follower --port /dev/ttyACM1 --id red \\
    --calibration-dir ~/.cache/huggingface/lerobot/calibration
  so101 calibrate follower --joint gripper

Without a terminal, or with --yes, nothing is asked: hold the arm in the middle
when it starts; the middle is taken once the arm is at rest, and the ranges are
complete once every joint was moved and nothing has moved for 3 s.

Exit codes: 0 calibrated, 1 failed, 2 wrong usage or configuration, 130 interrupted.`,
    )
    .action(calibrate);
}

function calibrate(role: Role, options: Options): Promise<void> {
  return interruptible(async (signal) => {
    const dialogue = dialogueFor(options, signal);
    const chosen = chooseArm(role, options);
    const calibrations = new CalibrationStore(chosen.calibrationDir);
    calibrations.checkRoom(chosen);
    const filed = fileOf(calibrations, chosen);
    if (options.joint !== undefined && filed instanceof CalibrationError) {
      throw new Error(`${filed.message}; to calibrate one joint the others must be calibrated already`);
    }
    await withArm(chosen, { access: "torque off", dialogue, signal }, async (arm) => {
      const joints = options.joint === undefined ? JOINTS : [options.joint];
      const calibration = await changingNothing(arm, async () => {
        await examine(arm, joints, filed, dialogue);
        await letDown(arm, dialogue);
        prepare(arm);
        const homing = await findMiddle(arm, joints, dialogue, signal);
        const ranges = await sweepRanges(arm, homing, dialogue, signal, options.sweepFor);
        return calibrationOf(homing, ranges, filed);
      });
      dialogue.say("Writing the calibration to the servos and to the file …");
      const { path, written } = commitCalibration(arm, calibration);
      dialogue.event({
        event: "calibrated",
        arm: role,
        id: chosen.id,
        file: path,
        registersWritten: written,
        calibration,
      });
      dialogue.done(
        `${arm.name} is calibrated: ${path}` +
          (filed instanceof CalibrationError ? "" : " (the one before is kept beside it, as .old)"),
      );
    });
  });
}

/** The arm's file as it is, which gives what is not calibrated anew; or why there is none. */
function fileOf(calibrations: CalibrationStore, arm: ArmIdentity): Calibration | CalibrationError {
  const filed = calibrations.tryLoad(arm);
  if (filed instanceof CalibrationError && filed.trouble === "unreadable") throw filed;
  return filed;
}

/** The joints calibrated now, and the file's others. Which way a joint counts is the person's, and stays. */
function calibrationOf(
  homing: Homing,
  ranges: ReadonlyMap<JointName, Range>,
  filed: Calibration | CalibrationError,
): Calibration {
  const before = filed instanceof CalibrationError ? undefined : filed;
  const joints = JOINTS.map((joint) => {
    const range = ranges.get(joint);
    if (range === undefined) return [joint, before![joint]];
    const drive_mode = before?.[joint].drive_mode ?? 0;
    const homing_offset = homing.get(joint)!.offset;
    return [
      joint,
      { id: idOf(joint), drive_mode, homing_offset, range_min: range.min, range_max: range.max },
    ];
  });
  return Object.fromEntries(joints) as Calibration;
}

/** Does what comes before the first write, and says of whatever ends it that the calibration is as it was. */
async function changingNothing<T>(arm: OpenArm, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Interrupted)
      throw new Interrupted(`${error.message} — ${arm.name}: the calibration is as it was`);
    if (!(error instanceof PortError || error instanceof BusError)) throw error;
    const lost = error instanceof PortError && error.trouble === "lost";
    const what = lost ? `${arm.name}: ${error.message}` : error.message;
    throw new Error(`${what} — the arm's calibration is as it was; run the command again`, { cause: error });
  }
}
