/** `so101 calibration check`: everything that teleoperation would object to, before it does. */
import { Argument, Command } from "commander";
import { ROLES, type Role } from "../../arm/joints.ts";
import { chooseArm } from "../../config/choose-arm.ts";
import { checkArms } from "../../workflows/check-arms.ts";
import { interruptible } from "../interrupt.ts";
import { operatorFor } from "../operator/operator-for.ts";
import { type ArmOptions, addArmOptions, addJsonOption, addYesOption } from "../options/arm.ts";

/** Makes the command. */
export function checkCommand(): Command {
  const command = new Command("check")
    .summary("what teleoperation would object to, before it does")
    .description(
      "Checks an arm, or both arms of the pair and each against the other: whether all servos answer, their models, " +
        "firmware and voltage, and whether they hold what the calibration file says. Nothing is changed. The exit " +
        "code is 1 when something would keep the arm from being used.",
    )
    .addArgument(new Argument("[arm]", "which arm; both if left out").choices(["leader", "follower"]))
    .action(check);
  return addJsonOption(addYesOption(addArmOptions(command)));
}

function check(role: Role | undefined, options: ArmOptions): Promise<void> {
  return interruptible(async (signal) => {
    const arms = (role === undefined ? ROLES : [role]).map((one) => chooseArm(one, options));
    const { usable } = await checkArms(arms, operatorFor(options, signal));
    if (!usable) process.exitCode = 1;
  });
}
