/** The first step: two boards are plugged in, and each gets the name of its arm. */
import { ROLES, type Role } from "../../../arm/joints.ts";
import type { Board } from "../../../host/boards.ts";
import { list } from "../../../messages/list.ts";
import { whyBySocket } from "../../../root/mark-for.ts";
import { type Chosen, chooseBoards, type Way } from "../../../workflows/assign/choose.ts";
import { sayNoBoard } from "../../../workflows/boards.ts";
import type { Operator } from "../../../workflows/operator.ts";
import { pause } from "../../../workflows/pause.ts";
import type { Boards } from "../../boards.ts";
import { untilLinked } from "../naming.ts";
import { armsOf, type SetUpPlace } from "../place.ts";

/** Has a person tell which board is which arm's, and has them named so. Throws an Error that says what is in the way. */
export async function nameBoards(place: SetUpPlace, way: Way, operator: Operator): Promise<void> {
  const arms = armsOf(place);
  await untilTwo(place.boards, operator);
  const chosen = await chooseBoards({ way }, operator, place.boards.list);
  const boards = { leader: present(chosen.leader), follower: present(chosen.follower) };
  await place.naming.give(place.pair, boards);
  const links = { leader: arms.leader.port, follower: arms.follower.port };
  await untilLinked(links, boards, operator.signal);
  for (const role of ROLES) {
    const why = whyBySocket(chosen[role]);
    if (why === undefined) continue;
    operator.tell(
      "warning",
      `The ${role}'s board ${why}: it is known by the USB socket that it is in. Always plug it in there; whatever is in ` +
        `that socket is taken for the ${role}.`,
    );
  }
  operator.event(
    { event: "named", pair: place.pair },
    { tone: "done", message: "Both boards have their names." },
  );
}

/** Waits until two boards are plugged in at the least. Rejects with the reason of the operator's signal. */
async function untilTwo(boards: Boards, operator: Operator): Promise<void> {
  for (let said = ""; ; ) {
    const found = await boards.list();
    if (found.length >= 2) return;
    const what = sayBoards(found);
    if (what !== said) operator.tell("warning", `${what}.`);
    said = what;
    await change(boards, operator.signal);
  }
}

/** What there is, and what to do about it, as a sentence without its end; of which arms. */
export function sayBoards(boards: readonly Board[], roles: readonly Role[] = ROLES): string {
  if (roles.length === 1) return sayOneBoard(boards, roles[0]!);
  const [first, ...others] = boards;
  if (first === undefined) return capital(sayNoBoard("plug in both arms' USB boards"));
  if (others.length === 0) {
    return `Only one board is plugged in, ${nameOf(first)} — plug in the other arm's too; a cable that only charges will not do`;
  }
  const what = `${boards.length} boards are plugged in: ${list(boards.map(nameOf))}`;
  return others.length === 1
    ? what
    : `${what} — unplug what is no arm's, or go on: it is asked which is which`;
}

/** Of a machine that has one arm: its board needs no name, but a path that leads to it. */
export function sayOneBoard(boards: readonly Board[], role: Role): string {
  if (boards.length === 0) return capital(sayNoBoard(`plug in the USB board of the ${role}`));
  const ports = list(boards.map(({ path }) => path));
  return (
    `The ${role}'s port in the configuration leads to no board — have ${role}.port be ${boards.length > 1 ? "that of its board" : "the board's"}, ` +
    `${ports} or its name in /dev/serial/by-id, which is the same wherever it is plugged in`
  );
}

/** How a person tells a board from another: by its serial number, where it has one. */
export function nameOf({ serial, product }: Board): string {
  const kind = product ?? "a USB board";
  return serial === undefined ? `${kind} without a serial number` : `${kind} ${serial}`;
}

/** Between a look at the boards and the beginning of a watch one may come: then it is seen so late. */
const LOOK_AGAIN_MS = 1_000;

/** Resolves when a board comes or goes, or might have. Rejects with the signal's reason. */
export async function change(boards: Boards, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const changed = new Promise<void>((resolve) => boards.watch(resolve, over.signal));
  try {
    await Promise.race([changed, pause(LOOK_AGAIN_MS, signal)]);
  } finally {
    over.abort();
  }
}

function present({ isTwin: _, path, ...board }: Chosen): Board {
  if (path === undefined) throw new Error("the board is not plugged in any more — plug it in again");
  return { ...board, path };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
