/** What a recording looks like at a terminal, and as lines. */
import type { Recording } from "../../api/recording.ts";
import { styled } from "../../linux/text/styled.ts";
import { sayRecorderEnd } from "../../messages/recording.ts";

/** What the keys do, below the rest. */
export const KEYS_HELP = [
  "→, Enter or space begins an episode, and ends it: it is saved. d discards it.",
  "← gives it up, to record it again; between two it removes the last one for that.",
  "Esc ends the session, and saves what is running; Ctrl-C ends it, and does not.",
];

/** The lines of the screen. */
export function linesOf(recording: Recording): string[] {
  const { dataset, task, fps, saved, episodes, message } = recording;
  const count = episodes === null ? `${saved} saved` : `${saved} of ${episodes} saved`;
  return [
    `${styled("bold", dataset)}: ${count}`,
    styled("dim", `${task} — ${fps} frames a second`),
    "",
    stateOf(recording),
    ...(message === "" ? [] : [message]),
  ];
}

function stateOf(recording: Recording): string {
  const { is, episode, seconds, lost, remainingS } = recording;
  switch (is) {
    case "ready":
      return `ready for episode ${episode}`;
    case "recording": {
      const left = remainingS === null ? "" : `, ${timeOf(remainingS)} to go`;
      const gaps = lost === 0 ? "" : `, ${lost} frames lost`;
      return styled("red", `● recording episode ${episode}: ${timeOf(seconds)}${left}${gaps}`);
    }
    case "saving":
      return `saving episode ${episode}`;
    case "resetting":
      return `put everything back: episode ${episode} begins in ${Math.ceil(remainingS ?? 0)} s`;
    case "failed":
    case "done":
      return sayRecorderEnd({ how: is, saved: recording.saved, dataset: recording.dataset, why: "" });
  }
}

/** Minutes and seconds: `0:08.4`. */
function timeOf(seconds: number): string {
  const tenths = Math.floor(seconds * 10);
  return `${Math.floor(tenths / 600)}:${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}`;
}

/** What is said of a change, off a terminal; undefined where it is none that anybody must know of. */
export function lineOf(before: Recording | undefined, now: Recording): string | undefined {
  const isNews = before === undefined || before.message !== now.message || before.saved !== now.saved;
  const said = before === undefined ? [`${now.dataset}: ${now.fps} frames a second`] : [];
  const news = isNews ? newsIn(now.message, before?.message ?? "") : "";
  if (news !== "") said.push(news);
  // A failure is told where every failure is, on standard error.
  if (now.is !== before?.is && !["saving", "failed"].includes(now.is)) {
    said.push(now.is === "recording" ? `recording episode ${now.episode}` : stateOf(now));
  }
  return said.length === 0 ? undefined : said.join("\n");
}

/**
 * What a message has that was not said before. What became of an episode stays in it until the next one begins, and what is wrong
 * now comes after that.
 */
function newsIn(message: string, before: string): string {
  const parts = message.split(SEPARATOR);
  const saidBefore = before.split(SEPARATOR);
  const news = parts.findIndex((part, at) => part !== saidBefore[at]);
  return news === -1 ? "" : parts.slice(news).join(SEPARATOR);
}

/** What stands between two things that a message says. */
const SEPARATOR = "; ";
