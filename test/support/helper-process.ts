/** Root's helper as a process, at a socket: it names boards that are said to be there, and enables nothing. */
import { chmodSync } from "node:fs";
import { rootWork } from "../../src/daemon/helper/changes.ts";
import { runHelper } from "../../src/daemon/helper/server.ts";
import type { Board } from "../../src/host/boards.ts";
import { nameBoardsHere } from "../../src/root/name-boards.ts";

const [path, changer, boards] = process.argv.slice(2);
const list = async () => JSON.parse(boards!) as Board[];
const work = {
  ...rootWork,
  nameBoards: (order: Parameters<typeof nameBoardsHere>[0]) =>
    nameBoardsHere(order, { list, apply: async () => {} }),
};
const ended = runHelper({
  listenOn: { path: path! },
  group: undefined,
  changer: Number(changer),
  work,
  endAfterMs: 60_000,
});
chmodSync(path!, 0o666);
console.log("ready");
await ended;
