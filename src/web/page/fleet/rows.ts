/** The pairs of the fleet: how each is, in a word, which somebody should look after, and what becomes of them with news. */
import type { FleetReply, FleetRow } from "../../fleet/messages.ts";

/** A pair's word, and the class by which it is coloured. */
export interface Shown {
  readonly word: string;
  readonly look: string;
}

const absences = {
  stale: "silent",
  offline: "offline",
  "other version": "another version",
} as const;

/** The words whose colours there are. */
const LOOKS = ["following", "leading", "aligning", "connecting", "holding", "waiting", "faulted"];

/** How a pair is. */
export function shownOf({ presence, gone, state, mode }: FleetRow): Shown {
  if (presence !== "online") {
    const word = presence === "offline" && gone === "stopped" ? "switched off" : absences[presence];
    return { word, look: gone === "stopped" ? "unknown" : "absent" };
  }
  if (state === null) return { word: "no service", look: "absent" };
  const word = mode === null || mode === "running" ? state : `${state} (${mode})`;
  return { word, look: LOOKS.includes(state) ? state : "unknown" };
}

/** Whether it does what it is for. */
export function isAsItShould({ presence, state }: FleetRow): boolean {
  return presence === "online" && (state === "following" || state === "leading");
}

/** Whether somebody should look after it: it is gone without a word, cannot go on by itself, or has an alarm. */
export function needsSomebody({ presence, gone, state, alarmCount }: FleetRow): boolean {
  if (presence !== "online") return gone !== "stopped";
  return state === null || state === "faulted" || alarmCount > 0;
}

/** The rows that have all the words of a search in their names, states or alarms, by name. */
export function found(rows: Iterable<FleetRow>, search: string, which: "all" | "in need"): FleetRow[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return [...rows]
    .filter((row) => {
      if (which === "in need" && !needsSomebody(row)) return false;
      const text = `${row.name} ${shownOf(row).word} ${row.alarms.join(" ")}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What there is, in a sentence. */
export function sumOf(rows: readonly FleetRow[]): string {
  const machines = new Set(rows.map(({ name }) => name.split("/")[0])).size;
  const many = (count: number, one: string) => `${count} ${one}${count === 1 ? "" : "s"}`;
  const needy = rows.filter(needsSomebody).length;
  const need = needy === 0 ? "none needs anybody" : `${needy} ${needy === 1 ? "needs" : "need"} somebody`;
  return `${many(rows.length, "pair")} of arms on ${many(machines, "machine")}: ${need}.`;
}

/** What there was with what is new. */
export function withNews(
  before: ReadonlyMap<string, FleetRow>,
  { isAnew, pairs, removed }: Pick<FleetReply, "isAnew" | "pairs" | "removed">,
): ReadonlyMap<string, FleetRow> {
  const rows = new Map(isAnew ? [] : before);
  for (const name of removed) rows.delete(name);
  for (const row of pairs) rows.set(row.name, row);
  return rows;
}
