/** What the loop tells while it runs: obstacles, stalls, unwinding, a leader that jumped or had its torque on. */
import { GRIPPER, JOINT_COUNT, JOINTS, type JointName } from "../../arm/joints.ts";
import type { LoopContext } from "./loop.ts";

/** A leader that trembles at the seam crosses it again and again: that is over when it has not for so long. */
const SEAM_LEFT_AFTER_US = 5_000_000;

/** Alarms' names begin so; a joint's number follows. */
const OBSTRUCTED = "follower.obstructed.";
const STALLED = "follower.stalled.";
const UNWINDS = "follower.unwinds.";

/** Tells it. {@link look} allocates nothing while nothing changes. */
export class LoopAlarms {
  readonly #context: Pick<LoopContext, "drive" | "alarms" | "sink" | "follower" | "leaderArm" | "clock">;
  /** The sides of obstacles that were told, by joint. */
  readonly #told = new Int8Array(JOINT_COUNT);
  /** Whether a stall was told, by joint: 1 or 0. */
  readonly #toldStall = new Uint8Array(JOINT_COUNT);
  /** When the leader's joints crossed the seam last, if the follower's have not settled since; else 0. */
  readonly #crossedUs = new Float64Array(JOINT_COUNT);
  #toldTorque = false;

  constructor(context: LoopContext) {
    this.#context = context;
    // Whatever stops a joint, or has it unwind, is found afresh in each run.
    for (const beginning of [OBSTRUCTED, STALLED, UNWINDS]) context.alarms.clearQuietly(beginning);
  }

  /** Raises and clears the alarms of what comes and goes. */
  look(): void {
    const { drive } = this.#context;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const { obstacleSide, isEased, isSlow } = drive.motionOf(joint);
      if (obstacleSide !== this.#told[joint]) this.#obstructed(joint, obstacleSide);
      if (Number(isEased) !== this.#toldStall[joint]) this.#stalled(joint, isEased);
      if (this.#crossedUs[joint] !== 0 && !isSlow) this.#settle(joint);
    }
  }

  /** The leader's joint crosses the seam of its turn: unless it aligns already, the follower's goes back the long way. */
  crossesSeam(joint: number): void {
    const { alarms, clock, drive, follower } = this.#context;
    this.#crossedUs[joint] = clock.nowUs();
    if (drive.motionOf(joint).mode === "aligning") return;
    const problem = { code: "joint.unwinds", arm: follower.arm, joint: JOINTS[joint]! } as const;
    alarms.raise(`${UNWINDS}${joint}`, "info", problem);
  }

  /** The leader is where no hand can have moved it. */
  leaderJumped(joint: JointName): void {
    const { alarms, leaderArm } = this.#context;
    alarms.raise("leader.jumped", "warning", { code: "leader.jumped", arm: leaderArm, joint });
    alarms.clearQuietly("leader.jumped");
  }

  /** The leader's torque was on, and was switched off; told once in a run of the loop. */
  leaderHadTorque(): void {
    if (this.#toldTorque) return;
    this.#toldTorque = true;
    const problem = { code: "leader.torque-on", arm: this.#context.leaderArm, unconfirmed: [] } as const;
    this.#context.sink({ kind: "notice", severity: "warning", problem });
  }

  #stalled(joint: number, isEased: boolean): void {
    const { alarms, follower } = this.#context;
    this.#toldStall[joint] = Number(isEased);
    const name = `${STALLED}${joint}`;
    if (!isEased) {
      alarms.clear(name);
      return;
    }
    const problem = { code: "joint.stalled", arm: follower.arm, joint: JOINTS[joint]! } as const;
    alarms.raise(name, "warning", problem);
  }

  #settle(joint: number): void {
    const { alarms, clock } = this.#context;
    if (clock.nowUs() - this.#crossedUs[joint]! < SEAM_LEFT_AFTER_US) return;
    this.#crossedUs[joint] = 0;
    alarms.clear(`${UNWINDS}${joint}`);
  }

  #obstructed(joint: number, side: number): void {
    const { alarms, follower } = this.#context;
    this.#told[joint] = side;
    const name = `${OBSTRUCTED}${joint}`;
    if (side === 0) {
      alarms.clear(name);
      return;
    }
    const problem = { code: "joint.obstructed", arm: follower.arm, joint: JOINTS[joint]! } as const;
    alarms.raise(name, joint === GRIPPER ? "info" : "warning", problem);
  }
}
