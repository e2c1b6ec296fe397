/** A sample of an arm's servos, as a table for people and as an event for programs. */
import type { Calibration } from "../../arm/calibration/calibration.ts";
import { normalise } from "../../arm/calibration/normalisation.ts";
import { isGrasp } from "../../arm/checks/grasp.ts";
import { JOINTS, type JointName, nameWithId } from "../../arm/joints.ts";
import { type Steps, stepsPerS, stepsToDegrees } from "../../feetech/units.ts";
import { styled } from "../../linux/text/styled.ts";
import { errorMeanings } from "../../messages/error-bits.ts";
import type { Sample, SampledFigures } from "../../workflows/monitor/sample.ts";

/** The table's lines, in 80 columns. */
export function tableOf({ name, joints, bus, calibration, via }: Sample): string[] {
  const rows = JOINTS.map((joint, index) => row(joint, joints[index]!, bus?.lost[index] ?? 0, calibration));
  const counted =
    bus &&
    `bus: ${bus.timeouts} timeouts, ${bus.corrupted} damaged replies, ${bus.noiseBytes} bytes of noise`;
  return [
    styled("bold", name),
    ...(via === undefined ? [] : [`read through ${via}`]),
    "",
    styled("dim", columns("", "position", "", "speed", "load", "current", "volts", "temp", "torque", "lost")),
    ...rows,
    "",
    styled("dim", counted ?? ""),
  ];
}

/** What is wrong, in sentences. */
export function complaintsOf({ joints, trouble }: Sample): string[] {
  const errors = JOINTS.flatMap((joint, index) => {
    const figures = joints[index];
    return (figures?.errors ?? [])
      .filter((bit) => !isGrasp(joint, figures!.torqueOn, bit))
      .map((bit) => `${nameWithId(joint)} reports ${errorMeanings[bit].what} — ${errorMeanings[bit].cure}`);
  });
  return [...errors, ...(trouble === undefined ? [] : [trouble])].map((one) => styled("yellow", one));
}

function row(
  joint: JointName,
  figures: SampledFigures | null,
  lost: number,
  calibration: Calibration | undefined,
): string {
  if (figures === null) return columns(joint, "no answer", "", "", "", "", "", "", "", `${lost}`);
  const { positionSteps, speedStepsPerS, torqueOn } = figures;
  const percent = normalised(joint, positionSteps, calibration);
  const degreesPerS = speedStepsPerS === null ? null : stepsToDegrees(stepsPerS(speedStepsPerS));
  return columns(
    joint,
    cell(positionSteps, ""),
    percent === null ? "" : `${percent.toFixed(1)} %`,
    cell(degreesPerS, " °/s"),
    cell(figures.loadPercent, " %"),
    cell(figures.currentMa, " mA"),
    cell(figures.voltageV, " V", 1),
    cell(figures.temperatureC, " °C"),
    torqueOn === null ? "–" : torqueOn ? "on" : "off",
    `${lost}`,
  );
}

/** Rounded as people read it, which never is −0. */
function cell(value: number | null, unit: string, digits = 0): string {
  return value === null ? "–" : `${value.toFixed(digits).replace(/^-(?=[0.]+$)/, "")}${unit}`;
}

function columns(joint: string, ...cells: readonly string[]): string {
  const widths = [9, 9, 9, 6, 8, 7, 6, 7, 5] as const;
  return joint.padEnd(14) + cells.map((text, index) => text.padStart(widths[index]!)).join("");
}

/** A calibration in the servos need not be one that can be used. */
function normalised(
  joint: JointName,
  steps: Steps | null,
  calibration: Calibration | undefined,
): number | null {
  const own = calibration?.[joint];
  if (own === undefined || steps === null || own.range_min >= own.range_max) return null;
  return normalise(steps, own, joint, "range");
}

/** The sample as an event. */
export function eventOf({ name, joints, trouble, bus, calibration }: Sample) {
  return {
    event: "sample",
    time: new Date().toISOString(),
    arm: name,
    trouble: trouble ?? null,
    noiseBytes: bus?.noiseBytes ?? 0,
    joints: Object.fromEntries(
      JOINTS.map((joint, index) => {
        const figures = joints[index];
        if (!figures) return [joint, null];
        const positionPercent = normalised(joint, figures.positionSteps, calibration);
        return [joint, { ...figures, positionPercent, lostReplies: bus?.lost[index] ?? 0 }];
      }),
    ),
  };
}
