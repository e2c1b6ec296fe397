/** Which board is the leader's and which the follower's, as a person tells it. */

import type { ArmConnection } from "../../arm/connection.ts";
import { ROLES, type Role } from "../../arm/joints.ts";
import { connectionTo } from "../../arm/system-ports.ts";
import type { Board } from "../../host/boards.ts";
import { type PausedUnit, pauseUnit, unitOwning } from "../../host/service.ts";
import { sayProblem } from "../../messages/problems.ts";
import { type ListBoards, sayNoBoard, untilPluggedIn, untilUnplugged } from "../boards.ts";
import { UsageError } from "../errors.ts";
import { watchForMotion } from "../motion.ts";
import type { Operator } from "../operator.ts";

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
  operator.tell("info", `Boards: ${listing(boards)}`);
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
  const leader = await find(nameOf("leader", given), boards, operator, list);
  // A board that was unplugged may have come back by another path.
  const present = (await list()).filter(isFree);
  requireTwo(present);
  const others = present.filter(({ path }) => path !== leader.path);
  const follower =
    others.length === 1 ? others[0]! : await find(nameOf("follower", given), others, operator, list);
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

async function byMotion(arm: string, boards: readonly Board[], operator: Operator): Promise<Board> {
  const paused: PausedUnit[] = [];
  const connections: ArmConnection[] = [];
  try {
    for (const { path } of boards) {
      const unit = unitOwning(path);
      if (unit !== undefined) {
        operator.tell("info", `Stopping ${unit} for a moment; the follower is released …`);
        paused.push(await pauseUnit(unit));
      }
      const connection = connectionTo(undefined, path, "read");
      connections.push(connection);
      await connection.reach();
      if (connection.problem?.code === "port.busy") {
        throw new Error(sayProblem(connection.problem, operator.audience));
      }
    }
    operator.progress(
      { step: "move", arm },
      `Move the ${arm} arm by hand, any joint of it, by a quarter turn.`,
    );
    const moved = await watchForMotion(connections, operator);
    return boards.find(({ path }) => path === moved!.arm.path)!;
  } finally {
    for (const connection of connections) await connection.close();
    for (const unit of paused) await unit.start();
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
