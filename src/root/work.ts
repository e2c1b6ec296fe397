/**
 * What takes root, whoever wants it: done here where this process is root's, as on the command line, else by root's
 * helper, as for the page. The one place where that is chosen.
 */
import { HelperError, haveHelper } from "../helper/client.ts";
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
export type KeyValues = Readonly<Record<string, string | number>>;

/**
 * Gives boards their names as a pair's arms, from now on: the rules are written and applied, a further pair gets its
 * configuration file, and a service that has one of the boards as the other arm is restarted.
 * Rejects with an Error that says why not, and nothing was changed; {@link HelperError}.
 */
export async function nameBoards({ pair, leader, follower }: NamingOrder): Promise<Naming> {
  return haveHelper({ ask: "name boards", pair, leader, follower });
}

/**
 * Sets keys of a pair's configuration file, of which all else stays as it is, comments too; false where it says so
 * already. The service is not told: it reads the file at its next `reload`. Which keys can be set, `isSettable` says.
 * Rejects with {@link ConfigError} when the file would be none then, or cannot be changed; {@link HelperError}.
 */
export async function setKeys(pair: string, keys: KeyValues): Promise<boolean> {
  const { isChanged } = await haveHelper({ ask: "set", pair, keys: { ...keys } });
  return isChanged;
}

/**
 * Has a pair's service run, now and from each boot on. Rejects with {@link ConfigError} for a pair that has no
 * configuration file, {@link ServiceError}, {@link HelperError}.
 */
export async function enablePair(pair: string): Promise<void> {
  await haveHelper({ ask: "enable", pair });
}

export { HelperError };
