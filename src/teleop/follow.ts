/** The control loop: read the leader, map, limit, write the follower, on an absolute time grid. */
import { JOINT_COUNT, JOINTS, nameWithId } from "../arm/joints.ts";
import { isPosition, positionsRead, SERVO_IDS } from "../arm/read.ts";
import type { Bus } from "../feetech/bus.ts";
import { namesOfErrorBits, STEPS_PER_TURN } from "../feetech/registers.ts";
import { nowUs, sleepUntilUs } from "../serial/clock.ts";
import type { FollowerDrive } from "./drive.ts";
import type { Tell } from "./events.ts";
import { HealthWatch } from "./health.ts";
import { Command, type PairState, type SharedState } from "./shared.ts";

/**
 * How long the loop waits for the leader's answers. Six servos need 1 to 2 ms; beyond some ms the next reading is
 * worth more than this one.
 */
const LEADER_TIMEOUT_US = 10_000;

/** Counters are copied to the shared memory every so many ticks. */
const PUBLISH_EVERY_TICKS = 16;

/** Reports of the same joint's error bits are at least this far apart. */
const REPORT_EVERY_US = 10_000_000;

/** Why the loop ended. A lost port ends it with the {@link PortError} instead. */
export type FollowEnd =
  /** The main thread asks for something. */
  | { readonly kind: "command" }
  /** No fresh leader position for the configured time. */
  | { readonly kind: "leader silent" }
  /** The process did not run for as long: stopped, suspended or starved. */
  | { readonly kind: "stalled"; readonly forMs: number }
  /** A follower's servo no longer answers, or was reset by a loss of power. */
  | { readonly kind: "follower silent" | "follower reset"; readonly joint: number };

/** What the loop works on. */
export interface FollowContext {
  readonly leader: Bus;
  readonly follower: Bus;
  readonly drive: FollowerDrive;
  /** For each joint the follower's goal by the leader's raw position. */
  readonly goalTables: readonly Int16Array[];
  readonly rateHz: number;
  readonly holdAfterMs: number;
  readonly shared: SharedState;
  readonly tell: Tell;
  /** How messages name the follower. */
  readonly followerName: string;
  /** Enters a state of the pair. */
  enter(state: PairState, why: string): void;
}

/** One run of the loop, from the follower energised where it is to whatever ends it. */
export class FollowLoop {
  readonly #context: FollowContext;
  readonly #health: HealthWatch;
  readonly #positions = positionsRead();
  readonly #targets = new Int32Array(JOINT_COUNT);
  readonly #reportedBits = new Uint8Array(JOINT_COUNT);
  readonly #reportedUs = new Float64Array(JOINT_COUNT).fill(-REPORT_EVERY_US);
  #hasTargets = false;
  #following = false;

  constructor(context: FollowContext) {
    this.#context = context;
    this.#health = new HealthWatch(context.follower, context.drive, context.shared);
  }

  /** Runs until something ends it. Allocates nothing while nothing changes. Throws {@link PortError}. */
  run(): FollowEnd {
    const { shared, rateHz, holdAfterMs } = this.#context;
    const periodUs = 1e6 / rateHz;
    const holdAfterUs = holdAfterMs * 1e3;
    let dueUs = nowUs();
    let freshUs = dueUs;
    let countedUs = dueUs;
    for (let tick = 0; ; tick++) {
      const startUs = nowUs();
      const lateUs = startUs - dueUs;
      if (lateUs > holdAfterUs) return { kind: "stalled", forMs: Math.round(lateUs / 1e3) };
      shared.countLateness(lateUs);
      if (shared.command !== Command.none) return { kind: "command" };

      if (this.#followOnce(startUs)) freshUs = startUs;
      else if (startUs - freshUs > holdAfterUs) return { kind: "leader silent" };
      if (this.#health.verdict !== "well") {
        return { kind: `follower ${this.#health.verdict}`, joint: this.#health.joint };
      }

      shared.count("ticks");
      shared.count("loopUs", startUs - countedUs);
      countedUs = startUs;
      if (tick % PUBLISH_EVERY_TICKS === 0) this.#publishCounters();
      dueUs += periodUs;
      const behindUs = nowUs() - dueUs;
      if (behindUs > periodUs) {
        const missed = Math.floor(behindUs / periodUs);
        shared.count("missedTicks", missed);
        dueUs += missed * periodUs;
      }
      sleepUntilUs(dueUs);
    }
  }

  /** One tick's work; true when the leader gave a fresh position. */
  #followOnce(startUs: number): boolean {
    const { leader, drive, shared } = this.#context;
    leader.request(this.#positions);
    // While the leader answers, what the follower has answered to the tick before is taken in.
    this.#health.poll(startUs);
    const fresh = leader.collect(this.#positions, startUs + LEADER_TIMEOUT_US) && this.#map();
    if (fresh) this.#health.clearLine(nowUs());
    if (!fresh) shared.count("leaderMisses");
    else if (this.#health.verdict === "well" && this.#health.isCertain) {
      const met = drive.step(this.#targets);
      if (met && !this.#following) this.#enterFollowing();
      this.#publishPositions();
    }
    this.#reportErrorBits(startUs);
    this.#health.request(nowUs());
    return fresh;
  }

  /** Leader's positions to follower's goals. False when something read is no position: then nothing has changed. */
  #map(): boolean {
    const positions = this.#positions;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      if (!isPosition(positions.value(joint, "present_position"))) return false;
    }
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const target = this.#context.goalTables[joint]![positions.value(joint, "present_position")]!;
      const jump = Math.abs(target - this.#targets[joint]!);
      if (this.#hasTargets && jump > STEPS_PER_TURN / 2) this.#unwind(joint);
      this.#targets[joint] = target;
    }
    this.#hasTargets = true;
    return true;
  }

  /** A target that jumps by more than half a turn has crossed the seam of a full-turn joint. */
  #unwind(joint: number): void {
    const { drive, tell, followerName } = this.#context;
    if (drive.approaching[joint] === 1) return;
    drive.approaching[joint] = 1;
    const name = nameWithId(JOINTS[joint]!);
    tell({
      kind: "notice",
      severity: "info",
      message: `${followerName}: ${name} unwinds slowly, because the leader's crossed the end of its turn`,
    });
  }

  #enterFollowing(): void {
    this.#following = true;
    this.#context.enter("following", "the follower has reached the leader's pose");
  }

  #publishPositions(): void {
    const { shared, drive } = this.#context;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      shared.setJoint(joint, "leaderPosition", this.#positions.value(joint, "present_position"));
      shared.setJoint(joint, "goal", drive.goals[joint]!);
    }
  }

  #publishCounters(): void {
    const { shared, leader, follower } = this.#context;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const id = SERVO_IDS[joint]!;
      shared.setJoint(
        joint,
        "leaderMisses",
        leader.counters.of(id, "timeout") + leader.counters.of(id, "corrupted"),
      );
      shared.setJoint(
        joint,
        "followerMisses",
        follower.counters.of(id, "timeout") + follower.counters.of(id, "corrupted"),
      );
    }
    shared.setCounter(
      "corruptedReplies",
      leader.counters.total("corrupted") + follower.counters.total("corrupted"),
    );
    shared.setCounter("noiseBytes", leader.counters.noiseBytes + follower.counters.noiseBytes);
  }

  #reportErrorBits(startUs: number): void {
    const { shared, tell, followerName } = this.#context;
    const { joint } = this.#health;
    const bits = this.#context.follower.errorBytes[SERVO_IDS[joint]!]!;
    const fresh = bits & ~this.#reportedBits[joint]!;
    this.#reportedBits[joint] = bits;
    if (fresh === 0 || startUs - this.#reportedUs[joint]! < REPORT_EVERY_US) return;
    this.#reportedUs[joint] = startUs;
    const names = namesOfErrorBits(bits).join(" and ");
    const figures = `${shared.joint(joint, "voltage") / 10} V, ${shared.joint(joint, "temperature")} °C`;
    const name = nameWithId(JOINTS[joint]!);
    tell({
      kind: "notice",
      severity: "warning",
      message: `${followerName}: ${name} reports ${names} (${figures})`,
    });
  }
}
