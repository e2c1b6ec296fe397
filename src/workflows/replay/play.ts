/** Sending an episode's poses in time, and what becomes of it: the follower is the service's, within all its limits. */
import type { ApiSample, DriveState } from "../../api/protocol.ts";
import { JOINT_COUNT } from "../../arm/joints.ts";
import { nowUs } from "../../linux/clock.ts";
import { Interrupted } from "../errors.ts";
import { pause } from "../pause.ts";
import { Distances, type JointDistance } from "./distance.ts";
import type { EpisodePath } from "./path.ts";

/** Who gives a pair its targets, as far as playing needs it. */
export interface Driver {
  /** How the service says that it is. */
  readonly state: Pick<DriveState, "is" | "state" | "why">;
  /** Why it drives no more; undefined while it does. */
  readonly whyOver: string | undefined;
  /** Sends where the follower is to be, in steps; it never waits. */
  target(steps: ArrayLike<number>): void;
}

/** What was played. */
export interface Played {
  /** Frames whose poses were sent. */
  readonly frames: number;
  /** From the first frame's pose to the last one's, without the time that stood still. */
  readonly seconds: number;
  /** For how long the follower did not follow, so that the episode waited for it. */
  readonly waitedSeconds: number;
  readonly distances: readonly JointDistance[];
}

/** While the follower goes to the first pose, and while it waits, it is told so often. */
const REPEAT_MS = 20;
/** Whatever keeps the follower from being led, after so long nobody waits for it beside the arm any more. */
const GIVEN_UP_AFTER_MS = 10_000;
/** Who has just begun to drive may be told that the follower follows, while that still follows its leader. */
const ALIGNED_FOR_MS = 250;
/** At the slowest aligning speed that can be configured it takes minutes, which is said so often. */
const SAY_AGAIN_MS = 10_000;
/** Who was stopped or kept from the processor for so long goes on where it was: what was missed is never made up for. */
const MISSED_FROM_US = 100_000;
/** The follower lags by a tenth of a second, and the last pose is to be reached. */
const SETTLE_MS = 700;
/** What is told while it goes on: so often at most, and at each tenth of the episode. */
const TELL_EVERY_US = 2_000_000;

/** What is told meanwhile. */
export interface Listener {
  /** It goes to the first pose, and is not there for long. */
  aligning(): void;
  /** So many frames have been played. */
  frames(count: number): void;
  /** The follower does not follow any more: the episode waits. */
  waits(why: string): void;
}

/** Plays an episode by way of `driver`. Interrupted when somebody else ends it, or when `signal` does. */
export class Play {
  readonly #driver: Driver;
  readonly #path: EpisodePath;
  readonly #signal: AbortSignal;
  readonly #listener: Listener;
  readonly #pose = new Int16Array(JOINT_COUNT);
  readonly #distances = new Distances();
  /** When the first point was due, as if the episode had never waited. */
  #startUs = Number.POSITIVE_INFINITY;
  #endUs = Number.POSITIVE_INFINITY;
  #waitedUs = 0;
  #point = 0;
  /** When the follower followed or aligned last, ms. */
  #drivenMs = Number.POSITIVE_INFINITY;

  constructor(driver: Driver, path: EpisodePath, listener: Listener, signal: AbortSignal) {
    this.#driver = driver;
    this.#path = path;
    this.#listener = listener;
    this.#signal = signal;
  }

  /** What was played so far. */
  get played(): Played {
    return {
      frames: this.#startUs === Number.POSITIVE_INFINITY ? 0 : this.#path.frameAt(this.#point) + 1,
      seconds: (this.#point * this.#path.periodUs) / 1e6,
      waitedSeconds: this.#waitedUs / 1e6,
      distances: this.#distances.joints,
    };
  }

  /** Takes in where the follower was, of a sample of the service. */
  see({ timeUs, state, follower }: ApiSample): void {
    if (state !== "following" || timeUs < this.#startUs || timeUs > this.#endUs) return;
    const told = new Int16Array(JOINT_COUNT);
    this.#path.pose(this.#path.pointAt(timeUs - this.#startUs), told);
    this.#distances.add(follower, told);
  }

  /** Leads the follower to the first pose. Throws {@link Interrupted}; an Error where it is not led for long. */
  async align(): Promise<void> {
    let saidMs = performance.now();
    let alignedMs = Number.POSITIVE_INFINITY;
    this.#drivenMs = saidMs;
    for (;;) {
      this.#send(0);
      this.#requireDriven();
      if (!this.#isFollowing) alignedMs = Number.POSITIVE_INFINITY;
      else alignedMs = Math.min(alignedMs, performance.now());
      if (performance.now() - alignedMs > ALIGNED_FOR_MS) return;
      if (performance.now() - saidMs > SAY_AGAIN_MS) {
        this.#listener.aligning();
        saidMs = performance.now();
      }
      await pause(REPEAT_MS, this.#signal);
    }
  }

  /** Plays from the first frame to the last. Throws {@link Interrupted}; an Error where the follower does not follow for long. */
  async play(): Promise<Played> {
    const last = this.#path.points - 1;
    this.#startUs = nowUs();
    let lookedUs = this.#startUs;
    let toldUs = this.#startUs;
    let waits = false;
    while (this.#point < last) {
      const us = nowUs();
      this.#requireDriven();
      const isBehind = us - lookedUs > MISSED_FROM_US;
      if (isBehind || !this.#isFollowing) {
        // From the pose that it has on: nothing of the episode is skipped.
        this.#startUs += us - lookedUs;
        this.#waitedUs += us - lookedUs;
        if (!waits && !this.#isFollowing) this.#listener.waits(this.#state.why);
      }
      waits = !this.#isFollowing;
      lookedUs = us;
      this.#send(waits ? this.#point : this.#path.pointAt(us - this.#startUs));
      if (us - toldUs >= Math.max(TELL_EVERY_US, this.#path.durationUs / 10)) {
        this.#listener.frames(this.played.frames);
        toldUs = us;
      }
      const nextUs = this.#startUs + (this.#point + 1) * this.#path.periodUs;
      await pause(waits ? REPEAT_MS : Math.max(Math.ceil((nextUs - nowUs()) / 1e3), 0), this.#signal);
    }
    this.#endUs = nowUs();
    const settledMs = performance.now() + SETTLE_MS;
    while (performance.now() < settledMs) {
      this.#send(last);
      await pause(REPEAT_MS, this.#signal);
    }
    return this.played;
  }

  /** Throws where the follower has neither followed nor aligned for long: it must not begin to move again by itself. */
  #requireDriven(): void {
    const { state, why } = this.#state;
    const nowMs = performance.now();
    if (state === "aligning" || this.#isFollowing) this.#drivenMs = nowMs;
    if (nowMs - this.#drivenMs < GIVEN_UP_AFTER_MS) return;
    throw new Error(`the follower does not follow for ${GIVEN_UP_AFTER_MS / 1e3} s: it is ${state}, ${why}`);
  }

  #send(point: number): void {
    this.#point = point;
    this.#path.pose(point, this.#pose);
    this.#driver.target(this.#pose);
  }

  get #isFollowing(): boolean {
    const { is, state } = this.#state;
    return is === "driving" && state === "following";
  }

  /** Throws {@link Interrupted} once it is over. */
  get #state(): Driver["state"] {
    const { state, whyOver } = this.#driver;
    if (whyOver !== undefined) throw new Interrupted(whyOver);
    return state;
  }
}
