/** Teleoperation as one live screen on a terminal, 80 columns by 24 lines at the least. */
import { createLogUpdate } from "log-update";
import type { Calibration } from "../../arm/calibration/calibration.ts";
import { type NormalisationMode, normalise } from "../../arm/calibration/normalisation.ts";
import { JOINTS, type JointName, type Role } from "../../arm/joints.ts";
import { entryOf } from "../../daemon/events/event-history.ts";
import type { Output } from "../../daemon/service.ts";
import { describe, type JointSummary, type Summary } from "../../daemon/summary.ts";
import { steps } from "../../feetech/units.ts";
import { isWritable, printLine } from "../../linux/text/stdout.ts";
import { styled, terminalText } from "../../linux/text/styled.ts";
import { visible } from "../../linux/text/visible.ts";
import type { PairState } from "../../teleop/state/states.ts";

const REDRAW_EVERY_MS = 100;
const MESSAGES_KEPT = 6;
const MESSAGE_LINES = 10;

const stateColours: Readonly<Record<PairState, "green" | "yellow" | "red">> = {
  waiting: "yellow",
  connecting: "yellow",
  aligning: "yellow",
  following: "green",
  leading: "green",
  holding: "yellow",
  faulted: "red",
  stopped: "yellow",
};

/** Shows a live screen; when it ends, the last state of it stays. */
export function screenOutput(mode: NormalisationMode, summary: () => Summary): Output {
  const calibrations: Partial<Record<Role, Calibration>> = {};
  const messages: string[] = [];
  const logUpdate = createLogUpdate(process.stdout);
  // A screen that is stopped (Ctrl-S, a lost connection) is left alone: writing to it would block.
  const draw = (...hints: string[]) =>
    isWritable() &&
    logUpdate(terminalText([screen(summary(), calibrations, mode, messages), ...hints].join("\n")));
  const drawLive = () => draw("", styled("dim", "Ctrl-C stops the follower gently and ends."));
  const timer = setInterval(drawLive, REDRAW_EVERY_MS);
  return {
    event(event) {
      if (event.kind === "calibration") calibrations[event.role] = event.calibration;
      const entry = entryOf(event);
      if (entry !== undefined)
        messages.push(`${entry.time.toTimeString().slice(0, 8)} ${visible(entry.message)}`);
      messages.splice(0, messages.length - MESSAGES_KEPT);
      drawLive();
    },
    end() {
      clearInterval(timer);
      draw();
      if (!isWritable()) return;
      logUpdate.done();
      printLine(describe(summary()));
    },
  };
}

function screen(
  summary: Summary,
  calibrations: Partial<Record<Role, Calibration>>,
  mode: NormalisationMode,
  messages: readonly string[],
): string {
  const { state, rateHz, lateTicks, ticks, latenessUs } = summary;
  const position = (joint: JointName, role: Role, steps: number | null) =>
    steps === null ? "–" : inUnits(joint, calibrations[role], steps, mode);
  const row = (joint: JointName, { leader, follower, leaderMisses, followerMisses }: JointSummary) =>
    columns(
      joint,
      position(joint, "leader", leader),
      position(joint, "follower", follower),
      String(leaderMisses),
      String(followerMisses),
    );
  return [
    `${styled(["bold", stateColours[state]], state)}  ${rateHz} Hz, ${lateTicks} of ${ticks + lateTicks} ticks too late, p99 ${latenessUs.p99} µs late`,
    "",
    styled("dim", columns("", "leader", "follower", "leader misses", "follower misses")),
    ...JOINTS.map((joint) => row(joint, summary.joints[joint])),
    "",
    styled(
      "dim",
      `bus errors: ${summary.corruptedReplies} damaged replies, ${summary.noiseBytes} bytes of noise`,
    ),
    "",
    ...lastLines(messages),
  ].join("\n");
}

/** As much of the messages' end as there is room for. */
function lastLines(messages: readonly string[]): string[] {
  const width = process.stdout.columns || 80;
  let lines = 0;
  let first = messages.length;
  while (first > 0) {
    lines += Math.ceil(messages[first - 1]!.length / width);
    if (lines > MESSAGE_LINES) break;
    first--;
  }
  return messages.slice(first);
}

function columns(joint: string, ...cells: readonly string[]): string {
  const widths = [16, 16, 15, 17];
  return joint.padEnd(13) + cells.map((cell, index) => cell.padStart(widths[index]!)).join("");
}

function inUnits(
  joint: JointName,
  calibration: Calibration | undefined,
  position: number,
  mode: NormalisationMode,
): string {
  if (calibration === undefined) return `${position}`;
  const value = normalise(steps(position), calibration[joint], joint, mode);
  const unit = mode === "degrees" && joint !== "gripper" ? "°" : "%";
  return `${value.toFixed(1)} ${unit} (${String(position).padStart(4)})`;
}
