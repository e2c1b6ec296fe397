/** A service's status in words and tables, 80 columns wide. */
import type { JointStatus, Status } from "../../api/protocol.ts";
import { isGrasp } from "../../arm/checks/grasp.ts";
import { armsRead, JOINTS, rolesHere } from "../../arm/joints.ts";
import { steps, stepsPerS, stepsToDegrees } from "../../feetech/units.ts";
import { styled } from "../../linux/text/styled.ts";
import { visible } from "../../linux/text/visible.ts";
import { sayRoundTrip } from "../../messages/round-trip.ts";
import { describeDriver } from "./driver.ts";
import { duration, localTime } from "./times.ts";

/**
 * Describes a status, the newest event last, or first for a screen that may have no room for all. Times are the
 * reader's; `now` is when it was received. The tables fit 80 columns; sentences may be longer.
 */
export function describeStatus(
  status: Status,
  { newest = "last", now = new Date() }: { readonly newest?: "first" | "last"; readonly now?: Date } = {},
): string[] {
  const { latenessUs, ticks, lateTicks } = status;
  const roles = rolesHere(armsRead(status));
  const asked = status.mode === "running" ? "" : ` (${status.mode})`;
  const since = (time: string) => duration(now.getTime() - Date.parse(time));
  const events = status.events.map(
    ({ time, message, code }) => `${localTime(time)} ${visible(message)} [${code}]`,
  );
  return [
    `${styled("bold", status.state)}${asked} for ${since(status.since)}: ${visible(status.why)}`,
    ...jointsWithErrors(status),
    ...jointsUnderLoad(status),
    ...status.activeAlarms.map(({ code, message }) => styled("yellow", `now: ${visible(message)} [${code}]`)),
    ...describeDriver(status, now),
    ...describeRecording(status),
    `pair ${status.pair}, process ${status.pid}, so101 ${status.program}, up for ${since(status.startedAt)}`,
    `${status.rateHz} of ${status.configuredRateHz} Hz, ${lateTicks} of ${ticks + lateTicks} ticks too late, ` +
      `p99 ${latenessUs.p99} µs late`,
    ...roles.flatMap((role) => [
      styled(
        "dim",
        columns(role, "position", "", "speed", "load", "current", "volts", "temp", "torque", "lost"),
      ),
      ...JOINTS.map((joint) => row(joint, status.arms[role].joints[joint])),
    ]),
    ...roles.map((role) => {
      const { timeouts, lateReplies, corruptedReplies, noiseBytes, retries } = status.arms[role];
      const counts =
        `${timeouts} timeouts, ${lateReplies} late, ${corruptedReplies} damaged, ${retries} asked again, ` +
        `${noiseBytes} bytes of noise`;
      return styled("dim", `${role} bus: ${counts}`);
    }),
    ...roles.map((role) =>
      styled("dim", `port of the ${role}: ${sayRoundTrip(status.arms[role].roundTripMs)}`),
    ),
    ...(newest === "first" ? events.toReversed() : events),
  ];
}

/** What is recorded, where somebody does. */
function describeRecording({ recording }: Status): string[] {
  if (recording === undefined) return [];
  const { is, dataset, episode, seconds, saved, lost, message } = recording;
  const gaps = lost === 0 ? "" : `, ${lost} frames lost`;
  const so = is === "recording" ? `episode ${episode}, ${seconds.toFixed(1)} s${gaps}` : is;
  return [
    `recording into ${visible(dataset)}: ${so}, ${saved} saved${message === "" ? "" : ` — ${visible(message)}`}`,
  ];
}

/** A joint that stands still so far from its goal carries something: its position loop has no integral part. */
const BEHIND_FROM_DEG = 2;
const STILL_BELOW_DEG_PER_S = 2;

/**
 * The joints of the follower that stand still beside their goal: an arm's own weight, or what it holds, keeps them there,
 * and no disagreement of the calibrations, which is never in the goal.
 */
function jointsUnderLoad({ arms, armsHere }: Status): string[] {
  if (armsHere === "leader") return [];
  return JOINTS.flatMap((joint) => {
    const { positionSteps, goalSteps, speedStepsPerS, torqueOn, loadPercent } = arms.follower.joints[joint];
    if (positionSteps === null || goalSteps === null || speedStepsPerS === null || torqueOn !== true)
      return [];
    const behind = Math.abs(stepsToDegrees(steps(goalSteps - positionSteps)));
    const speed = Math.abs(stepsToDegrees(stepsPerS(speedStepsPerS)));
    if (behind < BEHIND_FROM_DEG || speed > STILL_BELOW_DEG_PER_S) return [];
    const load = loadPercent === null ? "its load" : `a load of ${Math.abs(loadPercent).toFixed(0)} %`;
    return (
      `follower ${joint} stays behind its goal by ${behind.toFixed(1)}°, under ${load}: ` +
      "that is no disagreement of the two arms"
    );
  });
}

function row(joint: string, figures: JointStatus): string {
  const cell = (value: number | null, unit: string, digits = 0) =>
    value === null ? "–" : `${value.toFixed(digits)}${unit}`;
  const degrees = figures.speedStepsPerS === null ? null : stepsToDegrees(stepsPerS(figures.speedStepsPerS));
  return columns(
    joint,
    cell(figures.positionSteps, ""),
    cell(figures.positionNormalised, "", 1),
    cell(degrees, " °/s"),
    cell(figures.loadPercent, " %"),
    cell(figures.currentMa, " mA"),
    cell(figures.voltageV, " V", 1),
    cell(figures.temperatureC, " °C"),
    figures.torqueOn === null ? "–" : figures.torqueOn ? "on" : "off",
    `${figures.misses}`,
  );
}

function columns(joint: string, ...cells: readonly string[]): string {
  const widths = [8, 8, 9, 7, 8, 7, 7, 7, 5] as const;
  return joint.padEnd(14) + cells.map((cell, index) => cell.padStart(widths[index]!)).join("");
}

function jointsWithErrors(status: Status): string[] {
  return rolesHere(armsRead(status)).flatMap((role) =>
    JOINTS.flatMap((joint) => {
      const { torqueOn, errors: all } = status.arms[role].joints[joint];
      const errors = all.filter((error) => !isGrasp(joint, torqueOn, error));
      return errors.length === 0 ? [] : [styled("yellow", `${role} ${joint} reports: ${errors.join(", ")}`)];
    }),
  );
}
