/** What is said of the boards that are plugged in, however many there are. */
import { expect, test } from "bun:test";
import type { Board } from "../../../src/host/boards.ts";
import { sayBoards } from "../../../src/web/set-up/steps/names.ts";

const board = (serial?: string): Board => ({
  path: `/dev/ttyACM${serial?.length ?? 0}`,
  product: "USB Single Serial",
  ...(serial !== undefined && { serial }),
});

test("no board, one, two and three: each says what to do", () => {
  expect(sayBoards([])).toMatch(/plug in both arms' USB boards|cannot be listed/);
  expect(sayBoards([board("A")])).toBe(
    "Only one board is plugged in, USB Single Serial A — plug in the other arm's too; a cable that only charges will not do",
  );
  expect(sayBoards([board("A"), board()])).toBe(
    "2 boards are plugged in: USB Single Serial A and USB Single Serial without a serial number",
  );
  expect(sayBoards([board("A"), board("B"), board("C")])).toContain(
    "unplug what is no arm's, or go on: it is asked which is which",
  );
});
