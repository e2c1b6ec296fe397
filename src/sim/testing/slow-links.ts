/** Slow ways between host and boards, in virtual time, and what the goals that come of them are worth. */
import { BROADCAST_ID, Instruction } from "../../feetech/packet.ts";
import { registers } from "../../feetech/registers.ts";
import { degrees, degreesToSteps } from "../../feetech/units.ts";
import { ARMS, JOINTS } from "../arm/joints.ts";
import type { MotionPlan } from "../arm/motion.ts";
import type { BytesEntry, RecordEntry } from "../record/entries.ts";
import { randomFrom } from "./random.ts";
import { bytesOf, decoderOf } from "./record.ts";
import type { VirtualArms } from "./virtual-arms.ts";

/** What is added to each reply of both arms, ms, and by how much more that varies, at random. */
export interface ReplyDelays {
  readonly leader: number;
  readonly follower: number;
  readonly jitter?: number;
}

/** What a pair is held to, and measured with. A cable's own round trip is 0.125 ms here. */
export const MEASURED_DELAYS: readonly ReplyDelays[] = [
  { leader: 0.125, follower: 0.125 },
  { leader: 1, follower: 1 },
  { leader: 5, follower: 5 },
  { leader: 8, follower: 8 },
  { leader: 16, follower: 16 },
  { leader: 20, follower: 20 },
  { leader: 0.125, follower: 5 },
  { leader: 0.125, follower: 11 },
  { leader: 0.125, follower: 16 },
  { leader: 2, follower: 2, jitter: 8 },
];

/** What goals were worth over a while. */
export interface GoalFigures {
  readonly goalsPerS: number;
  /** The share of goals that equal the mapping of one of the last two complete readings of the leader, for every joint. */
  readonly exact: number;
  /** From the least to the greatest place that each joint of the follower was at, as a share of the targets'. */
  readonly amplitude: number;
  /** Packets that met on the line. */
  readonly collisions: number;
}

/** What the board itself takes each way: with this the delays are all that there is to tell. */
const BOARD_US = 60;
const SWING = degreesToSteps(degrees(30));
const FRAMES_PER_S = 100;
const SAMPLE_EVERY_US = 5_000;
const GOAL = registers.goal_position.address;

/** Makes the replies of both arms late. The same jitter each time. */
export function delayReplies({ boards }: VirtualArms, delays: ReplyDelays): void {
  for (const name of ARMS) {
    const random = randomFrom(name === "leader" ? 1 : 2);
    boards[name].usbUs = BOARD_US;
    boards[name].replyDelayUs = () => (delays[name] + (delays.jitter ?? 0) * random()) * 1e3;
  }
}

/** All joints swing by ±30° at 1 Hz around the middles of their ranges. */
export function swing(arms: VirtualArms): MotionPlan {
  const middles = arms.boards.leader.arm.servos.map((servo) => {
    const { min_position_limit, max_position_limit } = servo.values(arms.clock.nowUs());
    return (min_position_limit + max_position_limit) / 2;
  });
  const keyframes = Array.from({ length: FRAMES_PER_S + 1 }, (_, frame) => {
    const away = SWING * Math.sin((2 * Math.PI * frame) / FRAMES_PER_S);
    const positions = Object.fromEntries(JOINTS.map((joint, index) => [joint, middles[index]! + away]));
    return { atS: frame / FRAMES_PER_S, positions };
  });
  return { keyframes, between: "linear" };
}

/** Notes where the joints of the follower truly are, all the time. */
export class PlaceWatch {
  readonly #least = JOINTS.map(() => Number.POSITIVE_INFINITY);
  readonly #greatest = JOINTS.map(() => Number.NEGATIVE_INFINITY);

  constructor({ clock, boards }: VirtualArms, fromUs: number, toUs: number) {
    const look = (atUs: number) => {
      clock.at(atUs, () => {
        const { arm } = boards.follower;
        arm.advance(atUs);
        for (const [index, servo] of arm.servos.entries()) {
          const { position } = servo.actuator;
          this.#least[index] = Math.min(this.#least[index]!, position);
          this.#greatest[index] = Math.max(this.#greatest[index]!, position);
        }
        if (atUs < toUs) look(atUs + SAMPLE_EVERY_US);
      });
    };
    look(fromUs);
  }

  /** From the least to the greatest place of each joint, steps. */
  get spans(): number[] {
    return this.#greatest.map((greatest, index) => greatest - this.#least[index]!);
  }
}

/**
 * Judges the follower's goals from `fromUs` to `toUs`. `targets` has for each joint where the follower belongs by the
 * leader's reading.
 */
export function judgeGoals(
  record: readonly RecordEntry[],
  targets: readonly ArrayLike<number>[],
  { fromUs, toUs, places }: { readonly fromUs: number; readonly toUs: number; readonly places: PlaceWatch },
): GoalFigures {
  const entries = [...record].sort((a, b) => a.t - b.t);
  const readings = new LeaderReadings(targets);
  let goals = 0;
  let exact = 0;
  let collisions = 0;
  for (const entry of entries) {
    if (entry.t >= toUs) break;
    const counts = entry.t >= fromUs;
    if (entry.kind === "reply" && entry.arm === "leader") readings.reply(entry, counts);
    if (counts && entry.kind === "event" && entry.event === "collision") collisions++;
    if (!counts || entry.kind !== "request" || entry.arm !== "follower") continue;
    const goal = goalsIn(bytesOf(entry));
    if (goal === undefined) continue;
    goals++;
    if (readings.lastTwo.some((reading) => reading.every((target, index) => target === goal[index]))) exact++;
  }
  const amplitudes = places.spans.map((span, index) => span / readings.span(index));
  return {
    goalsPerS: (goals * 1e6) / (toUs - fromUs),
    exact: exact / Math.max(goals, 1),
    amplitude: amplitudes.reduce((sum, each) => sum + each, 0) / amplitudes.length,
    collisions,
  };
}

/** The leader's readings that all six servos answered, as targets. */
class LeaderReadings {
  lastTwo: readonly (readonly number[])[] = [];
  readonly #targets: readonly ArrayLike<number>[];
  readonly #least = JOINTS.map(() => Number.POSITIVE_INFINITY);
  readonly #greatest = JOINTS.map(() => Number.NEGATIVE_INFINITY);
  #reading: number[] = [];

  constructor(targets: readonly ArrayLike<number>[]) {
    this.#targets = targets;
  }

  /** From the least to the greatest target of a joint, steps. */
  span(joint: number): number {
    return this.#greatest[joint]! - this.#least[joint]!;
  }

  /** Positions come alone, or with the registers behind them. The spans are of those that count. */
  reply(entry: BytesEntry, counts: boolean): void {
    const decoder = decoderOf(entry);
    while (decoder.next()) {
      const { id, params, paramCount } = decoder;
      if (paramCount < 2 || paramCount > 8 || paramCount % 2 !== 0) continue;
      if (id !== this.#reading.length + 1) this.#reading = [];
      if (id !== this.#reading.length + 1) continue;
      const target =
        this.#targets[id - 1]![decoder.bytes[params]! | (decoder.bytes[params + 1]! << 8)] ?? Number.NaN;
      this.#reading.push(target);
      if (this.#reading.length < JOINTS.length) continue;
      this.lastTwo = [this.#reading, ...this.lastTwo.slice(0, 1)];
      for (const [joint, each] of counts ? this.#reading.entries() : []) {
        this.#least[joint] = Math.min(this.#least[joint]!, each);
        this.#greatest[joint] = Math.max(this.#greatest[joint]!, each);
      }
      this.#reading = [];
    }
  }
}

/** The goals that a request gives to all six servos, in the joints' order; undefined when it is no such request. */
function goalsIn(packet: Uint8Array): number[] | undefined {
  const [, , id, , instruction, address, size] = packet;
  if (id !== BROADCAST_ID || instruction !== Instruction.syncWrite || address !== GOAL) return undefined;
  return JOINTS.map((_, index) => {
    const at = 8 + index * (size! + 1);
    return packet[at]! | (packet[at + 1]! << 8);
  });
}
