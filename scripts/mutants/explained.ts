/** Mutants that no test can tell from the original, or need not, each with the reason. */

/** Survivors of one line that are known. */
export interface Explained {
  /** Relative to the project's root. */
  readonly file: string;
  /** The line's text, trimmed: lines move. */
  readonly line: string;
  /** As the report prints them. */
  readonly changes: readonly string[];
  readonly reason: string;
}

const WRITER = "src/teleop/loop/goal-writer.ts";
const TORQUE = "src/teleop/loop/torque-switch.ts";
const MOTION = "src/teleop/loop/joint-motion.ts";
const DECIDE = "src/teleop/state/decide.ts";
const PACKET = "src/feetech/packet.ts";

export const explained: readonly Explained[] = [
  {
    file: PACKET,
    line: "for (let i = 0; i < count; i++) out[5 + i] = params[i]!;",
    changes: ["i < count → i <= count"],
    reason: "the byte too much is where the checksum is put next",
  },
  {
    file: PACKET,
    line: "id = 0;",
    changes: ["id = 0; → id = 1;", "id = 0; → id = (-1);"],
    reason: "says something only of a packet that was found",
  },
  {
    file: PACKET,
    line: "code = 0;",
    changes: ["code = 0; → code = 1;", "code = 0; → code = (-1);"],
    reason: "says something only of a packet that was found",
  },
  {
    file: PACKET,
    line: "params = 0;",
    changes: ["params = 0; → params = 1;", "params = 0; → params = (-1);"],
    reason: "says something only of a packet that was found",
  },
  {
    file: PACKET,
    line: "paramCount = 0;",
    changes: ["paramCount = 0; → paramCount = 1;", "paramCount = 0; → paramCount = (-1);"],
    reason: "says something only of a packet that was found",
  },
  {
    file: PACKET,
    line: "constructor(bytes: Uint8Array = new Uint8Array(4 * MAX_PACKET_SIZE)) {",
    changes: ["4 * MAX_PACKET_SIZE → 5 * MAX_PACKET_SIZE", "4 * MAX_PACKET_SIZE → 3 * MAX_PACKET_SIZE"],
    reason: "any room from two packets on will do",
  },
  {
    file: PACKET,
    line: "next(paramCount = -1): boolean {",
    changes: ["-1 → -2"],
    reason: "any negative number stands for every length",
  },
  {
    file: PACKET,
    line: "if (verdict > 0) {",
    changes: ["verdict > 0 → verdict > 1"],
    reason: "no packet is a single byte long",
  },
  {
    file: PACKET,
    line: "nextAfterSilence(paramCount = -1): boolean {",
    changes: ["-1 → -2"],
    reason: "any negative number stands for every length",
  },
  {
    file: PACKET,
    line: "return false;",
    changes: ["without return false;"],
    reason: "undefined is as false",
  },
  {
    file: PACKET,
    line: "if (bytes[start] !== 0xff || bytes[start + 1] !== 0xff) return -1;",
    changes: ["-1 → -2"],
    reason: "any negative verdict refuses the candidate",
  },
  {
    file: PACKET,
    line: "if (bytes[start + 2]! > BROADCAST_ID) return -1;",
    changes: ["-1 → -2"],
    reason: "any negative verdict refuses the candidate",
  },
  {
    file: PACKET,
    line: "if (length < 2 || (paramCount >= 0 && length !== paramCount + 2)) return -1;",
    changes: ["-1 → -2"],
    reason: "any negative verdict refuses the candidate",
  },
  {
    file: PACKET,
    line: "return -1;",
    changes: ["-1 → -2"],
    reason: "any negative verdict refuses the candidate",
  },
  {
    file: PACKET,
    line: "} else if (this.bytes.length - this.end < MAX_PACKET_SIZE) {",
    changes: [
      "this.bytes.length - this.end < MAX_PACKET_SIZE → this.bytes.length - this.end <= MAX_PACKET_SIZE",
    ],
    reason: "with room for exactly one packet it may move what is left, or not",
  },
  {
    file: WRITER,
    line: "readonly #velocities = new Int32Array(JOINT_COUNT).fill(-1);",
    changes: [
      "new Int32Array(JOINT_COUNT).fill(-1) → new Int32Array(JOINT_COUNT).fill(1)",
      "-1 → -2",
      "-1 → -0",
    ],
    reason: "switching the torque on writes every velocity, whatever it was",
  },
  {
    file: TORQUE,
    line: "for (let attempt = 0; attempt < TORQUE_ON_TRIES; attempt++) {",
    changes: ["attempt < TORQUE_ON_TRIES → attempt <= TORQUE_ON_TRIES"],
    reason: "a servo that has taken no goal by then may be told once more",
  },
  {
    file: WRITER,
    line: "this.#velocities[joint] = -1;",
    changes: ["this.#velocities[joint] = -1 → this.#velocities[joint] = 1", "-1 → -2"],
    reason: "any number that is no goal velocity will do",
  },
  ...["#carry = 0;", "#distance = 0;", "#seen = 0;", "#unmoved = 0;", "#side = 0;", "#reached = 0;"].map(
    (line) => ({
      file: MOTION,
      line,
      changes: [`${line} → ${line.replace("0", "1")}`, `${line} → ${line.replace("0", "(-1)")}`],
      reason: "a motion begins before any of it counts",
    }),
  ),
  {
    file: MOTION,
    line: "#wasFollowing = false;",
    changes: ["#wasFollowing = false; → #wasFollowing = true;"],
    reason: "what is read of it is set where the joint is stopped, or rests",
  },
  {
    file: MOTION,
    line: "const passed = distance * this.#distance < 0 && Math.abs(distance) <= following;",
    changes: ["distance * this.#distance < 0 → distance * this.#distance < (-1)"],
    reason: "a goal one step from its target has met it anyhow",
  },
  {
    file: MOTION,
    line: "return true;",
    changes: ["without return true;"],
    reason: "what is met follows, unless it must be slow: the line below says so too, but for that",
  },
  {
    file: MOTION,
    line: "this.#wasFollowing = false;",
    changes: [
      "without this.#wasFollowing = false;",
      "this.#wasFollowing = false → this.#wasFollowing = true",
    ],
    reason: "resumed, it aligns; an obstacle, or the next rest, sets it before it is read",
  },
  {
    file: MOTION,
    line: "if ((target - furthest) * side > 0) return furthest;",
    changes: ["(target - furthest) * side → (target - furthest) / side"],
    reason: "the side is 1 or −1",
  },
  {
    file: MOTION,
    line: "const beside = (target - this.#seen) * side <= 0;",
    changes: ["(target - this.#seen) * side → (target - this.#seen) / side"],
    reason: "the side is 1 or −1",
  },
  {
    file: MOTION,
    line: "return aligning;",
    changes: ["without return aligning;"],
    reason: "the next case gives the same where nothing stops the joint",
  },
  {
    file: MOTION,
    line: "return this.#wasFollowing && this.#side * distance < 0 ? following : aligning;",
    changes: [
      "this.#side * distance → this.#side / distance",
      "this.#side * distance < 0 → this.#side * distance <= 0",
      "this.#side * distance < 0 → this.#side * distance < 1",
      "this.#side * distance < 0 → this.#side * distance < (-1)",
    ],
    reason: "the sign is the same, and a goal within a step of where it should be is there with either speed",
  },
  ...["LOOK_AGAIN_MS = 100", "RECHECK_FAULT_MS = 200", "WATCH_LEADER_MS = 20"].map((line) => {
    const value = Number(line.split(" = ")[1]);
    return {
      file: DECIDE,
      line: `export const ${line};`,
      changes: [value + 1, value - 1].map((other) => `${line} → ${line.replace(`${value}`, `${other}`)}`),
      reason: "a time that nobody measures to the ms",
    };
  }),
];
