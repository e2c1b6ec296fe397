/** Checking arms as teleoperation would, before it does. */

import { type ArmState, type Finding, findingsOf } from "../arm/findings.ts";
import { nameOfArm } from "../arm/identity.ts";
import { inspectArm } from "../arm/inspect.ts";
import type { Dialogue } from "../cli/operator/dialogue.ts";
import type { ChosenArm } from "../config/choose-arm.ts";
import { withArm } from "./arm-session.ts";

/** Says everything that is wrong with the arms, each against the other; false when something keeps one from being used. */
export async function checkArms(
  arms: readonly ChosenArm[],
  dialogue: Dialogue,
  signal: AbortSignal,
): Promise<boolean> {
  const states = await statesOf(arms, dialogue, signal);
  let usable = true;
  for (const [index, state] of states.entries()) {
    const findings = findingsOf(state, states[1 - index]);
    for (const finding of findings) report(state, finding, dialogue);
    if (findings.some(({ severity }) => severity === "fault")) usable = false;
    else dialogue.done(`${nameOfArm(state)} can be used.`);
  }
  return usable;
}

/** Each arm as it is found, all of them open at once, so that a service is stopped once. */
function statesOf(
  [arm, ...others]: readonly ChosenArm[],
  dialogue: Dialogue,
  signal: AbortSignal,
): Promise<ArmState[]> {
  if (arm === undefined) return Promise.resolve([]);
  return withArm(arm, { access: "read", partial: true, dialogue, signal }, async (open) => {
    const state = inspectArm(open, open.bus, open.calibrations);
    return [state, ...(await statesOf(others, dialogue, signal))];
  });
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
