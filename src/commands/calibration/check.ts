/** `so101 calibration check`: everything that teleoperation would object to, before it does. */
import { Argument, Command } from "commander";
import { type ArmState, type Finding, findingsOf, nameOfArm } from "../../arm/findings.ts";
import { JOINTS, type Role } from "../../arm/joints.ts";
import { readArm } from "../../arm/read.ts";
import { explainUnfinished } from "../../arm/unfinished.ts";
import { type ChosenArm, chooseArm } from "../../config-arm.ts";
import { type Dialogue, dialogueFor } from "../tools/dialogue.ts";
import { interruptible } from "../tools/interrupt.ts";
import { type ArmOptions, addArmOptions, addJsonOption, addYesOption } from "../tools/options.ts";
import { type OpenArm, withArm } from "../tools/session.ts";
import { tryLoad } from "./both.ts";

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
    const dialogue = dialogueFor(options, signal);
    const roles: Role[] = role === undefined ? ["leader", "follower"] : [role];
    const arms = roles.map((one) => chooseArm(one, options));
    const states = await statesOf(arms, dialogue, signal);
    for (const [index, state] of states.entries()) {
      const findings = findingsOf(state, states[1 - index]);
      for (const finding of findings) report(state, finding, dialogue);
      if (findings.some(({ severity }) => severity === "fault")) process.exitCode = 1;
      else dialogue.done(`${nameOfArm(state)} can be used.`);
    }
  });
}

/** Each arm as it is found, all of them open at once, so that a service is stopped once. */
function statesOf(
  [arm, ...others]: readonly ChosenArm[],
  dialogue: Dialogue,
  signal: AbortSignal,
): Promise<ArmState[]> {
  if (arm === undefined) return Promise.resolve([]);
  return withArm(arm, { access: "read", partial: true, dialogue, signal }, async (open) => {
    const state = stateOf(open);
    return [state, ...(await statesOf(others, dialogue, signal))];
  });
}

function stateOf({ role, id, bus, calibrationDir }: OpenArm): ArmState {
  const { images } = readArm(bus);
  return {
    role,
    id,
    images,
    errorBytes: JOINTS.map((_, index) => bus.errorBytes[index + 1]!),
    calibration: tryLoad(calibrationDir, role, id),
    unfinished: explainUnfinished(calibrationDir, role, id),
  };
}

function report(
  { role, id }: ArmState,
  { severity, code, joint, message }: Finding,
  dialogue: Dialogue,
): void {
  if (dialogue.kind === "json")
    dialogue.event({ event: "finding", arm: role, id, severity, code, joint, message });
  else if (severity === "fault") dialogue.fail(message);
  else dialogue.warn(message);
}
