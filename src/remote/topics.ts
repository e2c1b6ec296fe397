/** The topics of a pair, `so101/<machine>/<pair>/…`: packaging/doc/network.md lists them. */

/** What a pair publishes, or hears. */
export const TOPICS = {
  /** Its leader's samples, 36 bytes each: not retained. */
  samples: "leader/samples",
  /** What a follower must know of its leader: retained, and cleared when the leader goes by choice. */
  arm: "leader/arm",
  /** How the pair is: retained. */
  status: "status",
  events: "events",
  command: "command",
} as const;

/** A topic of a pair, by the pair's full name, `desk/main`. */
export function topicOf(pair: string, what: keyof typeof TOPICS): string {
  return `so101/${pair}/${TOPICS[what]}`;
}
