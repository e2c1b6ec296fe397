/** What of the topics is the fleet's: what to subscribe to, and what a message is about. A topic is never proof of who wrote there. */
import { TOPICS } from "../topics.ts";

/** All begins with it. */
const ROOT = "so101";

/** A machine's or a pair's name as it may stand in a topic; pairs may be a character longer, as their files' names are. */
const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/i;

/** What is subscribed for the status of every pair of every machine. */
export const EVERY_STATUS = `${ROOT}/+/+/${TOPICS.status}`;
/** And for its events. */
export const EVERY_EVENT = `${ROOT}/+/+/${TOPICS.events}`;

/** What a message of the fleet is about, by its topic; undefined for a topic that is none of them. */
export function fleetTopic(
  topic: string,
): { readonly machine: string; readonly pair: string; readonly what: "status" | "events" } | undefined {
  const [root, machine = "", pair = "", what, ...more] = topic.split("/");
  if (root !== ROOT || more.length > 0 || (what !== TOPICS.status && what !== TOPICS.events))
    return undefined;
  return NAME.test(machine) && NAME.test(pair) ? { machine, pair, what } : undefined;
}

/** Below it a publisher of commands to a pair may want his replies, where its machine may write no other topic. */
function repliesTopic(name: string): string {
  return `${ROOT}/${name}/replies/`;
}

/** The longest topic on which a reply is wanted. */
const LONGEST_REPLY_TOPIC = 200;

/**
 * Whether a reply may go to a topic that the publisher of a command has named: none of the broker's own, and of this
 * program's none that means something else, lest anybody have this machine speak in its own name, or in another's.
 */
export function isReplyTopic(topic: string, name: string): boolean {
  if (topic === "" || topic.length > LONGEST_REPLY_TOPIC || /[+#\0]/.test(topic) || topic.startsWith("$"))
    return false;
  return !topic.startsWith(`${ROOT}/`) || topic.startsWith(repliesTopic(name));
}
