/** One look at an arm's servos, as a table for people and as an event for programs. */
import { styleText } from "node:util";
import type { Calibration } from "../../arm/calibration.ts";
import { errorMeanings } from "../../arm/findings.ts";
import { idOf, JOINTS, type JointName, nameWithId } from "../../arm/joints.ts";
import { normalise } from "../../arm/normalisation.ts";
import type { ServoFigures } from "../../arm/telemetry.ts";
import type { BusCounters } from "../../feetech/counters.ts";
import { STEPS_PER_TURN } from "../../feetech/registers.ts";

/** What was read of an arm. */
export interface Sample {
  readonly name: string;
  /** In the joints' order; null where there was no answer. */
  readonly joints: readonly (ServoFigures | null)[];
  /** What is missing, and what to do. */
  readonly trouble: string | undefined;
  readonly counters?: BusCounters;
  /** What positions are normalised by. */
  readonly calibration?: Calibration | undefined;
}

/** The table's lines, in 80 columns. */
export function tableOf({ name, joints, counters, calibration }: Sample): string[] {
  const rows = JOINTS.map((joint, index) => row(joint, joints[index]!, counters, calibration));
  const bus =
    counters === undefined
      ? ""
      : `bus: ${counters.total("timeout")} timeouts, ${counters.total("corrupted")} damaged replies, ` +
        `${counters.noiseBytes} bytes of noise`;
  return [
    styleText("bold", name),
    "",
    styleText(
      "dim",
      columns("", "position", "", "speed", "load", "current", "volts", "temp", "torque", "lost"),
    ),
    ...rows,
    "",
    styleText("dim", bus),
  ];
}

/** What is wrong, in sentences. */
export function complaintsOf({ joints, trouble }: Sample): string[] {
  const errors = JOINTS.flatMap((joint, index) =>
    (joints[index]?.errors ?? []).map((bit) => `${nameWithId(joint)} reports ${errorMeanings[bit]}`),
  );
  return [...errors, ...(trouble === undefined ? [] : [trouble])].map((one) => styleText("yellow", one));
}

function row(
  joint: JointName,
  figures: ServoFigures | null,
  counters: BusCounters | undefined,
  calibration: Calibration | undefined,
): string {
  const lost = `${lostOf(joint, counters)}`;
  if (figures === null) return columns(joint, "no answer", "", "", "", "", "", "", "", lost);
  const { positionSteps, speedStepsPerS, loadPercent, currentMa, voltageV, temperatureC, torqueOn } = figures;
  const percent = normalised(joint, positionSteps, calibration);
  return columns(
    joint,
    `${positionSteps}`,
    percent === undefined ? "" : `${percent.toFixed(1)} %`,
    `${Math.round((speedStepsPerS * 360) / STEPS_PER_TURN)} °/s`,
    `${loadPercent.toFixed(0)} %`,
    `${currentMa} mA`,
    `${voltageV.toFixed(1)} V`,
    `${temperatureC} °C`,
    torqueOn ? "on" : "off",
    lost,
  );
}

function columns(joint: string, ...cells: readonly string[]): string {
  const widths = [9, 9, 9, 6, 8, 7, 6, 7, 5] as const;
  return joint.padEnd(14) + cells.map((cell, index) => cell.padStart(widths[index]!)).join("");
}

/** A calibration in the servos need not be one that can be used. */
function normalised(
  joint: JointName,
  steps: number,
  calibration: Calibration | undefined,
): number | undefined {
  const own = calibration?.[joint];
  return own === undefined || own.range_min >= own.range_max
    ? undefined
    : normalise(steps, own, joint, "range");
}

function lostOf(joint: JointName, counters: BusCounters | undefined): number {
  const id = idOf(joint);
  return counters === undefined ? 0 : counters.of(id, "timeout") + counters.of(id, "corrupted");
}

/** The sample as an event. */
export function eventOf({ name, joints, trouble, counters, calibration }: Sample) {
  return {
    event: "sample",
    time: new Date().toISOString(),
    arm: name,
    trouble: trouble ?? null,
    noiseBytes: counters?.noiseBytes ?? 0,
    joints: Object.fromEntries(
      JOINTS.map((joint, index) => {
        const figures = joints[index];
        if (!figures) return [joint, null];
        const percent = normalised(joint, figures.positionSteps, calibration) ?? null;
        return [joint, { ...figures, positionPercent: percent, lostReplies: lostOf(joint, counters) }];
      }),
    ),
  };
}
