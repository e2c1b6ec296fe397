/** `so101 relax`: an arm's torque off, whatever state it is in. */
import { Command } from "commander";
import { JOINTS, type JointName, nameWithId, type Role } from "../arm/joints.ts";
import { SERVO_IDS } from "../arm/read.ts";
import { release, torqueOfEach } from "../arm/release.ts";
import { chooseArm } from "../config/choose-arm.ts";
import { withArm } from "../workflows/arm-session.ts";
import { interruptible } from "./interrupt.ts";
import { dialogueFor } from "./operator/dialogue.ts";
import { type ArmOptions, addArmOptions, addJsonOption, addYesOption, roleArgument } from "./options/arm.ts";

/** Makes the command. */
export function relaxCommand(): Command {
  const command = new Command("relax")
    .summary("let an arm go: torque off, softly")
    .description(
      "Lets an arm go, whatever state it is in: the torque goes down over a second, then off, on every servo by itself. " +
        "Keep a hand under the arm. The exit code is 1 when a servo did not confirm that it is limp.",
    )
    .addArgument(roleArgument())
    .action(relaxArm);
  return addJsonOption(addYesOption(addArmOptions(command)));
}

type Result = "limp already" | "limp now" | "no answer" | "not confirmed";

function relaxArm(role: Role, options: ArmOptions): Promise<void> {
  return interruptible(async (signal) => {
    const dialogue = dialogueFor(options, signal);
    const wish = { access: "torque off", partial: true, service: "leave stopped", dialogue, signal } as const;
    await withArm(chooseArm(role, options), wish, async ({ name, id, bus, trouble }) => {
      const before = torqueOfEach(bus);
      if (before.every((torque) => torque === undefined))
        throw new Error(trouble ?? `${name}: no servo answers`);
      const unconfirmed = before.every((torque) => torque === false) ? [] : release(bus);
      const resultOf = (index: number): Result => {
        if (unconfirmed.includes(SERVO_IDS[index]!)) {
          return before[index] === undefined ? "no answer" : "not confirmed";
        }
        return before[index] === false ? "limp already" : "limp now";
      };
      const results = JOINTS.map((joint, index): [JointName, Result] => [joint, resultOf(index)]);
      dialogue.event({ event: "relaxed", arm: role, id, joints: Object.fromEntries(results) });
      if (dialogue.kind !== "json") {
        dialogue.say([name, ...results.map(([joint, result]) => `${joint.padEnd(14)}${result}`)].join("\n"));
      }
      const doubtful = results.flatMap(([joint, result]) =>
        result.startsWith("limp") ? [] : nameWithId(joint),
      );
      if (doubtful.length === 0) {
        dialogue.done(`${name} is limp.`);
        return;
      }
      throw new Error(
        `${name}: ${doubtful.join(", ")} did not confirm to be limp — switch the arm's power off before you touch it`,
      );
    });
  });
}
