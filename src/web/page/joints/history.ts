/** A joint's last ten minutes as the page has them, and how they are asked for. */
import type { JointName } from "../../../arm/joints.ts";
import type { HistoryReply, SeriesName } from "../../history/messages.ts";
import { get } from "../get.ts";
import { pathOf } from "../pair-path.ts";

/** How long it reaches back, s. */
export const SPAN_S = 600;

/** Columns of equal length: of each row when it was, and what each figure was. */
export interface History {
  readonly timesMs: readonly number[];
  readonly series: HistoryReply["series"];
}

/** What the machine knows of a joint after a row of a time, -1 for all. Rejects when it does not answer. */
export async function askHistory(pair: string, joint: JointName, afterMs: number): Promise<HistoryReply> {
  return await get<HistoryReply>(pathOf(pair, `history?joint=${joint}&after=${afterMs}`));
}

/** What there was with what is new, without what is too old. */
export function withNews(before: History | undefined, news: HistoryReply): History {
  // A server that was started anew counts its time anew.
  if (before === undefined || news.nowMs < (before.timesMs.at(-1) ?? 0)) {
    return { timesMs: news.timesMs, series: news.series };
  }
  const timesMs = [...before.timesMs, ...news.timesMs];
  const oldest = news.nowMs - SPAN_S * 1_000;
  const from = Math.max(
    0,
    timesMs.findIndex((time) => time >= oldest),
  );
  const names = Object.keys(news.series) as SeriesName[];
  const series = names.map((name) => [name, [...before.series[name], ...news.series[name]].slice(from)]);
  return { timesMs: timesMs.slice(from), series: Object.fromEntries(series) };
}
