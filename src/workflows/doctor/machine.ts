/** What the doctor finds of the machine: processor, kernel, supply, disk. */
import { arch, release } from "node:os";
import {
  freeMegabytes,
  hasDriver,
  kernelCommandLine,
  machineModel,
  underVoltagesSinceBoot,
} from "../../host/machine.ts";
import { isUnderVoltage, underVoltageAlarm } from "../../host/power.ts";
import { broken, type Check, ok, warning } from "../check.ts";

/** Drivers of the boards that people use; the arms' own is the first. */
const DRIVERS = ["cdc_acm", "ch341", "cp210x", "ftdi_sio"];
const LEAST_FREE_MB = 100;
/** The 3B+ and its elders share one USB controller whose driver polls boards that have nothing to say. */
const OLD_USB = /Raspberry Pi (Zero|1|2|3)/;
const NAK_HOLDOFF = "dwc_otg.nak_holdoff=0";
const STRONGER_SUPPLY = "give it its own supply of 5.1 V and 2.5 A or more, by a short thick cable";

/** From power to USB. */
export async function checkMachine(calibrationDir: string): Promise<Check[]> {
  const model = machineModel();
  const checks = [
    ok("machine", `${model ?? "unknown model"}, ${arch()}, Linux ${release()}`),
    await supply(),
  ];
  const missing = DRIVERS.filter((driver) => hasDriver(driver) === false);
  if (missing.includes(DRIVERS[0]!)) {
    checks.push(
      broken(
        "USB drivers",
        "the kernel has no cdc_acm, which the arms' boards need",
        "install the distribution's own kernel and modules",
      ),
    );
  } else {
    const rest = missing.length === 0 ? "" : `; not there: ${missing.join(", ")}, which other boards need`;
    checks.push(ok("USB drivers", `cdc_acm${rest}`));
  }
  if (model !== undefined && OLD_USB.test(model)) {
    checks.push(
      kernelCommandLine().includes(NAK_HOLDOFF)
        ? ok("kernel option", NAK_HOLDOFF)
        : warning(
            "kernel option",
            `${NAK_HOLDOFF} is not set: replies may come late on this Raspberry Pi`,
            `add it to the line in /boot/firmware/cmdline.txt, and reboot`,
          ),
    );
  }
  const free = freeMegabytes(calibrationDir) ?? freeMegabytes("/");
  if (free !== undefined) {
    const text = `${(free / 1000).toFixed(1)} GB free`;
    checks.push(
      free < LEAST_FREE_MB
        ? warning("disk", text, "make room: calibrations could not be saved")
        : ok("disk", text),
    );
  }
  return checks;
}

async function supply(): Promise<Check> {
  const area = "supply";
  const alarm = underVoltageAlarm();
  const times = await underVoltagesSinceBoot();
  if (alarm !== undefined && isUnderVoltage(alarm))
    return broken(area, "too little voltage now", STRONGER_SUPPLY);
  if (times !== undefined && times > 0) {
    return warning(
      area,
      `too little voltage ${times} ${times === 1 ? "time" : "times"} since boot`,
      STRONGER_SUPPLY,
    );
  }
  if (alarm === undefined) return ok(area, "this machine does not measure its voltage");
  return ok(
    area,
    times === undefined
      ? "enough voltage now; the kernel's log may not be read"
      : "enough voltage since boot",
  );
}
