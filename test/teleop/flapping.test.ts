/**
 * Whatever flaps, and however fast: it is tried again with growing pauses, told as a few lines, and nothing is lost of
 * it. All in virtual time.
 */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { Instruction } from "../../src/feetech/packet.ts";
import { registers } from "../../src/feetech/registers.ts";
import type { BytesEntry } from "../../src/sim/record/entries.ts";
import { flaps } from "../support/flaps.ts";
import { logLinesOf, mostWithin } from "../support/virtual-lines.ts";
import { VirtualPair } from "../support/virtual-pair.ts";

setDefaultTimeout(60_000);

const FLAPS_FOR_S = 32;
/** The longest pause, then an alignment with the longest way. */
const WELL_AFTER_S = 5 + 6;

/** By then the pauses have grown, and what came at once is told. */
const GROWN_AFTER_S = 12;
const FEW_LINES_AFTER_S = 20;

/** Packets of one attempt come this close together: switching the torque on is tried five times. */
const ATTEMPT_S = 0.25;

/** When torque was written to an arm with one packet, s after the start; `torque` is what the first servo was given. */
function torqueWrites(it: VirtualPair): { readonly atS: number; readonly torque: number }[] {
  const { address } = registers.torque_enable;
  return it.arms.record
    .filter((entry): entry is BytesEntry => entry.kind === "request")
    .flatMap((entry) => {
      const packet = Uint8Array.fromHex(entry.hex);
      const atS = (entry.t - it.startUs) / 1e6;
      const [, , , , instruction, from, length] = packet as unknown as [0, 0, 0, 0, number, number, number];
      if (instruction === Instruction.write && from === address) return { atS, torque: packet[6]! };
      const isTorque = from <= address && from + length > address;
      return instruction === Instruction.syncWrite && isTorque
        ? { atS, torque: packet[8 + address - from]! }
        : [];
    });
}

/** When something began of which the packets come close together. */
function beginnings(timesS: readonly number[]): number[] {
  return timesS.filter((atS, index) => atS - (timesS[index - 1] ?? Number.NEGATIVE_INFINITY) > ATTEMPT_S);
}

/** By how much more than `most` something happened within ten seconds, from `fromS` on. */
function tooOften(most: number, timesS: readonly number[], fromS = 0): number {
  return Math.max(0, mostWithin(10, timesS, fromS) - most);
}

describe("what flaps is tried with growing pauses and told in a few lines, and followed again when it is well", () => {
  test.each(Object.keys(flaps))("%s", async (name) => {
    using it = new VirtualPair({ settings: { parkPose } });
    const lines = logLinesOf(it);
    flaps[name]!(it, FLAPS_FOR_S);
    // What looked like another program's doing: the main thread finds that there is none.
    it.at(FLAPS_FOR_S + 0.2, () => it.memory.claims.giveBack("follower"));
    await it.runFor(FLAPS_FOR_S + WELL_AFTER_S);
    const writes = torqueWrites(it);
    const attempts = beginnings(writes.flatMap(({ atS, torque }) => (torque === 1 ? atS : [])));
    const written = writes.map(({ atS }) => atS);
    const states = it.events.flatMap(({ atS, event }) => (event.kind === "state" ? atS : []));
    const events = it.events.map(({ atS }) => atS);
    const told = lines.map(({ atS }) => atS);
    expect({
      torqueOn: tooOften(10, attempts),
      torqueOnLater: tooOften(5, attempts, GROWN_AFTER_S),
      torqueWritesLater: tooOften(60, written, GROWN_AFTER_S),
      statesLater: tooOften(12, states, GROWN_AFTER_S),
      eventsLater: tooOften(300, events, GROWN_AFTER_S),
      lines: tooOften(24, told),
      linesLater: tooOften(10, told, FEW_LINES_AFTER_S),
    }).toEqual({
      ...{ torqueOn: 0, torqueOnLater: 0, torqueWritesLater: 0, statesLater: 0, eventsLater: 0 },
      ...{ lines: 0, linesLater: 0 },
    });
    expect(it.states().at(-2)).toBe("following");
  });
});

const parkPose = {
  shoulder_pan: 0,
  shoulder_lift: 0,
  elbow_flex: 0,
  wrist_flex: 0,
  wrist_roll: 0,
  gripper: 20,
};

describe("an hour", () => {
  test("of a servo whose torque never comes on is a try each 5 s, and no more than a line each 10 s for each kind", async () => {
    using it = new VirtualPair();
    const lines = logLinesOf(it);
    flaps["follower: torque is off, whatever is written"]!(it, 3_600);
    await it.runFor(3_611);
    const on = torqueWrites(it).flatMap(({ atS, torque }) => (torque === 1 ? atS : []));
    expect(beginnings(on).length).toBeWithin(600, 730);
    expect(on.length).toBeLessThan(730 * 5);
    expect(lines.length).toBeLessThan(20);
    expect(it.enteredAt("following")).toBeWithin(3_600, 3_611);
  });

  test("of ten hang-ups a second is a few lines each 10 s", async () => {
    using it = new VirtualPair();
    const lines = logLinesOf(it);
    flaps["follower: ten hang-ups a second"]!(it, 3_600);
    await it.runFor(3_611);
    expect(lines.length / 360).toBeLessThan(6);
    expect(it.states().at(-2)).toBe("following");
  });
});

describe("only what repeats has pauses", () => {
  test.each(["leader", "follower"] as const)(
    "the %s that comes back is followed at once, each minute anew",
    async (role) => {
      using it = new VirtualPair();
      const backS = [60, 120, 180].flatMap((atS) => [atS, atS + 20]);
      for (const [index, atS] of backS.entries()) {
        const board = it.arms.boards[role];
        it.at(atS - 1, () => {
          if (index % 2 === 0) board.isPlugged = false;
          else board.hasPower = false;
        });
        it.at(atS, () => {
          if (index % 2 === 0) board.isPlugged = true;
          else board.hasPower = true;
        });
      }
      await it.runFor(210);
      for (const atS of backS) expect((it.enteredAt("aligning", atS) ?? 0) - atS).toBeWithin(0, 0.15);
    },
  );

  test("a pause is obeyed at once, however often there were others", async () => {
    using it = new VirtualPair();
    flaps["pause and resume, each second"]!(it, 20);
    it.at(40, () => {
      it.memory.mailbox.mode = "paused";
    });
    await it.runFor(45);
    expect((it.enteredAt("holding", 40) ?? 0) - 40).toBeWithin(0, 0.02);
  });
});
