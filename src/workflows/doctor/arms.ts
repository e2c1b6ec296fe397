/** What the doctor finds of the arms: as the service knows them, or by reading the servos. */

import type { ArmStatus, Status } from "../../api/protocol.ts";
import { explainUnfinished } from "../../arm/calibration/unfinished.ts";
import { ArmConnection } from "../../arm/connection.ts";
import { type ArmState, findingsOf, nameOfArm } from "../../arm/findings.ts";
import { JOINTS, ROLES, type Role } from "../../arm/joints.ts";
import { readArm, SERVO_IDS } from "../../arm/read.ts";
import type { Config } from "../../config/config.ts";
import { registerValue } from "../../feetech/registers.ts";
import { tryLoad } from "../calibration/both.ts";
import { broken, type Check, ok, warning } from "../check.ts";

/** Figures of an arm's servos, the lowest and the highest of each. */
type Range = readonly [lowest: number, highest: number];

/** Both arms as the service knows them. */
export function checkArmsOf(status: Status): Check[] {
  return ROLES.map((role) => {
    const arm = status.arms[role];
    const area = nameOfArm({ role, id: arm.id });
    const known = JOINTS.filter((joint) => arm.joints[joint].voltageV !== null);
    if (known.length === 0)
      return warning(area, "its servos have not been read yet", "see teleoperation above");
    const errors = known.flatMap((joint) => arm.joints[joint].errors.map((error) => `${joint}: ${error}`));
    const figures = `${known.length} servos, ${range(figuresOf(arm, "voltageV"), " V", 1)}, ${range(figuresOf(arm, "temperatureC"), " °C")}`;
    const losses = `${arm.timeouts} replies lost, ${arm.corruptedReplies} damaged`;
    if (errors.length > 0)
      return warning(area, `${figures}; ${errors.join(", ")}`, "let it cool, and free what is stuck");
    return ok(area, `${figures}; ${losses}`);
  });
}

/** Both arms, by reading their servos; nothing is changed. */
export async function readArms(config: Config): Promise<Check[]> {
  const checks: Check[] = [];
  const states: ArmState[] = [];
  for (const role of ROLES) {
    const { id, port } = config[role];
    const link = new ArmConnection(nameOfArm({ role, id }), port, "read");
    try {
      await link.reach();
      const { bus, trouble } = link;
      if (bus === undefined) {
        // Why a port cannot be opened has been said of the port.
        if (link.troubleKind === "unusable")
          checks.push(broken(link.name, trouble!, "use the arm's own port"));
        continue;
      }
      const { images } = readArm(bus);
      states.push({
        role,
        id,
        images,
        errorBytes: SERVO_IDS.map((servo) => bus.errorBytes[servo]!),
        calibration: tryLoad(config.calibration_dir, role, id),
        unfinished: explainUnfinished(config.calibration_dir, role, id),
      });
      checks.push(servos(role, id, images, trouble));
    } finally {
      await link.close();
    }
  }
  return [...checks, ...states.flatMap((state, index) => findings(state, states[1 - index]))];
}

function servos(
  role: Role,
  id: string,
  images: readonly (Uint8Array | null)[],
  trouble: string | undefined,
): Check {
  const area = nameOfArm({ role, id });
  const there = images.filter((image) => image !== null);
  if (there.length === 0) {
    return broken(area, "no servo answers", "switch the arm's power on, and check the lead at the board");
  }
  const values = (name: "present_voltage" | "present_temperature", unit: number): Range => {
    const all = there.map((image) => registerValue(name, image) * unit);
    return [Math.min(...all), Math.max(...all)];
  };
  const firmware = new Set(
    there.map(
      (image) =>
        `${registerValue("firmware_major_version", image)}.${registerValue("firmware_minor_version", image)}`,
    ),
  );
  const figures =
    `ids ${SERVO_IDS.filter((_, index) => images[index]).join(" ")}, model ${[...new Set(there.map((image) => registerValue("model_number", image)))].join(", ")}, ` +
    `firmware ${[...firmware].join(", ")}, ${range(values("present_voltage", 0.1), " V", 1)}, ${range(values("present_temperature", 1), " °C")}`;
  return trouble === undefined ? ok(area, figures) : broken(area, `${figures}; ${trouble}`);
}

function findings(state: ArmState, counterpart: ArmState | undefined): Check[] {
  const area = `calibration of the ${state.role}`;
  const found = findingsOf(state, counterpart).filter(({ code }) => code !== "missing joints");
  if (found.length === 0) return [ok(area, "holds what its calibration file says")];
  return found.map(({ severity, message }) =>
    severity === "fault" ? broken(area, message) : warning(area, message),
  );
}

function figuresOf(arm: ArmStatus, name: "voltageV" | "temperatureC"): Range {
  const all = JOINTS.flatMap((joint) => arm.joints[joint][name] ?? []);
  return [Math.min(...all), Math.max(...all)];
}

function range([lowest, highest]: Range, unit: string, digits = 0): string {
  const [from, to] = [lowest.toFixed(digits), highest.toFixed(digits)];
  return from === to ? `${from}${unit}` : `${from}–${to}${unit}`;
}
