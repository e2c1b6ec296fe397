/** Something that is read from the machine again and again, for as long as it is looked at. */
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "./get.ts";

/** What was read last, and why the last reading failed. */
export interface Polled<Answer> {
  readonly answer: Answer | undefined;
  readonly problem: string | undefined;
}

/** What changes all the time is read so often, and no more. */
const NEWS_EVERY_MS = 1_000;

/**
 * Reads `path` now, again `everyMs` after each answer, and within a second whenever `news` is another one. Nothing is
 * read while nobody sees the page: in a pocket, or behind another one.
 */
export function usePolled<Answer>(path: string, everyMs: number, news?: string): Polled<Answer> {
  const [polled, setPolled] = useState<Polled<Answer>>({ answer: undefined, problem: undefined });
  const newest = useRef(news);
  newest.current = news;
  useEffect(() => {
    const gone = new AbortController();
    void readAgain(path, everyMs, newest, gone.signal, setPolled);
    return () => gone.abort();
  }, [path, everyMs]);
  return polled;
}

async function readAgain<Answer>(
  path: string,
  everyMs: number,
  newest: RefObject<string | undefined>,
  gone: AbortSignal,
  show: (next: (before: Polled<Answer>) => Polled<Answer>) => void,
): Promise<void> {
  while (!gone.aborted) {
    const news = newest.current;
    try {
      const answer = await get<Answer>(path, gone);
      if (!gone.aborted) show(() => ({ answer, problem: undefined }));
    } catch (error) {
      if (!gone.aborted) show(({ answer }) => ({ answer, problem: (error as Error).message }));
    }
    const againAtMs = performance.now() + everyMs;
    do {
      await new Promise((resolve) => setTimeout(resolve, Math.min(everyMs, NEWS_EVERY_MS)));
      await seen();
    } while (!gone.aborted && newest.current === news && performance.now() < againAtMs);
  }
}

/** Resolves when somebody may see the page. */
async function seen(): Promise<void> {
  while (document.hidden) {
    await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  }
}
