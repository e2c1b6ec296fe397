/** serialport's own lister of ports. */
import type { PortInfo } from "@serialport/bindings-interface";

/**
 * Lists the serial ports that udev knows. The lister is loaded when it is wanted: that takes a quarter of a second on
 * a Pi, and a service that starts lists nothing. Rejects where udev cannot be asked.
 */
export async function listPorts(): Promise<PortInfo[]> {
  const { linuxList } = await import("@serialport/bindings-cpp/dist/linux-list");
  return linuxList();
}
