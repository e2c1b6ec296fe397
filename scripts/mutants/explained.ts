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

const DRIVE = "src/teleop/loop/drive.ts";
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
    file: DRIVE,
    line: "readonly approaching = new Uint8Array(JOINT_COUNT).fill(1);",
    changes: [
      "new Uint8Array(JOINT_COUNT).fill(1) → new Uint8Array(JOINT_COUNT).fill(2)",
      "new Uint8Array(JOINT_COUNT).fill(1) → new Uint8Array(JOINT_COUNT).fill(0)",
    ],
    reason: "switching the torque on sets it for every joint, and nothing moves before",
  },
  {
    file: DRIVE,
    line: "readonly #velocities = new Int32Array(JOINT_COUNT).fill(-1);",
    changes: [
      "new Int32Array(JOINT_COUNT).fill(-1) → new Int32Array(JOINT_COUNT).fill(1)",
      "-1 → -2",
      "-1 → -0",
    ],
    reason: "switching the torque on writes every velocity, whatever it was",
  },
  {
    file: DRIVE,
    line: "this.#writeGoals(true);",
    changes: ["this.#writeGoals(true) → this.#writeGoals(false)"],
    reason: "every joint approaches then, so that its velocity is written anyhow",
  },
  {
    file: DRIVE,
    line: "const retreats = this.obstructed[joint]! * distance < 0 || this.resting[joint] === 1;",
    changes: ["this.obstructed[joint]! * distance → this.obstructed[joint]! / distance"],
    reason: "the sign is the same, and a goal without a distance does not move",
  },
  {
    file: DRIVE,
    line: "const retreats = this.obstructed[joint]! * distance < 0 || this.resting[joint] === 1;",
    changes: ["this.obstructed[joint]! * distance < 0 → this.obstructed[joint]! * distance < (-1)"],
    reason: "one step is not further than either speed goes in a tick",
  },
  {
    file: DRIVE,
    line: "const passed = distance * this.#distances[joint]! < 0 && Math.abs(distance) <= this.#followStep;",
    changes: ["distance * this.#distances[joint]! < 0 → distance * this.#distances[joint]! < (-1)"],
    reason: "a goal one step from its target has met it anyhow",
  },
  {
    file: DRIVE,
    line: "const passed = distance * this.#distances[joint]! < 0 && Math.abs(distance) <= this.#followStep;",
    changes: ["Math.abs(distance) <= this.#followStep → Math.abs(distance) < this.#followStep"],
    reason: "only where a tick's allowance is a whole number of steps, and then either is right",
  },
  {
    file: DRIVE,
    line: "} else if (++this.#unmoved[joint]! >= OBSTRUCTED_AFTER_READINGS && this.resting[joint] === 0) {",
    changes: ["++this.#unmoved[joint]! → --this.#unmoved[joint]!"],
    reason: "the byte wraps to 255, which the second reading finds just as well",
  },
  {
    file: DRIVE,
    line: "this.#followed[joint] = 1 - this.approaching[joint]!;",
    changes: ["1 - this.approaching[joint]! → 1 + this.approaching[joint]!"],
    reason: "only 1 counts, and only a joint that follows gets it either way",
  },
  {
    file: DRIVE,
    line: "if (this.obstructed[joint] === 0) this.#followed[joint] = 1 - this.approaching[joint]!;",
    changes: ["1 - this.approaching[joint]! → 1 + this.approaching[joint]!"],
    reason: "only 1 counts, and only a joint that follows gets it either way",
  },
  {
    file: DRIVE,
    line: "this.#followed[joint] = 0;",
    changes: [
      "without this.#followed[joint] = 0;",
      "this.#followed[joint] = 0 → this.#followed[joint] = 1",
      "this.#followed[joint] = 0 → this.#followed[joint] = (-1)",
    ],
    reason: "an obstacle, or the next rest, sets it before it is read",
  },
  {
    file: DRIVE,
    line: "if ((target - furthest) * side > 0) return furthest;",
    changes: ["(target - furthest) * side → (target - furthest) / side"],
    reason: "the side is 1 or −1",
  },
  {
    file: DRIVE,
    line: "const beside = (target - this.#seen[joint]!) * side <= 0;",
    changes: ["(target - this.#seen[joint]!) * side → (target - this.#seen[joint]!) / side"],
    reason: "the side is 1 or −1",
  },
  {
    file: DRIVE,
    line: "this.#velocities[joint] = -1;",
    changes: ["this.#velocities[joint] = -1 → this.#velocities[joint] = 1", "-1 → -2"],
    reason: "any number that is no goal velocity will do",
  },
  {
    file: DRIVE,
    line: "for (let joint = 0; joint < JOINT_COUNT; joint++) {",
    changes: ["joint = 0 → joint = (-1)", "joint < JOINT_COUNT → joint <= JOINT_COUNT"],
    reason: "there is no such joint: zeros are read, and what is written beyond an array is dropped",
  },
  {
    file: DRIVE,
    line: "this.#kept[joint] = held ? 1 : 0;",
    changes: ["held ? 1 : 0 → held ? 1 : (-1)"],
    reason: "only 1 counts",
  },
];
