/** `so101 relax`: an arm's torque off, whatever state it is in. */
import { Command } from "commander";
import type { Role } from "../arm/joints.ts";
import { relax } from "../workflows/relax.ts";
import { type ArmOptions, addArmOptions, addJsonOption, addYesOption, roleArgument } from "./options/arm.ts";
import { withChosenArm } from "./with-chosen-arm.ts";

/** Makes the command. */
export function relaxCommand(): Command {
  const command = new Command("relax")
    .summary("release an arm: torque off, softly")
    .description(
      "Releases an arm, whatever state it is in: the torque goes down over a second, then off, on every servo by itself. " +
        "Keep a hand under the arm. The exit code is 1 when a servo did not confirm that its torque is off.",
    )
    .addArgument(roleArgument())
    .action((role: Role, options: ArmOptions) => withChosenArm(role, options, relax));
  return addJsonOption(addYesOption(addArmOptions(command)));
}
