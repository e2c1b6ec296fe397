/**
 * What takes root, whoever wants it: done here where this process is root's, as on the command line, else by root's
 * helper, as for the page. The one place where that is chosen.
 */
import type { Changes } from "../config/changes.ts";
import { haveHelper } from "../helper/client.ts";
import type { AnswerTo, RequestFor } from "../helper/protocol.ts";

/** A board by the port that it has just now, and by its serial number where it has one. */
export type BoardOfArm = RequestFor<"name boards">["leader"];

/** Which boards are to be a pair's arms. */
export interface NamingOrder {
  readonly pair: string;
  readonly leader: BoardOfArm;
  readonly follower: BoardOfArm;
}

/** What came of a naming. */
export type Naming = Omit<AnswerTo<"name boards">, "v" | "ok">;

/** Keys of a configuration file, such as `teleoperation.rate_hz` and `follower.gains.elbow_flex.p`, and their values. */
export type KeyValues = Changes;

/**
 * Gives boards their names as a pair's arms, from now on: the rules are written and applied, a further pair gets its
 * configuration file, and a service that has one of the boards as the other arm is restarted.
 * Rejects with an Error that says why not, and nothing was changed; {@link HelperError}.
 */
export async function nameBoards(order: NamingOrder): Promise<Naming> {
  if (isRoot()) return (await import("./name-boards.ts")).nameBoardsHere(order);
  const { pair, leader, follower } = order;
  return haveHelper({ ask: "name boards", pair, leader, follower });
}

/**
 * Sets keys of a pair's configuration file, of which all else stays as it is, comments too; false where it says so
 * already. Where `seen` is given the file must be the one of that SHA-256. The service is not told: it reads the file at
 * its next `reload`. Which keys can be set, `changeableKeys` says.
 * Rejects with {@link ConfigError} when the file would be none then, or cannot be changed; {@link HelperError}.
 */
export async function setKeys(pair: string, keys: KeyValues, seen?: string): Promise<boolean> {
  if (isRoot()) return (await import("./set-keys.ts")).setKeysHere(pair, keys, seen);
  const only = seen === undefined ? {} : { seen };
  const { isChanged } = await haveHelper({ ask: "set", pair, keys: { ...keys }, ...only });
  return isChanged;
}

/**
 * Has a pair's service run, now and from each boot on. Rejects with {@link ConfigError} for a pair that has no
 * configuration file, {@link ServiceError}, {@link HelperError}.
 */
export async function enablePair(pair: string): Promise<void> {
  if (isRoot()) return (await import("./enable-pair.ts")).enablePairHere(pair);
  await haveHelper({ ask: "enable", pair });
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}
