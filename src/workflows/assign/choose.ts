/** Which board is the leader's and which the follower's, as a person tells it. */

import { ROLES, type Role } from "../../arm/joints.ts";
import type { Board } from "../../host/boards.ts";
import { withConnections } from "../arm-session.ts";
import { type ListBoards, sayNoBoard, untilPluggedIn, untilUnplugged } from "../boards.ts";
import { UsageError } from "../errors.ts";
import { watchForMotion } from "../motion.ts";
import type { Operator } from "../operator.ts";
import { pause } from "../pause.ts";

/** A person who pulls a board and plugs it in again takes longer. */
const LOOK_EVERY_MS = 500;

/** A board that was chosen. It may not be there, where only rules are to be printed for it. */
export interface Chosen extends Partial<Board> {
  /** Another board here says that it has the same serial number. */
  readonly isTwin: boolean;
}

/** How boards are told beforehand: by their serial numbers or their ports. */
export interface GivenBoards {
  readonly leader?: string | undefined;
  readonly follower?: string | undefined;
  /** Serial numbers may be those of boards that are not here. */
  readonly absent?: "allowed" | undefined;
  /** Of several pairs, whose arms these are: messages and options name it. */
  readonly side?: string | undefined;
  /** How they are told apart, where that need not be asked. */
  readonly way?: Way | undefined;
  /** The ports of boards that are other arms' already. */
  readonly taken?: readonly string[];
}

/** How a person tells which board is which arm's. */
export type Way = "move" | "unplug" | "pick";

/** How messages name an arm: `leader`, or of several pairs `left leader`. */
export function nameOf(role: Role, { side }: GivenBoards): string {
  return side === undefined ? role : `${side} ${role}`;
}

/** The option that tells its board. */
function optionOf(role: Role, given: GivenBoards): string {
  return `--${nameOf(role, given).replace(" ", "-")}`;
}

/**
 * Finds the two boards: by what was given, or by asking.
 * Throws {@link UsageError}, an Error that says what is missing, what the operator throws.
 */
export async function chooseBoards(
  given: GivenBoards,
  operator: Operator,
  list: ListBoards,
): Promise<Record<Role, Chosen>> {
  const isFree = ({ path }: Board) => !given.taken?.includes(path);
  const all = await list();
  const boards = all.filter(isFree);
  const both = ROLES.map((role) => optionOf(role, given)).join(" and ");
  const byOption = ROLES.flatMap((role) => given[role] ?? []);
  if (byOption.length === ROLES.length) {
    const [leader, follower] = ROLES.map((role) => boardGiven(role, given, boards));
    return distinct({ leader: leader!, follower: follower! }, all);
  }
  if (byOption.length === 1) throw new UsageError(`give both ${both}, or neither`);
  requireTwo(boards);
  if (!operator.attended) {
    throw new UsageError(
      `which board is which arm? Nobody can be asked here: give ${both}. There are: ${listing(boards)}`,
    );
  }
  if (given.way === undefined) operator.tell("info", `Boards: ${listing(boards)}`);
  const way =
    given.way ??
    (await operator.choose<Way>(
      `How will you tell which board is the ${nameOf("leader", given)}'s?`,
      [
        { value: "move", label: "by moving the arm", hint: "both arms have power" },
        { value: "unplug", label: "by unplugging its USB cable for a moment" },
        { value: "pick", label: "I know its serial number" },
      ],
      `give ${both}`,
    ));
  const find = { move: byMotion, unplug: byUnplugging, pick: byPicking }[way];
  const free = async () => (await list()).filter(isFree);
  const leader = await find(nameOf("leader", given), boards, operator, free);
  // A board that was unplugged may have come back by another path.
  const present = await free();
  requireTwo(present);
  const isOther = ({ path }: Board) => path !== leader.path;
  const others = present.filter(isOther);
  const left = async () => (await free()).filter(isOther);
  const follower =
    others.length === 1 ? others[0]! : await find(nameOf("follower", given), others, operator, left);
  return distinct({ leader, follower }, await list());
}

/** The board that was named by its serial number or its port. */
function boardGiven(role: Role, given: GivenBoards, boards: readonly Board[]): Partial<Board> {
  const name = given[role]!;
  const option = optionOf(role, given);
  const found = boards.filter(({ serial, path }) => serial === name || path === name);
  if (found.length > 1) {
    throw new UsageError(
      `${option}: ${found.length} boards have the serial number ${name} — name the port instead: ` +
        found.map(({ path }) => path).join(" or "),
    );
  }
  if (found[0] !== undefined) return found[0];
  if (given.absent === "allowed" && !name.startsWith("/")) return { serial: name };
  const there = boards.length === 0 ? "no board is plugged in" : `there are: ${listing(boards)}`;
  throw new Error(`${option}: no board with the serial number ${name} is plugged in — ${there}`);
}

function distinct(
  { leader, follower }: Record<Role, Partial<Board>>,
  boards: readonly Board[],
): Record<Role, Chosen> {
  const isSame =
    leader.path === undefined ? leader.serial === follower.serial : leader.path === follower.path;
  if (isSame) throw new UsageError("leader and follower are the same board: each arm has its own");
  const chosen = (board: Partial<Board>): Chosen => ({
    ...board,
    isTwin: board.serial !== undefined && boards.filter(({ serial }) => serial === board.serial).length > 1,
  });
  return { leader: chosen(leader), follower: chosen(follower) };
}

function requireTwo(boards: readonly Board[]): void {
  if (boards.length >= 2) return;
  throw new Error(
    boards.length === 0
      ? sayNoBoard("plug in both arms' USB boards")
      : `only one board is plugged in: ${listing(boards)} — plug in the other arm's too`,
  );
}

/** `/dev/ttyACM0 (serial 5AB9067929), /dev/ttyACM1 (no serial)` */
function listing(boards: readonly Board[]): string {
  return boards
    .map(
      ({ path, serial, product }) =>
        `${path} (${serial === undefined ? `no serial, ${product ?? "?"}` : `serial ${serial}`})`,
    )
    .join(", ");
}

async function byMotion(
  arm: string,
  boards: readonly Board[],
  operator: Operator,
  list: ListBoards,
): Promise<Board> {
  for (let present = boards; ; ) {
    const moved = await moveOne(arm, present, operator, list);
    if (moved !== undefined) return moved;
    present = await list();
  }
}

/**
 * The board of the arm that is moved; undefined where a board has come before: one that was pulled may be back by another
 * path, by which nobody listens to its arm.
 */
function moveOne(
  arm: string,
  boards: readonly Board[],
  operator: Operator,
  list: ListBoards,
): Promise<Board | undefined> {
  const ports = boards.map(({ path }) => ({ port: path }));
  const wish = { access: "read", purpose: "tell the boards apart" } as const;
  return withConnections(ports, wish, operator, async (connections) => {
    operator.progress(
      { step: "move", arm },
      `Move the ${arm} arm by hand, any joint of it, by a quarter turn.`,
    );
    const over = new AbortController();
    const comes = untilComes(boards, AbortSignal.any([operator.signal, over.signal]), list);
    try {
      const moved = await Promise.race([comes, watchForMotion(connections, operator, { end: over.signal })]);
      return moved && boards.find(({ path }) => path === moved.arm.path)!;
    } finally {
      over.abort();
    }
  });
}

/** Resolves when a board is there that was not. Rejects with the signal's reason. */
async function untilComes(
  boards: readonly Board[],
  signal: AbortSignal,
  list: ListBoards,
): Promise<undefined> {
  for (;;) {
    await pause(LOOK_EVERY_MS, signal);
    const now = await list();
    if (now.some(({ path }) => !boards.some((board) => board.path === path))) return undefined;
  }
}

async function byUnplugging(
  arm: string,
  boards: readonly Board[],
  operator: Operator,
  list: ListBoards,
): Promise<Board> {
  operator.progress({ step: "unplug", arm }, `Unplug the USB cable of the ${arm} arm now.`);
  const { gone, left } = await untilUnplugged(boards, operator.signal, list);
  if (gone.length > 1) {
    throw new Error("more than one board has gone: plug them in again, and start from the beginning");
  }
  operator.progress(
    { step: "plug in", arm },
    `That was ${listing(gone)}. Plug it in again, into the same socket.`,
  );
  return untilPluggedIn(gone[0]!, left, operator.signal, list);
}

async function byPicking(arm: string, boards: readonly Board[], operator: Operator): Promise<Board> {
  const path = await operator.choose(
    `Which board is the ${arm}'s?`,
    boards.map((board) => ({ value: board.path, label: listing([board]) })),
    `give --${arm.replace(" ", "-")}`,
  );
  return boards.find((board) => board.path === path)!;
}
