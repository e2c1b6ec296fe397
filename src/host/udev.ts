/** Having udev read its rules again, and what it knows of a port. */
import { existsSync, realpathSync } from "node:fs";
import { basename } from "node:path";
import { outcomeOf, type Programs, systemPrograms } from "./programs.ts";

/** udev could not be told or asked. The message says what to do. */
export class UdevError extends Error {
  override readonly name = "UdevError";
}

/** Whether udev runs here: not in a container, nor in a folder that a system is being installed in. */
export function udevRuns(): boolean {
  return existsSync("/run/udev/control") && systemPrograms.find("udevadm") !== undefined;
}

/** Why udev cannot be asked for boards here, as it is said: `udevadm is not installed here`; undefined where it can. */
export function whyNoUdev(programs = systemPrograms): string | undefined {
  if (programs.find("udevadm") === undefined) return "udevadm is not installed here (a container?)";
  return existsSync("/run/udev") ? undefined : "udev does not run here (a container?)";
}

/** What is known of a device that is there. */
export interface DeviceFacts {
  /** What udev keeps of it: `ID_PATH`, `ID_SERIAL_SHORT` …; none where it cannot be asked. */
  readonly properties: Readonly<Record<string, string>>;
  /** The kernel's names of what it hangs on, `1-3.1`, and of itself. */
  readonly ancestors: readonly string[];
}

/** What udev and the kernel know of a port. Never rejects: where they know nothing there is nothing. */
export async function factsOf(port: string, programs = systemPrograms): Promise<DeviceFacts> {
  const text = await udevadm(programs, "info", "--query=property", `--name=${port}`).catch(() => "");
  const properties = Object.fromEntries(
    [...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
  );
  return { properties, ancestors: (properties.DEVPATH ?? devicePath(port)).split("/") };
}

function devicePath(port: string): string {
  try {
    return realpathSync(`/sys/class/tty/${basename(realpathSync(port))}`);
  } catch {
    return "";
  }
}

/** Reads the rules again and applies them to the ports that are there; done when links are. Throws {@link UdevError}. */
export async function applyRules(): Promise<void> {
  await udevadm(systemPrograms, "control", "--reload");
  await udevadm(systemPrograms, "trigger", "--action=change", "--subsystem-match=tty");
  await udevadm(systemPrograms, "settle", "--timeout=10");
}

/** The USB socket that a port's board is in, as `ID_PATH` names it; undefined when udev does not know. */
export async function usbSocketOf(port: string): Promise<string | undefined> {
  return (await factsOf(port)).properties.ID_PATH;
}

async function udevadm(programs: Programs, ...args: string[]): Promise<string> {
  if (programs.find("udevadm") === undefined)
    throw new UdevError("udevadm is not installed here: apt install udev");
  const { success, stdout, stderr } = await outcomeOf(programs.start("udevadm", ...args));
  if (success) return stdout;
  throw new UdevError(`udevadm ${args[0]} failed: ${stderr.trim() || "it gave no reason"}`);
}
