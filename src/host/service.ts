/** The teleoperation service of this machine, as systemd runs it: whether it has a port, starting and enabling it. */
import { existsSync, readFileSync } from "node:fs";
import { findOwner } from "../linux/owners/owner.ts";
import { unitProperties } from "./machine.ts";
import { outcomeOf, type Started, systemPrograms } from "./programs.ts";

/** What systemd can be asked for, and how it is said that it was done. */
const pastOf = {
  start: "started",
  restart: "restarted",
  enable: "enabled",
  disable: "disabled",
} as const;

type Verb = keyof typeof pastOf;

/** The service could not be started, or the like. The message says what to do. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
}

/** The unit that has the port at `path` open, such as `so101-teleop.service`; undefined when none of ours has. */
export function unitOwning(path: string): string | undefined {
  const pid = findOwner(path);
  if (pid === undefined) return undefined;
  try {
    // "0::/system.slice/so101-teleop.service", or …/system-so101\x2dteleop.slice/so101-teleop@left.service.
    const cgroups = readFileSync(`/proc/${pid}/cgroup`, "utf8");
    return /\/(so101-teleop(?:@[^/\n]+)?\.service)(?:[/\n]|$)/.exec(cgroups)?.[1];
  } catch {
    return undefined; // it has ended
  }
}

/** Whether systemd has a unit that somebody has disabled, so that it does not run; false where systemd is not asked. */
export async function isSwitchedOff(unit: string): Promise<boolean> {
  const { UnitFileState, ActiveState } = (await unitProperties(unit, ["UnitFileState", "ActiveState"])) ?? {};
  return ["disabled", "masked"].includes(UnitFileState ?? "") && ActiveState !== "active";
}

/** Restarts a unit, if it runs. Throws {@link ServiceError}. */
export async function restartIfRunning(unit: string): Promise<void> {
  await judge("restart", unit, systemctl("restart", unit, "try-restart", unit));
}

/** Whether systemd runs this machine; elsewhere, as in a chroot, units can be enabled but not started. */
export function isBooted(): boolean {
  return existsSync("/run/systemd/system");
}

/** Has a unit started from the next boot on. Throws {@link ServiceError}. */
export async function enableUnit(unit: string): Promise<void> {
  await ask("enable", unit);
}

/** Starts a unit, and does not wait for its arms. Throws {@link ServiceError}. */
export async function startUnit(unit: string): Promise<void> {
  await ask("start", unit);
}

/**
 * Has a unit no longer started, and stops it where it runs: the follower was released softly then. There is nothing to
 * do for one that is not installed. Throws {@link ServiceError}.
 */
export async function disableUnit(unit: string): Promise<void> {
  requireSystemctl("disable", unit);
  // Unlike most of what systemctl can be asked, this is answered without a running systemd.
  const found = systemPrograms.run("systemctl", "is-enabled", unit)?.stdout.trim();
  if (["", "not-found"].includes(found ?? "")) return;
  const now = isBooted() ? ["--now"] : [];
  await judge("disable", unit, systemctl("disable", unit, "disable", ...now, unit));
}

/** The path of systemctl. Throws {@link ServiceError} where there is none. */
function requireSystemctl(verb: Verb, unit: string): string {
  const path = systemPrograms.find("systemctl");
  if (path !== undefined) return path;
  throw new ServiceError(`${unit} could not be ${pastOf[verb]}: there is no systemctl`);
}

function systemctl(verb: Verb, unit: string, ...args: string[]): Started {
  requireSystemctl(verb, unit);
  return systemPrograms.start("systemctl", "--no-ask-password", ...args);
}

async function ask(verb: Exclude<Verb, "restart">, unit: string): Promise<void> {
  await judge(verb, unit, systemctl(verb, unit, verb, unit));
}

/** Waits until systemctl has ended. Throws {@link ServiceError} when it could not do what it should. */
async function judge(verb: Verb, unit: string, program: Started): Promise<void> {
  const { success, stderr } = await outcomeOf(program);
  if (success) return;
  // "Failed to stop so101-teleop.service: Access denied", and how to learn more in further lines.
  const [complaint = ""] = stderr.split("\n");
  const why = complaint.replace(/^Failed to \w+ \S+\.service: /, "").replace(/\.$/, "");
  throw new ServiceError(`${unit} could not be ${pastOf[verb]}: ${why || "systemctl failed"}`);
}
