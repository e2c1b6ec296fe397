/** `so101 setup-motors`: new servos get the ids of an arm's joints, one after the other. */
import { Command, Option } from "commander";
import { JOINTS, type JointName, type Role } from "../arm/joints.ts";
import { chooseArm } from "../config/choose-arm.ts";
import { setUpArm, setUpOne } from "../workflows/setup-motors/setup-motors.ts";
import { interruptible } from "./interrupt.ts";
import { operatorFor } from "./operator/operator-for.ts";
import { type ArmOptions, addArmOptions, addJsonOption, addYesOption, roleArgument } from "./options/arm.ts";

interface Options extends ArmOptions {
  readonly joint?: JointName;
  readonly restart?: true;
}

/** Makes the command. */
export function setupMotorsCommand(): Command {
  const command = new Command("setup-motors")
    .summary("give new servos the ids of an arm's joints")
    .description(
      "Gives each servo of a new arm its joint's id, and 1 Mbps, one servo at a time, the gripper's first, as LeRobot " +
        "does. It finds a servo at any id and speed. Stopped at any moment, it goes on where it was, also after the USB " +
        "board was unplugged. In an assembled arm the servos that have no joint's id get theirs without being taken out: " +
        "where there are several, moving a joint by hand tells which is its.",
    )
    .addArgument(roleArgument())
    .addOption(
      new Option("--joint <name>", "only this joint's servo, in the chain or alone on the board").choices(
        JOINTS,
      ),
    )
    .option("--restart", "begin with the gripper again");
  return addJsonOption(addYesOption(addArmOptions(command)))
    .addHelpText(
      "after",
      `
Examples:
  so101 setup-motors follower
  so101 setup-motors follower --joint wrist_flex

Without a terminal one servo is set up at a time:
  so101 setup-motors follower --joint gripper --yes`,
    )
    .action(run);
}

function run(role: Role, { joint, restart, ...options }: Options): Promise<void> {
  return interruptible((signal) => {
    const operator = operatorFor(options, signal);
    const arm = chooseArm(role, options);
    if (joint !== undefined) return setUpOne(arm, joint, operator);
    return setUpArm(arm, restart ? "from the start" : "go on", operator);
  });
}
