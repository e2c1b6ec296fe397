/**
 * The way through an episode's frames in time. Between two frames it goes straight, so that at 30 frames a second the
 * follower is not sent on in 30 jerks a second; the pose of each frame itself is sent, at its time.
 */
import { JOINT_COUNT } from "../../arm/joints.ts";
import { STEPS_PER_TURN } from "../../feetech/units.ts";
import type { Commands } from "./commands.ts";

/** A joint that is further away a frame later has crossed the seam of its turn: there is no way between to be gone. */
const SEAM_FROM = STEPS_PER_TURN / 2;

/** Points in time, a constant period apart, each with a pose: those of the frames, and some between two. */
export class EpisodePath {
  /** How many points there are. */
  readonly points: number;
  /** From one to the next, µs. */
  readonly periodUs: number;
  readonly #commands: Commands;
  readonly #perFrame: number;

  /** Frames come at `fps`; points not less often than `rateHz`, which is that of the follower's goals. */
  constructor(commands: Commands, fps: number, rateHz: number) {
    this.#commands = commands;
    this.#perFrame = Math.max(Math.ceil(rateHz / fps), 1);
    this.points = (commands.frames - 1) * this.#perFrame + 1;
    this.periodUs = 1e6 / fps / this.#perFrame;
  }

  /** From the first frame to the last, µs. */
  get durationUs(): number {
    return (this.points - 1) * this.periodUs;
  }

  /** The frame of a point, or the one before it. */
  frameAt(point: number): number {
    return Math.floor(point / this.#perFrame);
  }

  /** The newest point that is due so many µs after the first. */
  pointAt(us: number): number {
    return Math.min(Math.max(Math.floor(us / this.periodUs), 0), this.points - 1);
  }

  /** Writes the pose of a point, in steps. */
  pose(point: number, into: { [joint: number]: number }): void {
    const frame = this.frameAt(point);
    const share = (point % this.#perFrame) / this.#perFrame;
    const { positions } = this.#commands;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const from = positions[frame * JOINT_COUNT + joint]!;
      const way = share === 0 ? 0 : positions[(frame + 1) * JOINT_COUNT + joint]! - from;
      into[joint] = Math.abs(way) > SEAM_FROM ? from : Math.round(from + way * share);
    }
  }
}
