/**
 * LeKiwi's wire, as LeRobot 0.3 to 0.6 speaks it: commands in, observations out, each one message of one part, a JSON object.
 * From 0.6.1 on an observation is a header and a picture a camera: without cameras the header alone, which is what those
 * before read as well.
 */
import * as v from "valibot";
import { JOINTS } from "../../arm/joints.ts";

/** Nine numbers with their names are less than a tenth of it. */
export const LONGEST_COMMAND_BYTES = 4_096;

/** LeKiwi's base, which is not here: what is wanted of it is not heeded, and it stands still. */
const BASE = ["x.vel", "y.vel", "theta.vel"] as const;

const number = v.pipe(v.number(), v.finite());

/** LeKiwi's names of an arm's joints; or those of an SO-101's own datasets, which can be replayed so. */
const namings = ["arm_", ""].map((prefix) => JOINTS.map((joint) => `${prefix}${joint}.pos`));
const commandSchema = v.union(
  namings.map((names) =>
    v.pipe(
      v.strictObject({
        ...v.entriesFromList(names, number),
        ...v.entriesFromList(BASE, v.exactOptional(number)),
      }),
      v.transform((command: Readonly<Record<string, number | undefined>>) =>
        names.map((name) => command[name]!),
      ),
    ),
  ),
);

/**
 * The positions that a message wants, in the joints' order; undefined for one that is no command: another number of parts,
 * no JSON, a joint that is missing, what is no finite number, a key that is none of a command. Throws nothing.
 */
export function commandIn(frames: readonly Uint8Array[]): number[] | undefined {
  const [frame] = frames;
  if (frame === undefined || frames.length > 1) return undefined;
  try {
    const { success, output } = v.safeParse(commandSchema, JSON.parse(utf8.decode(frame)));
    return success ? output : undefined;
  } catch {
    return undefined;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** An observation's message, of positions in the joints' order. No camera is here. */
export function observationOf(positions: readonly number[]): Uint8Array {
  const keys = JOINTS.map((joint, index) => `"arm_${joint}.pos": ${float(positions[index]!)}`);
  const still = BASE.map((key) => `"${key}": 0.0`);
  return new TextEncoder().encode(`{"_cams": [], ${[...keys, ...still].join(", ")}}`);
}

/** As Python reads a float: `12` would be an int. */
function float(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
