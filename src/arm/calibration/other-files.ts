/** Files that people take for an SO-101 arm's calibration, and that are something else: each with its own cure. */
import { JOINTS } from "../joints.ts";
import type { Remedy } from "../remedy.ts";
import { CALIBRATE, PULL } from "./error.ts";

/** What a file is, as a fact, and what to do about it. */
export interface OtherKind {
  readonly what: string;
  readonly remedies: readonly Remedy[];
}

/** What is in a file's JSON, where it is known and no SO-101 arm's calibration; else undefined. */
export function ofAnotherKind(content: unknown): OtherKind | undefined {
  if (typeof content !== "object" || content === null) return undefined;
  const entries = content as Record<string, unknown>;
  if (OLD_KEYS.some((key) => Array.isArray(entries[key]))) return OLD_FORMAT;
  if (JOINTS.some((joint) => Object.hasOwn(entries, `arm_${joint}`))) return LEKIWI;
  const ids = JOINTS.map((joint) => (entries[joint] as { id?: unknown } | null | undefined)?.id);
  return ids.every((id, index) => id === index + 1 + JOINTS.length) ? SECOND_ARM : undefined;
}

/** Files from before June 2025 hold one array a quantity, not one object a joint. */
const OLD_KEYS = ["homing_offset", "drive_mode", "start_pos"];

const OLD_FORMAT: OtherKind = {
  what: "LeRobot's format from before June 2025, which this program and today's LeRobot cannot use",
  remedies: [CALIBRATE],
};

/** LeKiwi has its arm and its wheels on one bus, and names the arm's joints by it. */
const LEKIWI: OtherKind = {
  what:
    `a LeKiwi's calibration, whose joints are named arm_${JOINTS[0]} and so on; the servos of its arm hold the same ` +
    "numbers",
  remedies: [PULL],
};

/** Two arms on one bus have the ids 1 to 6 and 7 to 12. */
const SECOND_ARM: OtherKind = {
  what:
    "a second arm's calibration on one bus, with the ids 7 to 12, while each arm here has a bus of its own and the ids " +
    "1 to 6; the servos hold the same numbers",
  remedies: [{ do: "setup-motors" }],
};

/** What Windows' PowerShell makes of a text that is redirected into a file. */
export const UTF_16: OtherKind = {
  what: "its text is UTF-16, as Windows' PowerShell writes it, and must be UTF-8",
  remedies: [{ do: "save as UTF-8" }],
};

/** Whether the bytes of a JSON file are UTF-16: by its mark, or by the zero in its first character. */
export function isUtf16(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false;
  const [first, second, third] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true;
  return (first === 0 && second !== 0) || (first !== 0 && second === 0 && third !== 0);
}
