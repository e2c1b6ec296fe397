/** Finding ports: the boards that are there, and which arm is on which. It only reads. */
import { nameOfArm } from "../../arm/identity.ts";
import { type ArmChoice, calibrationDirFor, pairConfig } from "../../config/choose-arm.ts";
import { type Config, ConfigError } from "../../config/config.ts";
import { portsInDev } from "../../host/boards.ts";
import { whyNoUdev } from "../../host/udev.ts";
import { sayNoBoard } from "../boards.ts";
import { watchForMotion } from "../motion.ts";
import type { Operator } from "../operator.ts";
import { type FoundBoard, findBoards } from "./look.ts";

/**
 * Finds the USB boards, the configured ports and those that are named, and does `work` with them while their ports are
 * open. Throws what `work` throws; an Error when there is no board; {@link ConfigError} for a configuration that was named.
 */
export async function withBoards(
  ports: readonly string[],
  choice: ArmChoice,
  operator: Operator,
  work: (boards: readonly FoundBoard[]) => Promise<void>,
): Promise<void> {
  const boards = await findBoards(ports, configIfThere(choice), calibrationDirFor(choice), operator.audience);
  try {
    if (boards.length === 0) {
      throw new Error(`${sayNoBoard("plug in the arm's USB board")}; or name its port`);
    }
    const why = whyNoUdev();
    if (why !== undefined && portsInDev().length > 0)
      operator.tell("warning", `${why}: what each board is, and its serial number, are not known.`);
    await work(boards);
  } finally {
    for (const { connection } of boards) await connection.close();
  }
}

/** Which ports are configured is worth knowing, and no more. One that was named must be there. */
function configIfThere(choice: ArmChoice): Config | undefined {
  try {
    return pairConfig(choice);
  } catch (error) {
    if (error instanceof ConfigError && choice.pair === undefined && choice.config === undefined)
      return undefined;
    throw error;
  }
}

/** Has a person move one of the arms, and says which that is. Throws an Error when none is within `waitS` seconds. */
export async function findMoved(
  boards: readonly FoundBoard[],
  operator: Operator,
  waitS?: number,
): Promise<void> {
  const connections = boards.flatMap(({ owner, connection }) => (owner === undefined ? connection : []));
  if (connections.length === 0) throw new Error("no board can be watched: each is in use by another program");
  operator.tell("info", "Move one of the arms by hand, any joint of it, by a quarter turn.");
  const moved = await watchForMotion(connections, operator, { waitS });
  if (moved === undefined) throw new Error(`no arm was moved within ${waitS} s`);
  const { path, board, holds } = boards.find(({ connection }) => connection === moved.arm)!;
  const serial = board?.serial;
  operator.event({ event: "moved", path, serial: serial ?? null, joint: moved.joint });
  operator.tell(
    "done",
    `The arm that was moved (${moved.joint}) is on ${path}${serial === undefined ? "" : `, serial ${serial}`}` +
      `${holds.length === 0 ? "" : `: it holds the calibration of ${holds.map(nameOfArm).join(" and ")}`}.`,
  );
}
