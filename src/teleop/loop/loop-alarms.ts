/** What the loop tells while it runs: obstacles, unwinding, a leader that jumped or had its torque on. */
import { JOINT_COUNT, JOINTS, type JointName } from "../../arm/joints.ts";
import type { LoopContext } from "./loop.ts";

const GRIPPER = JOINTS.indexOf("gripper");

/** Tells it. {@link look} allocates nothing while nothing changes. */
export class LoopAlarms {
  readonly #context: Pick<LoopContext, "drive" | "alarms" | "sink" | "follower" | "leaderArm">;
  /** The sides of obstacles that were told, by joint. */
  readonly #told = new Int8Array(JOINT_COUNT);
  #toldTorque = false;

  constructor(context: LoopContext) {
    this.#context = context;
  }

  /** Raises and clears the alarms of obstacles. */
  look(): void {
    const { drive } = this.#context;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const side = drive.motionOf(joint).obstacleSide;
      if (side !== this.#told[joint]) this.#obstructed(joint, side);
    }
  }

  /** A full-turn joint goes back the long way. */
  unwinds(joint: JointName): void {
    const problem = { code: "joint.unwinds", arm: this.#context.follower.arm, joint } as const;
    this.#context.sink({ kind: "notice", severity: "info", problem });
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

  #obstructed(joint: number, side: number): void {
    const { alarms, follower } = this.#context;
    this.#told[joint] = side;
    const name = `follower.obstructed.${joint}`;
    if (side === 0) {
      alarms.clear(name);
      return;
    }
    const problem = { code: "joint.obstructed", arm: follower.arm, joint: JOINTS[joint]! } as const;
    alarms.raise(name, joint === GRIPPER ? "info" : "warning", problem);
  }
}
