/** The topics of a pair of arms at a broker: `so101/<machine>/<pair>/…`. A topic is never proof of who wrote there. */

/** All begins with it. */
const ROOT = "so101";

/** A machine's or a pair's name as it may stand in a topic; pairs may be a character longer, as their files' names are. */
const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/i;

/** Where a pair speaks, and is spoken to. */
export interface PairTopics {
  /** JSON, retained, QoS 1: how the pair is, each second and at changes; its last will. */
  readonly status: string;
  /** JSON, not retained, QoS 1: what happened. */
  readonly events: string;
  /** JSON, never retained, QoS 1: what the pair is to do. */
  readonly command: string;
  /** Below it a publisher of commands may want his replies. */
  readonly replies: string;
  /** 36 bytes each, not retained, QoS 0: the leader's positions. */
  readonly leaderSamples: string;
  /** JSON, retained, QoS 1: what a follower must know of the leader. */
  readonly leaderArm: string;
}

/** The topics of a machine's pair. */
export function topicsOf(machine: string, pair: string): PairTopics {
  const base = `${ROOT}/${machine}/${pair}`;
  return {
    status: `${base}/status`,
    events: `${base}/events`,
    command: `${base}/command`,
    replies: `${base}/replies`,
    leaderSamples: `${base}/leader/samples`,
    leaderArm: `${base}/leader/arm`,
  };
}

/** What to subscribe to for the status and the events of every pair of every machine. */
export const fleetFilters = { status: `${ROOT}/+/+/status`, events: `${ROOT}/+/+/events` } as const;

/** What a message of the fleet is about, by its topic; undefined for a topic that is none of them. */
export function fleetTopic(
  topic: string,
): { readonly machine: string; readonly pair: string; readonly what: "status" | "events" } | undefined {
  const [root, machine = "", pair = "", what, ...more] = topic.split("/");
  if (root !== ROOT || more.length > 0 || (what !== "status" && what !== "events")) return undefined;
  return NAME.test(machine) && NAME.test(pair) ? { machine, pair, what } : undefined;
}
