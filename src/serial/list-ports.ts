/** serialport's own lister of ports. */
import type { ChildProcess } from "node:child_process";
import type { PortInfo } from "@serialport/bindings-interface";

/**
 * Lists the serial ports that udev knows, by `startUdevadm`, which is given the program's arguments. The lister is loaded
 * when it is wanted: that takes a quarter of a second on a Pi, and a service that starts lists nothing. Rejects where
 * udev cannot be asked.
 */
export async function listPorts(
  startUdevadm: (args: readonly string[]) => ChildProcess,
): Promise<PortInfo[]> {
  const { linuxList } = await import("@serialport/bindings-cpp/dist/linux-list");
  const start = (_: string, args: readonly string[]) => startUdevadm(args);
  return linuxList(start as Parameters<typeof linuxList>[0]);
}
