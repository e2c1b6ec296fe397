/** The sweep: recording every joint's range while the person moves it, live, until it is complete. */
import { encoderAt, positionAt } from "../../arm/calibration/homing.ts";
import { JointSweep, type SweepTrouble } from "../../arm/calibration/sweep.ts";
import { JOINTS, type JointName, nameWithId, type Steps } from "../../arm/joints.ts";
import { isPosition, positionsRead } from "../../arm/read.ts";
import type { Dialogue } from "../../cli/operator/dialogue.ts";
import { sweepTable } from "../../cli/operator/sweep-table.ts";
import { enterPressed, liveScreen } from "../../cli/output/live.ts";
import { nowUs } from "../../linux/clock.ts";
import type { OpenArm } from "../arm-session.ts";
import { Interrupted } from "../errors.ts";
import { pause } from "../pause.ts";
import type { Homing } from "./middle.ts";

/** A joint's range, 0…4095. */
export interface Range {
  readonly min: Steps;
  readonly max: Steps;
}

/** wrist_roll goes round for ever: LeRobot gives it the full turn and does not have it swept. */
const FULL_TURN: Range = { min: 0, max: 4095 };
const ROUND_JOINT: JointName = "wrist_roll";

const LOOK_EVERY_MS = 10;
const DRAW_EVERY_MS = 100;
const HINT_EVERY_MS = 5_000;
/** A joint that does not answer for so long will not. */
const SILENT_AFTER_US = 3_000_000;
/** Without a person: nothing has moved for so long, so the sweep is over … */
const COMPLETE_AFTER_MS = 3_000;
/** … or will not be completed. */
const GIVE_UP_AFTER_MS = 30_000;
/** What counts as moving, against the trembling of a hand. */
const MOVED_STEPS = 20;

/**
 * Records the range of every joint in `homing`. Ends on Enter; without a person after `sweepForS`, or once every joint
 * was moved and nothing moves any more. Throws Error that says which joint cannot be used and what to do;
 * {@link PortError}; {@link Interrupted}.
 */
export async function sweepRanges(
  arm: OpenArm,
  homing: Homing,
  dialogue: Dialogue,
  signal: AbortSignal,
  sweepForS: number | undefined,
): Promise<ReadonlyMap<JointName, Range>> {
  const swept = [...homing.keys()].filter((joint) => joint !== ROUND_JOINT);
  const ranges = new Map<JointName, Range>();
  if (homing.has(ROUND_JOINT)) ranges.set(ROUND_JOINT, FULL_TURN);
  if (swept.length === 0) return ranges;
  const sweep = new Sweep(arm, homing, swept);
  dialogue.event({ event: "step", step: "ranges", joints: swept });
  dialogue.say(
    `Move ${swept.join(", ")} from end to end, slowly, one after the other.` +
      (homing.has(ROUND_JOINT) ? ` ${ROUND_JOINT} turns round and round: leave it.` : ""),
  );
  for (;;) {
    if (dialogue.kind === "terminal" && sweepForS === undefined) await sweepLive(sweep, signal);
    else await sweepUnattended(sweep, dialogue, signal, sweepForS);
    const troubled = sweep.joints.filter(({ trouble }) => trouble !== undefined);
    if (troubled.length === 0) break;
    await goOn(arm, troubled, dialogue);
  }
  for (const { joint, min, max } of sweep.joints) ranges.set(joint, { min, max });
  return ranges;
}

/** Says what is wrong, and asks whether to go on where going on can cure it. Throws otherwise. */
async function goOn(arm: OpenArm, troubled: readonly JointSweep[], dialogue: Dialogue): Promise<void> {
  const what = troubled.map((joint) => `${nameWithId(joint.joint)} ${explain(joint)}`).join("; ");
  const curable = troubled.every(({ trouble }) => trouble === "too little");
  if (dialogue.kind === "terminal" && curable) {
    dialogue.warn(`${what}.`);
    if (await dialogue.confirm("Go on moving?")) return;
    throw new Interrupted(`${arm.name}: nothing was changed`);
  }
  throw new Error(`${arm.name}: ${what} — nothing was changed; run the command again`);
}

const advice: Readonly<Record<SweepTrouble, string>> = {
  "too little": "move it from one end of its range to the other",
  "passed the seam":
    "passed the seam of its encoder, between 4095 and 0: it was not in the middle of its range at first — " +
    "bring it to the middle of where it can go",
  "lost sight": "moved faster than it could be followed: move it more slowly, and check its lead",
};

function explain({ trouble, min, max }: JointSweep): string {
  if (trouble !== "too little") return advice[trouble!];
  const how = max - min < MOVED_STEPS ? "was not moved" : `was moved by ${max - min} steps only`;
  return `${how}: ${advice[trouble]}`;
}

/** The joints being swept, as they are read. */
class Sweep {
  readonly joints: readonly JointSweep[];
  /** When a joint last moved, in ms of `performance.now`. */
  movedAtMs = performance.now();

  readonly #arm: OpenArm;
  readonly #homing: Homing;
  readonly #read = positionsRead();
  readonly #restAt: number[];

  /** The joints stand at the middle, where it was taken. */
  constructor(arm: OpenArm, homing: Homing, swept: readonly JointName[]) {
    this.#arm = arm;
    this.#homing = homing;
    const now = nowUs();
    arm.bus.readAll(this.#read);
    this.joints = swept.map((joint) => new JointSweep(joint, this.#reading(joint), now));
    this.#restAt = this.joints.map(({ position }) => position);
  }

  /** Reads all joints once. Throws Error when one has been silent for long, {@link PortError}. */
  look(): void {
    this.#arm.bus.exchange(this.#read);
    const now = nowUs();
    for (const [index, joint] of this.joints.entries()) {
      if (this.#read.hasAnswerFrom(JOINTS.indexOf(joint.joint))) {
        const raw = this.#read.value(JOINTS.indexOf(joint.joint), "present_position");
        if (isPosition(raw)) joint.see(this.#reading(joint.joint), now);
      }
      if (now - joint.seenAtUs > SILENT_AFTER_US) {
        throw new Error(
          `${this.#arm.name}: no answer from ${nameWithId(joint.joint)} for 3 s — check the arm's power and the leads; ` +
            "its calibration is as it was",
        );
      }
      if (Math.abs(joint.position - this.#restAt[index]!) > MOVED_STEPS) {
        this.#restAt[index] = joint.position;
        this.movedAtMs = performance.now();
      }
    }
  }

  get isComplete(): boolean {
    return this.joints.every(({ trouble }) => trouble === undefined);
  }

  /** What the joint reads with its new offset, which the servo has not got yet. */
  #reading(joint: JointName): Steps {
    const { offsetNow, offset } = this.#homing.get(joint)!;
    return positionAt(
      encoderAt(this.#read.value(JOINTS.indexOf(joint), "present_position"), offsetNow),
      offset,
    );
  }
}

const SWEEP_HINT = "Enter when every joint was moved from end to end; Ctrl-C ends without changes.";

async function sweepLive(sweep: Sweep, signal: AbortSignal): Promise<void> {
  const screen = liveScreen();
  const over = new AbortController();
  let ended = false;
  const enter = enterPressed(AbortSignal.any([signal, over.signal])).then(() => {
    ended = true;
  });
  enter.catch(() => {}); // awaited below
  let drawnAtMs = 0;
  try {
    while (!ended) {
      sweep.look();
      if (performance.now() - drawnAtMs >= DRAW_EVERY_MS) {
        drawnAtMs = performance.now();
        screen.draw(sweepTable(sweep.joints), ["", SWEEP_HINT]);
      }
      await Promise.race([enter, pause(LOOK_EVERY_MS, signal)]);
    }
    screen.draw(sweepTable(sweep.joints));
  } finally {
    over.abort();
    screen.end();
  }
}

async function sweepUnattended(
  sweep: Sweep,
  dialogue: Dialogue,
  signal: AbortSignal,
  sweepForS: number | undefined,
): Promise<void> {
  const startedAtMs = performance.now();
  let hintAtMs = startedAtMs + HINT_EVERY_MS;
  sweep.movedAtMs = startedAtMs;
  for (;;) {
    sweep.look();
    const now = performance.now();
    if (sweepForS !== undefined) {
      if (now - startedAtMs >= sweepForS * 1000) return;
    } else {
      const stillForMs = now - sweep.movedAtMs;
      if (stillForMs > (sweep.isComplete ? COMPLETE_AFTER_MS : GIVE_UP_AFTER_MS)) return;
    }
    if (now >= hintAtMs) {
      hintAtMs = now + HINT_EVERY_MS;
      const missing = sweep.joints
        .filter(({ trouble }) => trouble === "too little")
        .map(({ joint }) => joint);
      if (missing.length > 0) dialogue.say(`Still to be moved from end to end: ${missing.join(", ")}`);
    }
    await pause(LOOK_EVERY_MS, signal);
  }
}
