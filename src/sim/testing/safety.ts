/** The safety rules of teleoperation, checked on the record of what the simulated arms were really told. */
import { BROADCAST_ID, Instruction } from "../../feetech/packet.ts";
import { type RegisterName, registers } from "../../feetech/registers.ts";
import { degrees, degreesToSteps, STEPS_PER_TURN } from "../../feetech/units.ts";
import { type ArmName, JOINTS, type JointName } from "../arm/joints.ts";
import type { BytesEntry, CollisionEntry, RecordEntry, ServoEntry } from "../record/entries.ts";
import { RareInstruction } from "../servo/servo.ts";
import { type Owed, OwedWatch } from "./owed.ts";
import { bytesOf, decoderOf } from "./record.ts";
import { type GoalLimits, GoalWatch } from "./speed.ts";

/** What the program under test was set to. */
export interface SafetyLimits extends GoalLimits {
  /** How far a goal may be from the joint's true position when the joint becomes energised, steps; 10 if left out. */
  energiseToleranceSteps?: number;
  /** For each joint, where the follower belongs by the leader's reading 0…4095; what is left out is guessed. */
  targets?: readonly ArrayLike<number>[];
}

/** The rules, by the names under which their violations are reported. */
export type SafetyRule =
  | "leader was given a goal"
  | "leader was given torque"
  | "energised away from its goal"
  | "goal jumped"
  | "goals too fast"
  | "goal to a servo that owes an answer"
  | "goal met a reply on the line"
  | "forbidden instruction"
  | "torque enable 128";

/** A rule that was broken. */
export interface Violation {
  /** When, µs as in the record. */
  t: number;
  arm: ArmName;
  joint?: JointName;
  rule: SafetyRule;
  /** For the person who reads the failed test. */
  message: string;
}

type Energised = Extract<ServoEntry, { event: "energised" }>;

/** A write to EEPROM that changed nothing but the cells' wear: no danger, but waste. */
export interface NeedlessWrite {
  t: number;
  arm: ArmName;
  joint: JointName;
  register: RegisterName;
  value: number;
}

const DEFAULT_TOLERANCE = 10;

/**
 * Firmware that takes no goal outside of the position limits takes the limit instead: a joint that is outside of them
 * may be energised with that, so near and no faster than it aligns.
 */
const CLAMPED_WITHIN_STEPS = Math.ceil(degreesToSteps(degrees(5)));
/** Two loops at 200 Hz leave no such gap in a record, µs. */
const STARVED_FROM_US = 10_000;
/** A servo that keeps up with a ramp may be allowed so much more than the ramp's speed. */
const ALIGNING_MARGIN = 1.25;

/** Checks a record entry by entry, for records that are too long to keep. */
export class SafetyCheck {
  readonly violations: Violation[] = [];
  readonly needlessWrites: NeedlessWrite[] = [];

  readonly #tolerance: number;
  /** The speed that a servo may have while its joint aligns, steps/s. */
  readonly #alignVelocity: number;
  /** The joints that are energised away from their goal, but without any torque. */
  readonly #powerless = new Set<JointName>();
  /** The follower's goals, by joint. */
  readonly #goals: readonly GoalWatch[];
  readonly #targets: readonly ArrayLike<number>[] | undefined;
  readonly #isOfTwo: boolean;
  #lastUs = Number.NEGATIVE_INFINITY;
  readonly #owed = new OwedWatch();
  /** Goals that seem to have been sent to servos that owed an answer, as far as the record has been read. */
  #goalsToOwing: { readonly violation: Violation; owed: Owed[] }[] = [];

  constructor(limits: SafetyLimits) {
    this.#targets = limits.targets;
    this.#isOfTwo = (limits.targetsOfMs ?? 0) > 0;
    this.#tolerance = limits.energiseToleranceSteps ?? DEFAULT_TOLERANCE;
    const alignSpeed = limits.alignSpeedDegPerS ?? limits.followSpeedDegPerS;
    this.#alignVelocity = Math.ceil(degreesToSteps(degrees(alignSpeed)) * ALIGNING_MARGIN);
    this.#goals = JOINTS.map(() => new GoalWatch(limits));
  }

  /**
   * Whether what is read of the leader says where the follower belongs: not while somebody else gives it its targets for
   * long.
   */
  isLed = true;

  /** Somebody other than the leader has given the follower these targets, steps. Told in the order of the record's times. */
  given(atUs: number, targets: ArrayLike<number>): void {
    for (const [joint, watch] of this.#goals.entries()) watch.target(atUs, targets[joint]!);
  }

  /** The follower aligns from here on, with its torque on: with somebody who moves no faster than that. */
  aligns(): void {
    for (const watch of this.#goals) watch.align();
  }

  /** Looks at the next entry. */
  see(entry: RecordEntry): void {
    this.#seeTime(entry.t);
    if (entry.kind === "request") this.#request(entry);
    else if (entry.kind === "reply" && entry.arm === "leader") this.#leaderReply(entry);
    else if (entry.kind === "reply") this.#followerReply(entry);
    // A reply that was delayed comes outside of the line's order.
    else if (entry.kind === "injected" && entry.arm === "follower") this.#followerReply(entry);
    else if (entry.kind === "event" && entry.event === "collision") this.#collision(entry);
    else if (entry.kind === "event" && entry.joint !== undefined) this.#event(entry);
  }

  /** With a leader of another machine, two programs speak all the time: where neither is noted, who notes was kept from it. */
  #seeTime(atUs: number): void {
    const passedUs = atUs - this.#lastUs;
    this.#lastUs = Math.max(this.#lastUs, atUs);
    if (!this.#isOfTwo || passedUs < STARVED_FROM_US || passedUs === Number.POSITIVE_INFINITY) return;
    for (const watch of this.#goals) watch.starved(atUs, passedUs);
    this.#owed.starved(atUs, passedUs);
  }

  /** What the leader's servos say of their positions is what the follower's goals are made of. */
  #leaderReply(entry: BytesEntry): void {
    const decoder = decoderOf(entry);
    // A reading of positions alone, or of positions and velocities.
    while (decoder.next()) {
      const { id, params, paramCount } = decoder;
      if ((paramCount !== 2 && paramCount !== 4) || JOINTS[id - 1] === undefined) continue;
      const raw = decoder.bytes[params]! | (decoder.bytes[params + 1]! << 8);
      const watch = this.#goals[id - 1]!;
      watch.read(entry.t);
      const target = this.#targets?.[id - 1]?.[raw];
      if (target !== undefined && this.isLed) watch.target(entry.t, target);
    }
  }

  #followerReply(entry: BytesEntry): void {
    const decoder = decoderOf(entry);
    while (decoder.next()) this.#answered(entry.t, decoder.id);
  }

  /** The line carries both ways: what meets on it is destroyed. */
  #collision(entry: CollisionEntry): void {
    const packet = Uint8Array.fromHex(entry.hex);
    if (entry.arm !== "follower" || !entry.isExact || !isGoals(packet)) return;
    this.#broken(entry, undefined, "goal met a reply on the line", "both were destroyed");
  }

  #request(entry: BytesEntry): void {
    const packet = bytesOf(entry);
    if (entry.arm === "follower") this.#watchOwed(entry, packet);
    const [, , id, , instruction] = packet as unknown as [number, number, number, number, number];
    const params = packet.subarray(5, -1);
    switch (instruction) {
      case RareInstruction.recovery:
      case RareInstruction.reset:
        this.#broken(entry, undefined, "forbidden instruction", `instruction 0x0${instruction.toString(16)}`);
        break;
      case Instruction.write:
      case RareInstruction.regWrite:
        this.#write(entry, id, params[0]!, params.subarray(1));
        break;
      case Instruction.syncWrite: {
        const [address, size] = params as unknown as [number, number];
        for (let at = 2; at + size < params.length; at += size + 1) {
          this.#write(entry, params[at]!, address, params.subarray(at + 1, at + 1 + size));
        }
        break;
      }
    }
  }

  #watchOwed(entry: BytesEntry, packet: Uint8Array): void {
    this.#owed.request(entry.t, packet);
    if (!isGoals(packet)) return;
    const owed = this.#owed.goals(entry.t);
    if (owed.length === 0) return;
    const [{ joint, sinceUs }] = owed as [Owed];
    const message = `it was asked ${((entry.t - sinceUs) / 1e3).toFixed(1)} ms before, and has not answered since`;
    const violation = this.#broken(entry, joint, "goal to a servo that owes an answer", message);
    this.#goalsToOwing.push({ violation, owed: [...owed] });
  }

  /** What is kept from its processor notes a reply after what came later: whose goals had been answered, owed nothing. */
  #answered(atUs: number, id: number): void {
    this.#owed.reply(atUs, id);
    this.#goalsToOwing = this.#goalsToOwing.filter((goals) => {
      const isBefore = atUs <= goals.violation.t;
      goals.owed = goals.owed.filter(({ joint, sinceUs }) => {
        return !(isBefore && joint === JOINTS[id - 1] && atUs > sinceUs);
      });
      if (goals.owed.length > 0) return true;
      this.violations.splice(this.violations.indexOf(goals.violation), 1);
      return false;
    });
  }

  /** A write of `data` from `address` on, in whatever packet, to one servo or to all. */
  #write(entry: BytesEntry, id: number, address: number, data: Uint8Array): void {
    const joint = JOINTS[id - 1];
    const valueAt = (cell: number) => data[cell - address];
    const torque = valueAt(registers.torque_enable.address);
    if (torque === 128) this.#broken(entry, joint, "torque enable 128", "would move the joint's zero");
    if (entry.arm === "leader") {
      if (torque !== undefined && torque !== 0) {
        this.#broken(entry, joint, "leader was given torque", `torque enable ${torque}`);
      }
      const goalCells = [42, 43, 44, 45, 46, 47].filter((cell) => valueAt(cell) !== undefined);
      if (goalCells.length > 0) {
        this.#broken(entry, joint, "leader was given a goal", `wrote to address ${goalCells.join(", ")}`);
      }
      return;
    }
    const limit = registers.torque_limit.address;
    const force = (valueAt(limit) ?? 0) | (valueAt(limit + 1) ?? 0);
    for (const powerless of force === 0 ? [] : [...this.#powerless]) {
      if (id === BROADCAST_ID || powerless === joint)
        this.#broken(entry, powerless, "energised away from its goal", "its torque limit was raised");
    }
    const low = valueAt(registers.goal_position.address);
    const high = valueAt(registers.goal_position.address + 1);
    if (low === undefined || high === undefined) return;
    const goal = high & 0x80 ? -(low | ((high & 0x7f) << 8)) : low | (high << 8);
    for (const [i, watch] of this.#goals.entries()) {
      if (id !== BROADCAST_ID && id !== i + 1) continue;
      const trouble = watch.goal(entry.t, goal);
      if (trouble) this.#broken(entry, JOINTS[i], trouble.rule, trouble.message);
    }
  }

  #event(entry: ServoEntry): void {
    const { arm, joint } = entry;
    if (entry.event === "eeprom") {
      const { register, before, after, t } = entry;
      if (entry.persisted && before === after) {
        this.needlessWrites.push({ t, arm, joint, register, value: after });
      }
      return;
    }
    if (arm === "leader") return;
    const watch = this.#goals[JOINTS.indexOf(joint)]!;
    if (entry.event === "energised" && entry.cause === "request") {
      watch.energised(entry.t, entry.goal);
      const { goal, position, powerless } = entry;
      const isAway = Math.abs(goal - position) > this.#tolerance && !this.#isClampedNearby(entry);
      if (isAway && powerless) this.#powerless.add(joint);
      else if (isAway) {
        this.#broken(entry, joint, "energised away from its goal", `goal ${goal}, position ${position}`);
      }
    } else if (entry.event === "energised") {
      watch.energised(entry.t, undefined, entry.deafMs);
    } else if (entry.event === "limp" || entry.event === "powered") {
      watch.limp();
      this.#powerless.delete(joint);
    }
  }

  /** The goal is as near to the joint as its firmware takes one. */
  #isClampedNearby({ nearest, goal, position, goalVelocity }: Energised): boolean {
    const isSlow = goalVelocity > 0 && goalVelocity <= this.#alignVelocity;
    return nearest === true && isSlow && Math.abs(goal - position) <= CLAMPED_WITHIN_STEPS;
  }

  #broken(
    { t, arm }: BytesEntry | ServoEntry | CollisionEntry,
    joint: JointName | undefined,
    rule: SafetyRule,
    message: string,
  ): Violation {
    const violation = { t, arm, ...(joint === undefined ? {} : { joint }), rule, message };
    this.violations.push(violation);
    return violation;
  }
}

/** The violations in a record; empty when the rules were kept. */
export function checkSafety(entries: Iterable<RecordEntry>, limits: SafetyLimits): Violation[] {
  const check = new SafetyCheck(limits);
  for (const entry of entries) check.see(entry);
  return check.violations;
}

/** Writes to EEPROM that changed nothing. */
export function needlessWrites(entries: Iterable<RecordEntry>): NeedlessWrite[] {
  const check = new SafetyCheck({ followSpeedDegPerS: STEPS_PER_TURN });
  for (const entry of entries) check.see(entry);
  return check.needlessWrites;
}

/** Whether a packet gives goals to several servos: how the loop writes them. */
function isGoals(packet: Uint8Array): boolean {
  return packet[4] === Instruction.syncWrite && packet[5] === registers.goal_position.address;
}
