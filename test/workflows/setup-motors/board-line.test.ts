import { afterEach, expect, test } from "bun:test";
import { symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { connectionTo } from "../../../src/arm/system-ports.ts";
import { BoardLine } from "../../../src/workflows/setup-motors/board-line.ts";
import { atEnd, cleanUp, newBoard, newFolder } from "../../support/ports.ts";
import { ScriptedOperator } from "../../support/scripted-operator.ts";

afterEach(cleanUp);

const leader = { role: "leader", id: "blue" } as const;

test("a board that comes back by another path is known by its serial number, and the old path's is left alone", async () => {
  const [board, other] = [newBoard(), newBoard()];
  let boards = [{ path: board.path, serial: "BLUE" }];
  const operator = new ScriptedOperator();
  const connection = connectionTo(leader, board.path, "torque off");
  await connection.reach();
  const line = await BoardLine.over(connection, operator, async () => boards);
  atEnd(() => line.close());
  board.unplug();
  let looks = 0;
  setTimeout(() => {
    boards = [{ path: other.path, serial: "BLUE" }];
  }, 400);
  await line.use(() => {
    looks++;
    line.bus.ping(1);
  });
  expect(looks).toBe(2);
  expect(line.connection.path).toBe(other.path);
  expect(operator.heard).toEqual([
    `warning: leader "blue": ${board.path} went away: the board was unplugged or lost its power — plug it in again; it goes on then.`,
    `info: The board is back, on ${other.path}.`,
  ]);
});

test("where nobody is there, one that does not come back ends it", async () => {
  const board = newBoard();
  const operator = new ScriptedOperator({ attended: false });
  // Its node's number may be another's soon.
  const path = join(newFolder(), "leader");
  symlinkSync(board.path, path);
  const connection = connectionTo(leader, path, "torque off");
  await connection.reach();
  const line = await BoardLine.over(connection, operator, async () => []);
  unlinkSync(path);
  board.unplug();
  await expect(line.use(() => line.bus.ping(1))).rejects.toThrow("went away");
}, 15_000);
