/** Which board is the leader's and which the follower's, as a person tells it. */

import { ArmConnection } from "../../arm/connection.ts";
import { ROLES, type Role } from "../../arm/joints.ts";
import type { Dialogue } from "../../cli/operator/dialogue.ts";
import { type Board, listBoards } from "../../host/boards.ts";
import { type PausedUnit, pauseUnit, unitOwning } from "../../host/service.ts";
import { nameOwner } from "../../linux/owner.ts";
import { UsageError } from "../errors.ts";
import { watchForMotion } from "../motion.ts";
import { pause } from "../pause.ts";

/** A board that was chosen. It may not be there, where only rules are to be printed for it. */
export interface Chosen extends Partial<Board> {
  /** Another board here says that it has the same serial number. */
  readonly isTwin: boolean;
}

/** How boards are told on the command line. */
export interface GivenBoards {
  readonly leader?: string;
  readonly follower?: string;
  readonly print?: true;
}

const LOOK_EVERY_MS = 250;

/** Finds the two boards: by what was given, or by asking. Throws UsageError, or an Error that says what is missing. */
export async function chooseBoards(
  boards: readonly Board[],
  given: GivenBoards,
  dialogue: Dialogue,
  signal: AbortSignal,
): Promise<Record<Role, Chosen>> {
  const byOption = ROLES.flatMap((role) => given[role] ?? []);
  if (byOption.length === ROLES.length) {
    return distinct(
      {
        leader: boardGiven("leader", given, boards),
        follower: boardGiven("follower", given, boards),
      },
      boards,
    );
  }
  if (byOption.length === 1) throw new UsageError("give both --leader and --follower, or neither");
  requireTwo(boards);
  if (dialogue.kind !== "terminal") {
    throw new UsageError(
      `which board is which arm? Nobody can be asked here: give --leader and --follower. There are: ${listing(boards)}`,
    );
  }
  dialogue.say(`Boards: ${listing(boards)}`);
  const way = await dialogue.choose(
    "How will you tell which board is the leader's?",
    [
      { value: "move", label: "by moving the arm", hint: "both arms have power" },
      { value: "unplug", label: "by unplugging its USB cable for a moment" },
      { value: "pick", label: "I know its serial number" },
    ],
    "give --leader and --follower",
  );
  const ask = { move: byMotion, unplug: byUnplugging, pick: byPicking }[way];
  const leader = await ask("leader", boards, dialogue, signal);
  const others = boards.filter(({ path }) => path !== leader.path);
  const follower = others.length === 1 ? others[0]! : await ask("follower", others, dialogue, signal);
  return distinct({ leader, follower }, await listBoards());
}

/** The board that was named by its serial number or its port. */
function boardGiven(role: Role, given: GivenBoards, boards: readonly Board[]): Partial<Board> {
  const name = given[role]!;
  const found = boards.filter(({ serial, path }) => serial === name || path === name);
  if (found.length > 1) {
    throw new UsageError(
      `--${role}: ${found.length} boards have the serial number ${name} — name the port instead: ` +
        found.map(({ path }) => path).join(" or "),
    );
  }
  if (found[0] !== undefined) return found[0];
  if (given.print && !name.startsWith("/")) return { serial: name };
  const there = boards.length === 0 ? "no board is plugged in" : `there are: ${listing(boards)}`;
  throw new Error(`--${role}: no board with the serial number ${name} is plugged in — ${there}`);
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
  const udev = Bun.which("udevadm") === null ? " (udev is not installed: boards cannot be listed)" : "";
  throw new Error(
    boards.length === 0
      ? `no board is plugged in${udev} — plug in both arms' USB boards; a cable that only charges will not do`
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
  role: Role,
  boards: readonly Board[],
  dialogue: Dialogue,
  signal: AbortSignal,
): Promise<Board> {
  const paused: PausedUnit[] = [];
  const links: ArmConnection[] = [];
  try {
    for (const { path } of boards) {
      const unit = unitOwning(path);
      if (unit !== undefined) {
        dialogue.say(`Stopping ${unit} for a moment; the follower is let down …`);
        paused.push(await pauseUnit(unit));
      }
      const link = new ArmConnection(`arm on ${path}`, path, "read");
      links.push(link);
      await link.reach();
      if (link.portError?.trouble === "in use") {
        throw new Error(
          `${path} is in use by ${nameOwner(path) ?? "another program"} — end that program first`,
        );
      }
    }
    dialogue.say(`Move the ${role} arm by hand, any joint of it, by a quarter turn.`);
    const moved = await watchForMotion(links, undefined, dialogue, signal);
    return boards.find(({ path }) => path === moved!.arm.path)!;
  } finally {
    for (const link of links) await link.close();
    for (const unit of paused) await unit.start();
  }
}

async function byUnplugging(
  role: Role,
  boards: readonly Board[],
  dialogue: Dialogue,
  signal: AbortSignal,
): Promise<Board> {
  dialogue.say(`Unplug the USB cable of the ${role} arm now.`);
  for (;;) {
    const now = await listBoards();
    const gone = boards.filter((board) => !now.some((one) => isSame(one, board)));
    if (gone.length > 1) throw new Error("more than one board has gone: plug them in again, and start anew");
    const [board] = gone;
    if (board !== undefined) {
      dialogue.say(`That was ${listing([board])}. Plug it in again, into the same socket.`);
      const before = new Set(now.map(({ path }) => path));
      for (;;) {
        const back = (await listBoards()).find((one) => !before.has(one.path) && one.serial === board.serial);
        if (back !== undefined) return back;
        await pause(LOOK_EVERY_MS, signal);
      }
    }
    await pause(LOOK_EVERY_MS, signal);
  }
}

function isSame(a: Board, b: Board): boolean {
  return a.path === b.path && a.serial === b.serial;
}

async function byPicking(role: Role, boards: readonly Board[], dialogue: Dialogue): Promise<Board> {
  const path = await dialogue.choose(
    `Which board is the ${role}'s?`,
    boards.map((board) => ({ value: board.path, label: listing([board]) })),
    `give --${role}`,
  );
  return boards.find((board) => board.path === path)!;
}
