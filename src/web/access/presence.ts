/**
 * Who is beside the arms can move the leader: three motions that are asked for one after the other, which nobody makes by
 * chance. Time and positions come in from outside.
 */
import { JOINTS, type JointName } from "../../arm/joints.ts";

/** How the leader stands, by joint in their order: degrees, of the gripper 0 (closed) to 1; null while unknown. */
export type LeaderStance = readonly (number | null)[];

/** One motion: a joint, and whether its degrees grow. */
export interface Motion {
  readonly joint: JointName;
  readonly way: "up" | "down";
}

/** How an attempt stands. */
export type Attempt =
  | {
      readonly kind: "going on";
      readonly motion: Motion;
      /** Which of the motions it is, from 1, and how many there are. */
      readonly number: number;
      readonly of: number;
      /** Whether the arm must come to rest first. */
      readonly isResting: boolean;
      /** How much of the motion is made, 0 to 1. */
      readonly progress: number;
    }
  | { readonly kind: "passed" }
  | { readonly kind: "failed"; readonly why: FailedBy };

/** Why an attempt failed. */
export type FailedBy =
  | { readonly because: "time" }
  | { readonly because: "leader silent" }
  /** Somebody has made the pair go on meanwhile: what moves then may be its work. */
  | { readonly because: "resumed" }
  /** Nobody can be beside it: it is reached over a network, or a program plays it. */
  | { readonly because: "elsewhere" }
  /** The leader is on another machine: what is moved there moves nobody here. */
  | { readonly because: "another machine" }
  /** Its calibration leaves no joint the room for a motion. */
  | { readonly because: "no room" }
  /** Another joint was moved than the one that was asked for, or that one the other way. */
  | { readonly because: "wrong motion"; readonly joint: JointName };

const MOTIONS = 3;
const WITHIN_MS = 30_000;
/** Each motion begins from an arm that has stood still: no motion that was going on anyway answers. */
const REST_MS = 500;
const REST_DEG = 2;
const MOTION_DEG = 20;
/** A hand that moves one joint takes others along a little. */
const ANOTHER_DEG = 10;
/** A joint must have the room to be moved that way. */
const ROOM_DEG = 30;
/** Opened wholly, a gripper has turned so far (from −10° to 100°, TheRobotStudio/SO-ARM100). */
const GRIPPER_DEG = 110;

/** How far joints can go, degrees: below and above, in their order; those of the gripper are 0 and 110. */
export type Ranges = readonly (readonly [min: number, max: number])[];

/** One attempt to show that somebody is beside the leader. */
export class Presence {
  readonly #random: () => number;
  readonly #ranges: Ranges;
  readonly #endMs: number;
  readonly #asked: Motion[] = [];
  /** Where the arm stood when the last motion was made; undefined before the first. */
  #made: readonly number[] | undefined;
  #rest: { readonly stance: readonly number[]; readonly sinceMs: number } | undefined;
  /** Where the arm stood when the motion was begun; undefined until it has come to rest. */
  #from: readonly number[] | undefined;
  #result: Attempt;

  /** `random` gives numbers from 0 to less than 1 that nobody can guess. */
  constructor(ranges: Ranges, first: LeaderStance, nowMs: number, random: () => number) {
    this.#ranges = ranges;
    this.#random = random;
    this.#endMs = nowMs + WITHIN_MS;
    this.#result = this.#ask(degreesOf(first));
  }

  /** How it stands. */
  get attempt(): Attempt {
    return this.#result;
  }

  /** Takes in how the leader stands now. */
  see(stance: LeaderStance, nowMs: number): Attempt {
    if (this.#result.kind === "going on") this.#result = this.#judge(degreesOf(stance), nowMs);
    return this.#result;
  }

  #judge(stance: readonly number[] | undefined, nowMs: number): Attempt {
    if (nowMs > this.#endMs) return failed({ because: "time" });
    if (stance === undefined) return failed({ because: "leader silent" });
    const motion = this.#asked.at(-1)!;
    if (this.#from === undefined) {
      const strayed = this.#strayed(stance);
      if (strayed !== undefined) return failed({ because: "wrong motion", joint: strayed });
      if (!this.#hasRested(stance, nowMs)) return this.#goingOn(0);
      this.#from = stance;
      // Whoever has taken the leader up first, has it somewhere else now.
      if (waysOf(motion.joint, stance, this.#ranges).includes(motion.way)) return this.#goingOn(0);
      this.#asked.pop();
      return this.#choose(stance);
    }
    const moved = stance.map((degrees, index) => degrees - this.#from![index]!);
    const asked = JOINTS.indexOf(motion.joint);
    const made = motion.way === "up" ? moved[asked]! : -moved[asked]!;
    const wrong = moved.findIndex((by, index) =>
      index === asked ? made < -ANOTHER_DEG : Math.abs(by) > ANOTHER_DEG,
    );
    if (wrong !== -1) return failed({ because: "wrong motion", joint: JOINTS[wrong]! });
    if (made < MOTION_DEG) return this.#goingOn(Math.max(made / MOTION_DEG, 0));
    if (this.#asked.length === MOTIONS) return { kind: "passed" };
    this.#made = stance;
    return this.#ask(stance);
  }

  /** A joint that has moved while the arm was to come to rest, but for the one that was just moved, and may go on a little. */
  #strayed(stance: readonly number[]): JointName | undefined {
    const moving = this.#asked.at(-2)?.joint;
    return JOINTS.find(
      (joint, index) =>
        joint !== moving &&
        this.#made !== undefined &&
        Math.abs(stance[index]! - this.#made[index]!) > ANOTHER_DEG,
    );
  }

  #hasRested(stance: readonly number[], nowMs: number): boolean {
    const { stance: before, sinceMs } = this.#rest ?? { stance, sinceMs: nowMs };
    const still = stance.every((degrees, index) => Math.abs(degrees - before[index]!) <= REST_DEG);
    this.#rest = still ? { stance: before, sinceMs } : { stance, sinceMs: nowMs };
    return still && nowMs - sinceMs >= REST_MS;
  }

  /** Asks for a motion of a joint that was not asked for yet, to a side on which it has room. */
  #ask(stance: readonly number[] | undefined): Attempt {
    if (stance === undefined) return failed({ because: "leader silent" });
    this.#rest = undefined;
    this.#from = undefined;
    return this.#choose(stance);
  }

  #choose(stance: readonly number[]): Attempt {
    const used = this.#asked.map(({ joint }) => joint);
    const possible = JOINTS.flatMap((joint): Motion[] => {
      if (used.includes(joint)) return [];
      return waysOf(joint, stance, this.#ranges).map((way) => ({ joint, way }));
    });
    const chosen = possible[Math.floor(this.#random() * possible.length)];
    if (chosen === undefined) return failed({ because: "no room" });
    this.#asked.push(chosen);
    return this.#goingOn(0);
  }

  #goingOn(progress: number): Attempt {
    const motion = this.#asked.at(-1)!;
    const isResting = this.#from === undefined;
    return { kind: "going on", motion, number: this.#asked.length, of: MOTIONS, isResting, progress };
  }
}

/** To which sides a joint has the room to be moved. */
function waysOf(joint: JointName, stance: readonly number[], ranges: Ranges): Motion["way"][] {
  const index = JOINTS.indexOf(joint);
  const [[min, max], degrees] = [ranges[index]!, stance[index]!];
  return (["up", "down"] as const).filter(
    (way) => (way === "up" ? max - degrees : degrees - min) >= ROOM_DEG,
  );
}

function failed(why: FailedBy): Attempt {
  return { kind: "failed", why };
}

function degreesOf(stance: LeaderStance): readonly number[] | undefined {
  if (stance.length !== JOINTS.length || stance.some((value) => value === null)) return undefined;
  return stance.map((value, index) => (JOINTS[index] === "gripper" ? value! * GRIPPER_DEG : value!));
}
