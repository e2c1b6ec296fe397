/** Having udev read its rules again, and what it knows of a port. */
import { existsSync } from "node:fs";

/** udev could not be told or asked. The message says what to do. */
export class UdevError extends Error {
  override readonly name = "UdevError";
}

/** Whether udev runs here: not in a container, nor in a folder that a system is being installed in. */
export function udevRuns(): boolean {
  return existsSync("/run/udev/control") && Bun.which("udevadm") !== null;
}

/** Reads the rules again and applies them to the ports that are there; done when links are. Throws {@link UdevError}. */
export async function applyRules(): Promise<void> {
  await udevadm("control", "--reload");
  await udevadm("trigger", "--action=change", "--subsystem-match=tty");
  await udevadm("settle", "--timeout=10");
}

/** The USB socket that a port's board is in, as `ID_PATH` names it; undefined when udev does not know. */
export async function usbSocketOf(port: string): Promise<string | undefined> {
  const properties = await udevadm("info", "--query=property", `--name=${port}`).catch(() => "");
  return /^ID_PATH=(.+)$/m.exec(properties)?.[1];
}

async function udevadm(...args: string[]): Promise<string> {
  const { stdout, stderr, exited } = Bun.spawn(["udevadm", ...args], { stdout: "pipe", stderr: "pipe" });
  const [output, complaint] = await Promise.all([new Response(stdout).text(), new Response(stderr).text()]);
  if ((await exited) === 0) return output;
  throw new UdevError(`udevadm ${args[0]} failed: ${complaint.trim() || "it gave no reason"}`);
}
