import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isUnderVoltage, underVoltageAlarm } from "../../src/host/power.ts";

test("the alarm is that of the Raspberry Pi's own sensor, among others", () => {
  const hwmon = mkdtempSync(join(tmpdir(), "so101-hwmon-"));
  try {
    for (const [device, name] of [
      ["hwmon0", "cpu_thermal"],
      ["hwmon1", "rpi_volt"],
    ] as const) {
      mkdirSync(join(hwmon, device));
      writeFileSync(join(hwmon, device, "name"), `${name}\n`);
      writeFileSync(join(hwmon, device, "in0_lcrit_alarm"), "1\n");
    }
    const alarm = underVoltageAlarm(hwmon)!;
    expect(alarm).toBe(join(hwmon, "hwmon1", "in0_lcrit_alarm"));
    expect(isUnderVoltage(alarm)).toBe(true);
    writeFileSync(alarm, "0\n");
    expect(isUnderVoltage(alarm)).toBe(false);
    rmSync(alarm);
    expect(isUnderVoltage(alarm)).toBe(false);
    expect(underVoltageAlarm(hwmon)).toBeUndefined();
  } finally {
    rmSync(hwmon, { recursive: true });
  }
});

test("a machine without such a sensor has no alarm", () => {
  expect(underVoltageAlarm("/nowhere")).toBeUndefined();
});
