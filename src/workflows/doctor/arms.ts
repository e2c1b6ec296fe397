/** What the doctor finds of the arms: as the service knows them, or by reading the servos. */

import type { ArmStatus, Status } from "../../api/protocol.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { ArmConnection } from "../../arm/connection.ts";
import { type ArmState, findingsOf } from "../../arm/findings.ts";
import { nameOfArm } from "../../arm/identity.ts";
import { inspectArm } from "../../arm/inspect.ts";
import { JOINTS, ROLES } from "../../arm/joints.ts";
import { SERVO_IDS } from "../../arm/read.ts";
import type { ServoImage, ServoImages } from "../../arm/servo-image.ts";
import type { Config } from "../../config/config.ts";
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
      const state = inspectArm({ role, id }, bus, new CalibrationStore(config.calibration_dir));
      states.push(state);
      checks.push(servos(state, trouble));
    } finally {
      await link.close();
    }
  }
  return [...checks, ...states.flatMap((state, index) => findings(state, states[1 - index]))];
}

function servos(state: ArmState, trouble: string | undefined): Check {
  const area = nameOfArm(state);
  const there = answering(state.images);
  if (there.length === 0) {
    return broken(area, "no servo answers", "switch the arm's power on, and check the lead at the board");
  }
  const spread = (figures: readonly number[]): Range => [Math.min(...figures), Math.max(...figures)];
  const voltages = spread(there.map(({ voltageV }) => voltageV));
  const temperatures = spread(there.map((image) => image.value("present_temperature")));
  const ids = SERVO_IDS.filter((_, index) => state.images[index]).join(" ");
  const models = [...new Set(there.map((image) => image.value("model_number")))].join(", ");
  const firmware = [...new Set(there.map((image) => image.firmware))].join(", ");
  const figures =
    `ids ${ids}, model ${models}, firmware ${firmware}, ` +
    `${range(voltages, " V", 1)}, ${range(temperatures, " °C")}`;
  return trouble === undefined ? ok(area, figures) : broken(area, `${figures}; ${trouble}`);
}

function answering(images: ServoImages): ServoImage[] {
  return images.filter((image) => image !== null);
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
