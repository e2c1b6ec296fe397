/** Before a calibration: is this the arm that is meant, and are its servos such as can be calibrated? */
import type { Calibration } from "../../arm/calibration/calibration.ts";
import { CalibrationError } from "../../arm/calibration/error.ts";
import { calibrationInServo, differingKeys } from "../../arm/calibration/in-servos.ts";
import { progressOf } from "../../arm/calibration/unfinished.ts";
import { JOINTS, type JointName, nameWithId } from "../../arm/joints.ts";
import { readWholeArm } from "../../arm/servos/read.ts";
import type { ServoImage } from "../../arm/servos/servo-image.ts";
import { command } from "../../messages/audience.ts";
import type { OpenArm } from "../arm-session.ts";
import type { Operator } from "../operator.ts";
import { refuseWrongArm, reportServos } from "../scrutiny.ts";

type Images = readonly ServoImage[];

/**
 * Says which arm this is and what is wrong with it. Throws when it cannot be calibrated, when the person says that it
 * is the wrong one, or when an interrupted calibration must be settled first.
 */
export async function examine(
  arm: OpenArm,
  joints: readonly JointName[],
  filed: Calibration | CalibrationError,
  operator: Operator,
): Promise<void> {
  const images = readWholeArm(arm.bus);
  operator.tell("info", describe(arm, images));
  reportServos(arm, images, operator);
  await refuseWrongArm(arm, images, operator);
  if (!(filed instanceof CalibrationError)) requireOthers(arm, joints, images, filed, operator);
  await settleUnfinished(arm, images, filed, operator);
}

/** `leader "blue" on /dev/ttyACM0: six STS3215 servos, firmware 3.10, 5.0 V`. */
function describe(arm: OpenArm, images: Images): string {
  const volts = images.map((image) => image.voltageV);
  const versions = images.map(({ firmware }) => firmware);
  const [lowest, highest] = [Math.min(...volts).toFixed(1), Math.max(...volts).toFixed(1)];
  const voltage = lowest === highest ? `${lowest} V` : `${lowest} to ${highest} V`;
  return `${arm.name} on ${arm.port}: ${images.length} servos, firmware ${[...new Set(versions)].join(", ")}, ${voltage}`;
}

/** Calibrating one joint leaves the others as their file has them: their servos must agree with it. */
function requireOthers(
  arm: OpenArm,
  joints: readonly JointName[],
  images: Images,
  filed: Calibration,
  { audience }: Operator,
): void {
  const others = JOINTS.filter((joint) => !joints.includes(joint));
  const differing = others.filter((joint) => {
    const held = calibrationInServo(joint, images[JOINTS.indexOf(joint)]!);
    return differingKeys(held, filed[joint]).length > 0;
  });
  if (differing.length === 0) return;
  throw new Error(
    `${arm.name}: ${differing.map(nameWithId).join(", ")} does not hold what the calibration file says — ` +
      `settle that first ("${command(audience, "calibration show", arm.role)}"), or calibrate the whole arm`,
  );
}

/** A calibration that was cut off while it was written is completed or undone first, or replaced by this one. */
async function settleUnfinished(
  arm: OpenArm,
  images: Images,
  filed: Calibration | CalibrationError,
  operator: Operator,
): Promise<void> {
  const { role, calibrations } = arm;
  const unfinished = calibrations.findUnfinished(arm);
  if (unfinished === undefined) return;
  const file = filed instanceof CalibrationError ? undefined : filed;
  if (progressOf(unfinished, images, file) !== "partial") return;
  const [finish, undo] = (["calibration finish", "calibration undo"] as const).map((name) =>
    command(operator.audience, name, role),
  );
  const agreed = await operator.ask(
    `${arm.name}: writing a calibration was interrupted, and the servos may hold parts of two. "${finish}" ` +
      `completes it and "${undo}" takes it back. Make a new one instead?`,
    "grave",
  );
  if (!agreed) throw new Error(`${arm.name}: nothing was changed — run "${finish}" or "${undo}"`);
}
