/** The Raspberry Pi's own supply, as the kernel reports it: the commonest cause of boards that vanish. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const HWMON = "/sys/class/hwmon";

/** The file that tells whether the supply is too low now; undefined on machines that have none. */
export function underVoltageAlarm(hwmon: string = HWMON): string | undefined {
  if (!existsSync(hwmon)) return undefined;
  return readdirSync(hwmon)
    .filter((device) => read(join(hwmon, device, "name")) === "rpi_volt")
    .map((device) => join(hwmon, device, "in0_lcrit_alarm"))
    .find(existsSync);
}

/** Whether such a file says that the supply is too low; false when it cannot be read. */
export function isUnderVoltage(alarm: string): boolean {
  return read(alarm) === "1";
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}
