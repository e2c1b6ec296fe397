/** Who reads what a command says: the pair and the options that the commands in its messages must repeat. */
import type { Overrides } from "../../config/config.ts";
import { ConfigError } from "../../config/file.ts";
import { MAIN_PAIR, onlyPair, pairToName } from "../../config/pairs.ts";
import { type Audience, audienceOf, type GivenOptions } from "../../messages/audience.ts";

/** The reader of a command that was given these options. */
export function readerOf(options: GivenOptions): Audience {
  return audienceOf({ ...options, pair: pairOf(options) });
}

/** The reader of what teleoperation says, by its own options. */
export function readerOfService(
  { pair, config, socket }: Pick<GivenOptions, "pair" | "config" | "socket">,
  { leader, follower, leaderId, followerId, calibrationDir }: Overrides,
): Audience {
  return {
    pair: config === undefined ? pairToName(pair ?? MAIN_PAIR) : pair,
    config,
    calibrationDir,
    socket,
    arms: {
      leader: { port: leader, id: leaderId },
      follower: { port: follower, id: followerId },
    },
  };
}

/** The pair's name, where a command needs it. */
function pairOf({ pair, config }: GivenOptions): string | undefined {
  if (pair !== undefined || config !== undefined) return pair;
  try {
    return pairToName(onlyPair());
  } catch (error) {
    // Several, and none was named: then the arm is told by its port and id.
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}
