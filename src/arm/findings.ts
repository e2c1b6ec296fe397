/** What is wrong with an arm that has been read: every check before it may be used, as findings for a person. */
import { type ErrorBitName, namesOfErrorBits, STS3215_MODEL } from "../feetech/registers.ts";
import { type Calibration, CalibrationError, type JointCalibration } from "./calibration/calibration.ts";
import { calibrationInServo, differingKeys } from "./calibration/in-servos.ts";
import { type ArmIdentity, nameOfArm } from "./identity.ts";
import { JOINTS, type JointName, nameWithId } from "./joints.ts";
import type { ServoImage, ServoImages } from "./servo-image.ts";
import { isSwapped } from "./swapped.ts";

export { nameOfArm };

/** An arm as it was found: what its servos hold, and what its calibration file says. */
export interface ArmState extends ArmIdentity {
  readonly images: ServoImages;
  /** What its file holds, or why it cannot be had. */
  readonly calibration: Calibration | CalibrationError;
  /** Where writing a calibration to it was interrupted, what to say of that when file and servos do not agree. */
  readonly unfinished?: string | undefined;
  /** The error byte of each servo's last reply in the joints' order, to be reported beside its status register. */
  readonly errorBytes?: readonly number[];
}

/** What a finding is about. */
export type FindingCode =
  | "missing joints"
  | "swapped arms"
  | "wrong model"
  | "no calibration"
  | "calibration mismatch"
  | "unfinished calibration"
  | "mixed firmware"
  | "voltage"
  | "servo error"
  | "EEPROM does not keep"
  | "wrist_roll ranges";

/** One thing that is wrong, in words for the person who must act. */
export interface Finding {
  readonly code: FindingCode;
  /** A fault keeps the arm from being used; a warning is said, and that is all. */
  readonly severity: "fault" | "warning";
  /** The joint, where it is about exactly one. */
  readonly joint?: JointName;
  /** Complete: which arm, which joint, figures, what to do. */
  readonly message: string;
}

/** A joint that answered, and what it holds. */
interface Servo {
  readonly joint: JointName;
  readonly image: ServoImage;
  readonly errorByte: number;
}

/**
 * Everything that is wrong with an arm, faults first; none when it can be used.
 * With the pair's other arm, as far as it is known, it is also told whether the two are swapped: then nothing else is
 * said, for all else would follow from it.
 */
export function findingsOf(arm: ArmState, counterpart?: ArmState): Finding[] {
  const name = nameOfArm(arm);
  if (counterpart !== undefined && isSwapped(arm, counterpart)) {
    const message =
      `${name}: the arm on its port is the ${nameOfArm(counterpart)} — ` +
      'exchange the two: run "sudo so101 assign" again, or exchange the ports in the configuration or on the command line';
    return [{ code: "swapped arms", severity: "fault", message }];
  }
  const findings = [...servoFindingsOf(arm), ...calibrationFindings(name, servosOf(arm), arm)];
  if (counterpart !== undefined) findings.push(...wristRollFindings(arm, counterpart));
  return findings.sort((a, b) => a.severity.localeCompare(b.severity));
}

/** What is wrong with an arm's servos, whatever its calibration: who is missing, models, firmware, voltage, errors. */
export function servoFindingsOf(arm: Omit<ArmState, "calibration" | "unfinished">): Finding[] {
  const name = nameOfArm(arm);
  const servos = servosOf(arm);
  const missing = JOINTS.filter((_, i) => !arm.images[i]);
  const findings: Finding[] = [];
  if (missing.length > 0) {
    findings.push({
      code: "missing joints",
      severity: "fault",
      ...onlyOne(missing),
      message: missingJoints(name, missing),
    });
  }
  findings.push(
    ...modelFindings(name, servos),
    ...firmwareFindings(name, servos),
    ...voltageFindings(name, servos),
    ...errorFindings(name, servos),
  );
  return findings;
}

/**
 * Says that joints do not answer, at least one, and which lead to look at: the servos are a chain, so that one loose
 * lead silences the joint behind it or that one and all that follow. `name` names the arm.
 */
export function missingJoints(name: string, missing: readonly JointName[]): string {
  if (missing.length === JOINTS.length) {
    return `${name}: no servo answers — check that the arm's power is on, and that this is the arm's port`;
  }
  const first = missing[0]!;
  const before = JOINTS.indexOf(first) - 1;
  const lead = before < 0 ? "the board" : JOINTS[before]!;
  const toTheEnd = missing.length > 1 && missing.length === JOINTS.length - before - 1;
  const who = toTheEnd ? `${nameWithId(first)} and everything after it` : list(missing.map(nameWithId));
  return `${name}: no answer from ${who} — check the lead between ${lead} and ${first}`;
}

function servosOf({ images, errorBytes }: Pick<ArmState, "images" | "errorBytes">): Servo[] {
  return JOINTS.flatMap((joint, i) => {
    const image = images[i];
    return image ? [{ joint, image, errorByte: errorBytes?.[i] ?? 0 }] : [];
  });
}

function modelFindings(name: string, servos: readonly Servo[]): Finding[] {
  return servos.flatMap(({ joint, image }): Finding[] => {
    const model = image.value("model_number");
    if (model === STS3215_MODEL) return [];
    const message =
      `${name}: ${nameWithId(joint)} is a servo of model ${model}, not an STS3215 (model ${STS3215_MODEL}) — ` +
      "replace it, or check that this is the arm's port";
    return [{ code: "wrong model", severity: "fault", joint, message }];
  });
}

function calibrationFindings(
  name: string,
  servos: readonly Servo[],
  { role, calibration, unfinished }: ArmState,
): Finding[] {
  const interrupted: Finding[] =
    unfinished === undefined
      ? []
      : [{ code: "unfinished calibration", severity: "fault", message: unfinished }];
  if (calibration instanceof CalibrationError) {
    if (calibration.trouble === "missing" && unfinished !== undefined) return interrupted;
    const { message } = calibration;
    const named = message.startsWith(name) ? message : `${name}: ${message}`;
    return [{ code: "no calibration", severity: "fault", message: named }];
  }
  const differing = servos.flatMap(({ joint, image }) => {
    const held = calibrationInServo(joint, image);
    const filed = calibration[joint];
    const keys = differingKeys(held, filed);
    const numbers = keys.map((key) => `${key} ${held[key]} in the servo and ${filed[key]} in the file`);
    return numbers.length === 0 ? [] : [{ joint, numbers }];
  });
  if (differing.length === 0) return [];
  if (unfinished !== undefined) return interrupted;
  const figures = differing.map(({ joint, numbers }) => `${nameWithId(joint)} ${numbers.join(", ")}`);
  const message =
    `${name}: its servos do not hold the calibration of its file: ${figures.join("; ")} — ` +
    `"so101 calibration apply ${role}" writes the file into the arm, ` +
    `"so101 calibration pull ${role}" the arm into the file`;
  const joints = differing.map(({ joint }) => joint);
  return [{ code: "calibration mismatch", severity: "fault", ...onlyOne(joints), message }];
}

function firmwareFindings(name: string, servos: readonly Servo[]): Finding[] {
  const joints = new Map<string, JointName[]>();
  for (const { joint, image } of servos) {
    joints.set(image.firmware, [...(joints.get(image.firmware) ?? []), joint]);
  }
  if (joints.size < 2) return [];
  const versions = [...joints].map(([version, who]) => `${version} in ${list(who.map(nameWithId))}`);
  const message =
    `${name}: mixed firmware, a known cause of lost replies: ${versions.join("; ")} — ` +
    "bring all to one version with Feetech's own program";
  return [{ code: "mixed firmware", severity: "warning", message }];
}

/** One finding for each pair of limits that the supply leaves: usually all servos say the same. */
function voltageFindings(name: string, servos: readonly Servo[]): Finding[] {
  const outside = new Map<string, { joints: JointName[]; figures: string[]; cure: string }>();
  for (const { joint, image } of servos) {
    const volts = image.voltageV;
    const lowest = image.physical("min_voltage_limit");
    const highest = image.physical("max_voltage_limit");
    if (volts >= lowest && volts <= highest) continue;
    const limits =
      volts > highest
        ? { text: `above the highest of ${highest.toFixed(1)} V`, cure: SUPPLY_TOO_HIGH }
        : { text: `below the lowest of ${lowest.toFixed(1)} V`, cure: SUPPLY_TOO_LOW };
    const group = outside.get(limits.text) ?? { joints: [], figures: [], cure: limits.cure };
    group.joints.push(joint);
    group.figures.push(`${nameWithId(joint)} gets ${volts.toFixed(1)} V`);
    outside.set(limits.text, group);
  }
  return [...outside].map(([limits, { joints, figures, cure }]) => ({
    code: "voltage",
    severity: "warning",
    ...onlyOne(joints),
    message: `${name}: ${list(figures)}, ${limits} that the servo is set to accept — ${cure}`,
  }));
}

const SUPPLY_TOO_HIGH =
  "7.4 V servos must not get 12 V: check the power supply; if it is the right one, the limit is set too low";
const SUPPLY_TOO_LOW = "check the power supply and the leads, and that the supply is strong enough";

/** What an error bit says and what to do about it, after "reports". */
export const errorMeanings = {
  voltage: "a voltage outside its limits — check the arm's supply and its leads",
  sensor: "its angle sensor — power-cycle the arm; if it stays, replace the servo",
  overheat: "overheating — let it cool",
  overcurrent: "too much current — check that nothing blocks it",
  overload: "an overload — check that nothing blocks it; power-cycle the arm if it stays",
} as const satisfies Record<ErrorBitName, string>;

/** Voltage is left to its own finding, which has the figures. */
function errorFindings(name: string, servos: readonly Servo[]): Finding[] {
  return servos.flatMap(({ joint, image, errorByte }) =>
    namesOfErrorBits(errorByte | image.value("status")).flatMap((bit): Finding[] => {
      if (bit === "voltage") return [];
      const celsius = image.value("present_temperature");
      const message = `${name}: ${nameWithId(joint)}, at ${celsius} °C, reports ${errorMeanings[bit]}`;
      return [{ code: "servo error", severity: "warning", joint, message }];
    }),
  );
}

/** Said by the arm whose wrist_roll was swept, once for the pair: that calibration is the one to make again. */
function wristRollFindings(arm: ArmState, counterpart: ArmState): Finding[] {
  const { calibration: mine } = arm;
  const { calibration: theirs } = counterpart;
  if (mine instanceof CalibrationError || theirs instanceof CalibrationError) return [];
  if (isFullTurn(mine.wrist_roll) || !isFullTurn(theirs.wrist_roll)) return [];
  const { range_min, range_max } = mine.wrist_roll;
  const message =
    `${nameOfArm(arm)}: wrist_roll was calibrated from ${range_min} to ${range_max}, but the ` +
    `${nameOfArm(counterpart)} has it as a full turn: the wrists will turn by different angles — ` +
    "calibrate this arm again";
  return [{ code: "wrist_roll ranges", severity: "warning", joint: "wrist_roll", message }];
}

function isFullTurn({ range_min, range_max }: JointCalibration): boolean {
  return range_min === 0 && range_max === 4095;
}

function onlyOne(joints: readonly JointName[]): { joint?: JointName } {
  return joints.length === 1 ? { joint: joints[0]! } : {};
}

/** `a`, `a and b`, `a, b and c`. */
function list(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
