/** The teleoperation service of this machine, as systemd runs it: whether it has a port, stopping and starting it. */
import { readFileSync } from "node:fs";
import { findHolder } from "../serial/holder.ts";

/** The service could not be stopped or started. The message says what to do. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
}

/** The unit that has the port at `path` open, such as `so101-teleop.service`; undefined when none of ours has. */
export function unitHolding(path: string): string | undefined {
  const pid = findHolder(path);
  if (pid === undefined) return undefined;
  try {
    // "0::/system.slice/so101-teleop.service", or …/system-so101\x2dteleop.slice/so101-teleop@left.service.
    const cgroups = readFileSync(`/proc/${pid}/cgroup`, "utf8");
    return /\/(so101-teleop(?:@[^/\n]+)?\.service)(?:[/\n]|$)/.exec(cgroups)?.[1];
  } catch {
    return undefined; // it has ended
  }
}

/** Stops a unit and waits until it has stopped: the follower was let down softly. Throws {@link ServiceError}. */
export function stopUnit(unit: string): Promise<void> {
  return systemctl("stop", unit);
}

/** Starts a unit; does not wait for its arms. Throws {@link ServiceError}. */
export function startUnit(unit: string): Promise<void> {
  return systemctl("start", unit);
}

async function systemctl(verb: "stop" | "start", unit: string): Promise<void> {
  const failed = (why: string) =>
    new ServiceError(`${unit} could not be ${verb === "stop" ? "stopped" : "started"}: ${why}`);
  let child: Bun.Subprocess<"ignore", "ignore", "pipe">;
  try {
    // In a session of its own: Ctrl-C on the terminal must not end it half-way.
    child = Bun.spawn(["systemctl", "--no-ask-password", verb, unit], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
      detached: true,
    });
  } catch (error) {
    throw failed((error as Error).message);
  }
  const complaint = (await new Response(child.stderr).text()).trim();
  if ((await child.exited) === 0) return;
  const denied = /authentication|denied|permitted/i.test(complaint);
  throw failed(denied ? `this takes root — run the command again with sudo` : complaint);
}
