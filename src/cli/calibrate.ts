/** `so101 calibrate`: finds every joint's middle and range, for the servos and for the arm's file. */
import { Command, Option } from "commander";
import { JOINTS, type JointName, type Role } from "../arm/joints.ts";
import { calibrate } from "../workflows/calibrate/calibrate.ts";
import { type ArmOptions, addArmOptions, addJsonOption, addYesOption, roleArgument } from "./options/arm.ts";
import { positiveSeconds } from "./options/values.ts";
import { withChosenArm } from "./with-chosen-arm.ts";

interface Options extends ArmOptions {
  readonly joint?: JointName;
  readonly sweepFor?: number;
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
    .action(run);
}

function run(role: Role, { sweepFor: sweepForS, joint, ...options }: Options): Promise<void> {
  return withChosenArm(role, options, (arm, operator) => calibrate(arm, { joint, sweepForS }, operator));
}
