/** The ranges: recording every joint's while the person moves it, until it is complete. */
import { ROUND_JOINT } from "../../arm/calibration/flaws.ts";
import type { JointSweep, SweepTrouble } from "../../arm/calibration/sweep.ts";
import { type JointName, nameWithId } from "../../arm/joints.ts";
import { type Steps, steps } from "../../feetech/units.ts";
import type { OpenArm } from "../arm-session.ts";
import { Interrupted } from "../errors.ts";
import type { Operator } from "../operator.ts";
import { pause } from "../pause.ts";
import type { Homing } from "./middle.ts";
import { MOVED_STEPS, Sweep } from "./sweep.ts";

/** A joint's range, 0…4095. */
export interface Range {
  readonly min: Steps;
  readonly max: Steps;
}

/** wrist_roll goes round for ever: LeRobot gives it the full turn and does not have it swept. */
const FULL_TURN: Range = { min: steps(0), max: steps(4095) };

const LOOK_EVERY_MS = 10;
const HINT_EVERY_MS = 5_000;
/** Without a person: nothing has moved for so long, so the sweep is over … */
const COMPLETE_AFTER_MS = 3_000;
/** … or will not be completed. */
const GIVE_UP_AFTER_MS = 30_000;

/**
 * Records the range of every joint in `homing`. Ends when the person says so; without one after `sweepForS`, or once
 * every joint was moved and nothing moves any more. Throws Error that says which joint cannot be used and what to do;
 * {@link PortError}; {@link Interrupted}.
 */
export async function sweepRanges(
  arm: OpenArm,
  homing: Homing,
  operator: Operator,
  sweepForS?: number,
): Promise<ReadonlyMap<JointName, Range>> {
  const swept = [...homing.keys()].filter((joint) => joint !== ROUND_JOINT);
  const ranges = new Map<JointName, Range>();
  if (homing.has(ROUND_JOINT)) ranges.set(ROUND_JOINT, FULL_TURN);
  if (swept.length === 0) return ranges;
  const sweep = new Sweep(arm, homing, swept);
  operator.progress(
    { step: "ranges", joints: swept },
    `Move ${swept.join(", ")} from end to end, slowly, one after the other.` +
      (homing.has(ROUND_JOINT) ? ` ${ROUND_JOINT} turns round and round: leave it.` : ""),
  );
  for (;;) {
    if (operator.attended && sweepForS === undefined) await sweepLive(sweep, operator);
    else await sweepUnattended(sweep, operator, sweepForS);
    const troubled = sweep.joints.filter(({ trouble }) => trouble !== undefined);
    if (troubled.length === 0) break;
    await goOn(arm, troubled, operator);
  }
  for (const { joint, min, max } of sweep.joints) ranges.set(joint, { min, max });
  return ranges;
}

/** Says what is wrong, and asks whether to go on where going on can cure it. Throws otherwise. */
async function goOn(arm: OpenArm, troubled: readonly JointSweep[], operator: Operator): Promise<void> {
  const what = troubled.map((joint) => `${nameWithId(joint.joint)} ${explain(joint)}`).join("; ");
  const curable = troubled.every(({ trouble }) => trouble === "too little");
  if (operator.attended && curable) {
    operator.tell("warning", `${what}.`);
    if (await operator.ask("Go on moving?")) return;
    throw new Interrupted(`${arm.name}: nothing was changed`);
  }
  throw new Error(`${arm.name}: ${what} — nothing was changed; calibrate it again`);
}

const advice: Readonly<Record<SweepTrouble, string>> = {
  "too little": "move it from one end of its range to the other",
  "passed the seam":
    "passed the seam of its encoder, between 4095 and 0: it was not in the middle of its range at first — " +
    "bring it to the middle of where it can go",
  "too much":
    "went nearly all the way round, which a joint between two stops cannot: check that its horn is screwed tight and that " +
    "nothing of it is broken",
  "lost sight": "moved faster than it could be followed: move it more slowly, and check its lead",
};

function explain({ trouble, min, max }: JointSweep): string {
  if (trouble !== "too little") return advice[trouble!];
  const how = max - min < MOVED_STEPS ? "was not moved" : `was moved by ${max - min} steps only`;
  return `${how}: ${advice[trouble]}`;
}

async function sweepLive(sweep: Sweep, operator: Operator): Promise<void> {
  const live = operator.live("every joint was moved from end to end");
  try {
    while (!live.isDone) {
      sweep.look();
      live.draw(sweep.picture);
      await Promise.race([live.done, pause(LOOK_EVERY_MS, operator.signal)]);
    }
  } finally {
    live.end();
  }
}

async function sweepUnattended(
  sweep: Sweep,
  operator: Operator,
  sweepForS: number | undefined,
): Promise<void> {
  const startedAtMs = performance.now();
  let hintAtMs = startedAtMs + HINT_EVERY_MS;
  for (;;) {
    sweep.look();
    const now = performance.now();
    if (sweepForS !== undefined) {
      if (now - startedAtMs >= sweepForS * 1000) return;
    } else {
      const stillForMs = now - Math.max(sweep.movedAtMs, startedAtMs);
      if (stillForMs > (sweep.isComplete ? COMPLETE_AFTER_MS : GIVE_UP_AFTER_MS)) return;
    }
    if (now >= hintAtMs) {
      hintAtMs = now + HINT_EVERY_MS;
      const missing = sweep.joints
        .filter(({ trouble }) => trouble === "too little")
        .map(({ joint }) => joint);
      if (missing.length > 0) {
        operator.tell("info", `Still to be moved from end to end: ${missing.join(", ")}`);
      }
    }
    await pause(LOOK_EVERY_MS, operator.signal);
  }
}
