/** Whether the new names lead to the right boards, and the right arms answer there. */
import { existsSync, realpathSync } from "node:fs";
import { controlPaths } from "../../api/address.ts";
import { askControl, ControlError } from "../../api/client.ts";
import type { Status } from "../../api/protocol.ts";
import { nameOfArm } from "../../arm/identity.ts";
import { ROLES, type Role } from "../../arm/joints.ts";
import type { Dialogue } from "../../cli/operator/dialogue.ts";
import type { ChosenArm } from "../../config/choose-arm.ts";
import { unitOf } from "../../config/pairs.ts";
import type { NamedBoard } from "../../host/naming-rules.ts";
import { restartIfRunning } from "../../host/service.ts";
import { applyRules } from "../../host/udev.ts";
import { checkArms } from "../check-arms.ts";
import { checkArmsOf } from "../doctor/arms.ts";
import { pause } from "../pause.ts";
import type { Chosen } from "./choose.ts";
import type { PairLinks } from "./pair.ts";

const LINKS_WITHIN_MS = 10_000;
const SERVICE_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 100;

/**
 * Applies the rules and waits for the links. Throws an Error when one does not lead to its board. A service that has a
 * board open which is the other arm's now is started anew.
 */
export async function verifyLinks(
  pair: string,
  named: readonly NamedBoard[],
  chosen: Readonly<Record<Role, Chosen>>,
  links: PairLinks,
  dialogue: Dialogue,
  signal: AbortSignal,
): Promise<void> {
  const before = ROLES.map((role) => targetOf(links[role]));
  await applyRules();
  const deadline = performance.now() + LINKS_WITHIN_MS;
  for (const role of ROLES) {
    const link = links[role];
    const { path } = chosen[role];
    if (path === undefined) continue;
    while (targetOf(link) !== path && performance.now() < deadline) await pause(LOOK_EVERY_MS, signal);
    const target = targetOf(link);
    if (target !== path) {
      const what = target === undefined ? "is not there" : `leads to ${target}`;
      throw new Error(
        `${link} ${what}, and should lead to ${path} — look for another rule that gets in the way: ` +
          `udevadm test $(udevadm info -q path -n ${path})`,
      );
    }
    dialogue.event({
      event: "named",
      arm: role,
      link,
      path,
      ...named.find((one) => one.link === link)?.mark,
    });
    dialogue.done(`${link} leads to ${path}.`);
  }
  const hasMoved = ROLES.some(
    (role, index) => before[index] !== undefined && before[index] !== chosen[role].path,
  );
  if (hasMoved && existsSync("/run/systemd/system")) await restartIfRunning(unitOf(pair));
}

/** Says whether the arms can be used: as the service says, which has them once it finds them, or by looking. */
export async function checkPair(
  pair: string,
  arms: readonly ChosenArm[],
  dialogue: Dialogue,
  signal: AbortSignal,
): Promise<void> {
  const status = await settledStatus(pair, signal);
  if (status === undefined) {
    if (!(await checkArms(arms, dialogue, signal))) process.exitCode = 1;
    return;
  }
  dialogue.event({ event: "service", pair, state: status.state, why: status.why });
  for (const { area, level, message } of checkArmsOf(status)) {
    if (level === "ok") dialogue.say(`${area}: ${message}`);
    else dialogue.warn(`${area}: ${message}`);
  }
  const said = `The service is ${status.state}: ${status.why}`;
  if (status.state === "faulted" || status.state === "waiting") dialogue.warn(said);
  else dialogue.done(`The service has both arms, ${arms.map(nameOfArm).join(" and ")}. ${said}`);
}

/** The service's status once it has looked at the boards that got their names; undefined when it does not run. */
async function settledStatus(pair: string, signal: AbortSignal): Promise<Status | undefined> {
  const deadline = performance.now() + SERVICE_WITHIN_MS;
  for (;;) {
    const status = await askControl(controlPaths(pair), { do: "status" }).catch((error) => {
      if (error instanceof ControlError) return undefined;
      throw error;
    });
    const isSettled = status === undefined || !["waiting", "connecting"].includes(status.state);
    if (isSettled || performance.now() > deadline) return status;
    await pause(LOOK_EVERY_MS, signal);
  }
}

function targetOf(link: string): string | undefined {
  return existsSync(link) ? realpathSync(link) : undefined;
}
