/** Where the loop takes the leader's positions from: its bus, or another machine. */

/** A source of the leader's positions. Nothing of it allocates. */
export interface LeaderSource {
  /** The positions last read, in steps, in the joints' order; valid once {@link collect} has returned true. */
  readonly positions: Int32Array;
  /** Where the leader is, for who wants to know, in steps; `UNKNOWN_STEPS` where that is not known. */
  readonly shown: ArrayLike<number>;
  /** Begins a reading, at `nowUs`. */
  request(nowUs: number): void;
  /** Ends the reading that began at `askedUs`, and waits for it where it must; true when the positions are fresh. */
  collect(askedUs: number): boolean;
  /** Whether it is read on a bus of ours, where a reading that does not come is a loss. */
  readonly isOnBus: boolean;
  /**
   * How long after a tick is due by the grid it is still waited for what comes by itself, µs: it is acted upon when it
   * comes. 0 where nothing does.
   */
  readonly graceUs: number;
  /** Blocks the thread until `untilUs`; where readings come by themselves until one does, but not before `fromUs`. */
  wait(untilUs: number, fromUs: number): void;
  /** How long a reading takes at most, for what is known of the way to the leader, µs: beyond that something is wrong. */
  readonly usualUs: number;
  /** Whether it stands where it was until it says otherwise: it is fresh all the time then. */
  readonly stands: boolean;
  /** Whether it jumps as it likes, as no hand can: further than half a turn is not across the seam of one. */
  readonly mayJump: boolean;
  /** Whether readings are slower than over a cable: then they may come unevenly. */
  readonly isSlow: boolean;
  /** Takes the joint that has jumped further than a hand can have moved it since the last call; −1 for none. */
  takeJump(): number;
  /** Begins what has time until the next tick, at `nowUs`; called in a tick with fresh positions only. */
  useSlack(nowUs: number): void;
  /** Takes in what {@link useSlack} has begun. Called at the start of a tick, and when the loop ends. */
  endSlack(): void;
  /** Whether a servo of the leader was found with its torque on, which it must never be, and it is time to end that. */
  mustLoseTorque(nowUs: number): boolean;
  /** Switches the leader's torque off. Whether that was heard is checked in a slack that comes. */
  switchTorqueOff(nowUs: number): void;
}
