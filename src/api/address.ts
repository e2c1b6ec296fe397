/** Where the control socket of a pair is. */
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder of the sockets, made by the unit or by a service that runs as root. */
export const CONTROL_DIR = "/run/so101-teleop";

/** The places in which a pair's socket may be: the system's, then the one of a user who runs the program themselves. */
export function controlPaths(pair: string, runtimeDir = process.env.XDG_RUNTIME_DIR): string[] {
  return controlDirs(runtimeDir).map((dir) => join(dir, `${pair}.sock`));
}

/** The sockets of all services of this machine that stand in those places, whatever their pairs are called. */
export function listeningSockets(runtimeDir = process.env.XDG_RUNTIME_DIR): string[] {
  return controlDirs(runtimeDir).flatMap((dir) => {
    const names = existsSync(dir) ? readdirSync(dir) : [];
    return names.filter((name) => name.endsWith(".sock")).map((name) => join(dir, name));
  });
}

/** The folder of the network's client, made by its unit. */
const NETWORK_DIR = "/run/so101-network";

/** The places in which that hands out the fleet's list: the system's, then that of a user who runs it themselves. */
export function fleetListPaths(runtimeDir = process.env.XDG_RUNTIME_DIR): string[] {
  const dirs = runtimeDir === undefined ? [NETWORK_DIR] : [NETWORK_DIR, join(runtimeDir, "so101-network")];
  return dirs.map((dir) => join(dir, "fleet.sock"));
}

/** Where a client of the network that serves the pair with a control socket alone hands it out: beside that. */
export function fleetListBeside(control: string): string {
  return `${control.replace(/\.sock$/, "")}.fleet`;
}

/** Where the network's client may hand it out: the first place that it can write to; undefined when there is none. */
export function fleetListPath(runtimeDir = process.env.XDG_RUNTIME_DIR): string | undefined {
  return fleetListPaths(runtimeDir).find((path) => isWritable(dirname(path)));
}

function controlDirs(runtimeDir: string | undefined): string[] {
  return runtimeDir === undefined ? [CONTROL_DIR] : [CONTROL_DIR, join(runtimeDir, "so101-teleop")];
}

/** Where the lock of the program is that listens at a path: beside its socket. */
export function lockPath(socketPath: string): string {
  return `${socketPath}.lock`;
}

/** Where a service may listen: the first place that it can write to; undefined when there is none. */
export function listeningPath(pair: string, runtimeDir?: string): string | undefined {
  return controlPaths(pair, runtimeDir).find((path) => isWritable(dirname(path)));
}

function isWritable(dir: string): boolean {
  try {
    accessSync(existsSync(dir) ? dir : dirname(dir), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where the targets of a client come that drives the pair with a control socket: beside it. */
export function targetsPath(control: string): string {
  return `${control.replace(/\.sock$/, "")}.targets`;
}

/** Where the samples of the pair with a control socket come and go: beside it. */
export function samplesPath(control: string): string {
  return `${control.replace(/\.sock$/, "")}.samples`;
}
