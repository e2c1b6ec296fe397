/** Whether the new names lead to the right boards, and the right arms answer there. */
import { controlPaths } from "../../api/address.ts";
import { ApiError, askService } from "../../api/client.ts";
import type { Status } from "../../api/protocol.ts";
import { nameOfArm } from "../../arm/identity.ts";
import { ROLES } from "../../arm/joints.ts";
import type { ChosenArm } from "../../config/choose-arm.ts";
import { targetOf } from "../../linux/real-path.ts";
import { checkServedArms } from "../check.ts";
import { type CheckedArms, checkArms } from "../check-arms.ts";
import type { Operator } from "../operator.ts";
import { pause } from "../pause.ts";
import type { Assignment } from "./assign.ts";

const LINKS_WITHIN_MS = 10_000;
const SERVICE_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 100;

/** Waits for the links, once the rules were applied. Throws an Error when one does not lead to its board. */
export async function verifyLinks(assignment: Assignment, operator: Operator): Promise<void> {
  const { named, chosen, links } = assignment;
  const deadline = performance.now() + LINKS_WITHIN_MS;
  for (const role of ROLES) {
    const link = links[role];
    const { path } = chosen[role];
    if (path === undefined) continue;
    while (targetOf(link) !== path && performance.now() < deadline) {
      await pause(LOOK_EVERY_MS, operator.signal);
    }
    const target = targetOf(link);
    if (target !== path) {
      const what = target === undefined ? "is not there" : `leads to ${target}`;
      throw new Error(
        `${link} ${what}, and should lead to ${path} — look for another rule that gets in the way: ` +
          `udevadm test $(udevadm info -q path -n ${path})`,
      );
    }
    const mark = named.find((one) => one.link === link)?.mark;
    operator.event({ event: "named", arm: role, link, path, ...mark });
    operator.tell("done", `${link} leads to ${path}.`);
  }
}

/**
 * Says whether the arms can be used: as the service says, which has them once it finds them, or by looking.
 * Throws as {@link checkArms}.
 */
export async function checkPair(
  pair: string,
  arms: readonly ChosenArm[],
  operator: Operator,
): Promise<CheckedArms> {
  const status = await settledStatus(pair, operator.signal);
  if (status === undefined) return checkArms(arms, operator);
  operator.event({ event: "service", pair, state: status.state, why: status.why });
  for (const { area, level, message } of checkServedArms(status)) {
    operator.tell(level === "ok" ? "info" : "warning", `${area}: ${message}`);
  }
  const said = `The service is ${status.state}: ${status.why}`;
  if (status.state === "faulted" || status.state === "waiting") operator.tell("warning", said);
  else operator.tell("done", `The service has both arms, ${arms.map(nameOfArm).join(" and ")}. ${said}`);
  return { usable: true };
}

/** The service's status once it has looked at the boards that got their names; undefined when it does not run. */
async function settledStatus(pair: string, signal: AbortSignal): Promise<Status | undefined> {
  const deadline = performance.now() + SERVICE_WITHIN_MS;
  for (;;) {
    const status = await askService(controlPaths(pair), { do: "status" }).catch((error) => {
      if (error instanceof ApiError) return undefined;
      throw error;
    });
    const isSettled = status === undefined || !["waiting", "connecting"].includes(status.state);
    if (isSettled || performance.now() > deadline) return status;
    await pause(LOOK_EVERY_MS, signal);
  }
}
