/** An episode while it is recorded: samples of the control loop become frames, normalised as LeRobot has them. */
import type { ApiSample } from "../api/protocol.ts";
import type { Calibration } from "../arm/calibration/calibration.ts";
import { type NormalisationMode, normalise } from "../arm/calibration/normalisation.ts";
import { JOINT_COUNT, JOINTS } from "../arm/joints.ts";
import type { Gap } from "../dataset/gaps.ts";
import { steps } from "../feetech/units.ts";

/** What was read of the follower longer ago than so many frames is of another frame: that one counts as lost. */
const STALE_FRAMES = 1.5;
/** Where nothing was read for longer than this the pair did something else, s. */
const LONGEST_GAP_S = 1;

/** How the positions of a pair are normalised. */
export interface Normalising {
  readonly leader: Calibration;
  readonly follower: Calibration;
  readonly mode: NormalisationMode;
}

/** What has become of a sample. */
export type Taken =
  /** It is a frame, or nothing that is missed. */
  | "taken"
  /** The episode is as long as it is to be. */
  | "complete"
  /** The pair does not follow any more. */
  | "not following"
  /** There was nothing from the pair for too long. */
  | "gap";

/** The frames of one episode. */
export class EpisodeTake {
  readonly #fps: number;
  readonly #most: number;
  readonly #normalising: Normalising;
  #action = new Float32Array(JOINT_COUNT * 1_024);
  #state = new Float32Array(JOINT_COUNT * 1_024);
  #length = 0;
  #first: number | undefined;
  #lost = 0;
  readonly #gaps: Gap[] = [];

  /** Of `most` frames at most, so many a second. */
  constructor(fps: number, most: number, normalising: Normalising) {
    this.#fps = fps;
    this.#most = most;
    this.#normalising = normalising;
  }

  /** How many frames there are. */
  get length(): number {
    return this.#length;
  }

  /** How many of them were not read. */
  get lost(): number {
    return this.#lost;
  }

  /** Where those are. */
  get gaps(): readonly Gap[] {
    return this.#gaps;
  }

  /** The leader's positions as they were read, normalised: six of each frame. */
  get action(): Float32Array {
    return this.#action.subarray(0, this.#length * JOINT_COUNT);
  }

  /** The follower's likewise, as they were found just before the leader was read. */
  get state(): Float32Array {
    return this.#state.subarray(0, this.#length * JOINT_COUNT);
  }

  /** Takes in the next sample of those that come so many a second. The first frame is the first in which the pair follows. */
  take(sample: ApiSample): Taken {
    const { state, frame, leader, follower } = sample;
    if (state !== "following") return this.#length === 0 ? "taken" : "not following";
    if (frame === undefined || leader.includes(null) || follower.includes(null) || this.#isStale(sample)) {
      return "taken";
    }
    this.#first ??= frame;
    const at = frame - this.#first;
    if (at < this.#length) return "taken";
    const missing = at - this.#length;
    if (missing > LONGEST_GAP_S * this.#fps) return "gap";
    if (missing > 0) this.#repeat(Math.min(missing, this.#most - this.#length));
    if (this.#length < this.#most) this.#add(leader as number[], follower as number[]);
    return this.#length === this.#most ? "complete" : "taken";
  }

  #isStale({ timeUs, followerUs }: ApiSample): boolean {
    return followerUs === null || timeUs - followerUs > (STALE_FRAMES * 1e6) / this.#fps;
  }

  #add(leader: readonly number[], follower: readonly number[]): void {
    this.#makeRoom();
    const { mode, ...arms } = this.#normalising;
    const at = this.#length * JOINT_COUNT;
    for (const [index, joint] of JOINTS.entries()) {
      this.#action[at + index] = normalise(steps(leader[index]!), arms.leader[joint], joint, mode);
      this.#state[at + index] = normalise(steps(follower[index]!), arms.follower[joint], joint, mode);
    }
    this.#length++;
  }

  /** Time goes on in an episode, whatever was lost of it. */
  #repeat(frames: number): void {
    this.#gaps.push({ from: this.#length, frames });
    this.#lost += frames;
    for (let count = 0; count < frames; count++) {
      this.#makeRoom();
      const at = this.#length * JOINT_COUNT;
      for (const values of [this.#action, this.#state]) values.copyWithin(at, at - JOINT_COUNT, at);
      this.#length++;
    }
  }

  #makeRoom(): void {
    if ((this.#length + 1) * JOINT_COUNT <= this.#action.length) return;
    this.#action = twice(this.#action);
    this.#state = twice(this.#state);
  }
}

function twice(values: Float32Array): Float32Array<ArrayBuffer> {
  const longer = new Float32Array(values.length * 2);
  longer.set(values);
  return longer;
}
