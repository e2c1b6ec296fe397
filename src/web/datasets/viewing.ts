/**
 * What is in a dataset is read by this program in a process of its own: reading may take seconds and much memory, a file of
 * others' may be made to break whoever reads it, and meanwhile the page must answer whoever pauses an arm.
 */
import { askSelf, lastLineOf } from "../../host/programs.ts";
import { refusal, reply } from "../http/replies.ts";

/** A dataset of a thousand episodes, on a Pi that is busy. */
const VIEWED_WITHIN_MS = 60_000;
/** Gigabytes over a slow network. */
const TAKEN_WITHIN_MS = 6 * 3_600_000;
/** Who waits behind so many others has pressed more than there is to look at. */
const MOST_WAITING = 8;
/**
 * What it needs no more it gives back as if the machine had 128 MB: of twelve hours of episodes it takes 190 MB then, else 450,
 * and as long.
 */
const SMALL = { BUN_JSC_useFTLJIT: "0", BUN_JSC_forceRAMSize: "134217728" } as const;

/** It was ended, by its time or by the system, and has said nothing. */
const TOO_LARGE =
  "It takes more time or memory to read this dataset than there is beside the arms: look at it on another machine.";

/** Many pages make no more work than one; what is looked at again after this is read again, for files may have changed. */
const FRESH_MS = 3_000;
const MOST_KEPT = 4;

/** Reads what pages look at, one after the other. */
export class Viewing {
  readonly #kept = new Map<string, { readonly text: string; readonly untilMs: number }>();
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** What is in a dataset, or in an episode of it. Never rejects: what cannot be read is refused, with the reason. */
  async view(what: "dataset" | "episode", ...words: readonly string[]): Promise<Response> {
    const key = JSON.stringify([what, ...words]);
    const kept = this.#kept.get(key);
    if (kept !== undefined && performance.now() < kept.untilMs) return reply(JSON.parse(kept.text));
    if (this.#waiting >= MOST_WAITING) return refusal(503, "Others look at datasets just now: try it again.");
    this.#waiting++;
    try {
      const read = this.#last.then(() => readBy([what, ...words]));
      this.#last = read.catch(() => {});
      const { isRead, text } = await read;
      if (!isRead) return refusal(409, text || TOO_LARGE);
      this.#keep(key, text);
      return reply(JSON.parse(text));
    } finally {
      this.#waiting--;
    }
  }

  #keep(key: string, text: string): void {
    this.#kept.delete(key);
    this.#kept.set(key, { text, untilMs: performance.now() + FRESH_MS });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(oldest!);
  }
}

/** What is read, or why it is not. */
async function readBy(words: readonly string[]): Promise<{ isRead: boolean; text: string }> {
  const reader = askSelf(["dataset-view", ...words], VIEWED_WITHIN_MS, SMALL);
  const [text, why] = await Promise.all([new Response(reader.stdout).text(), lastLineOf(reader.stderr)]);
  return (await reader.exited) === 0 ? { isRead: true, text } : { isRead: false, text: why };
}

/** A dataset as a tar, as fast as it is taken; or why it cannot be read. What breaks off later breaks the stream off. */
export async function tarBy(path: string): Promise<ReadableStream<Uint8Array> | string> {
  const packer = askSelf(["dataset-view", "tar", path], TAKEN_WITHIN_MS, SMALL);
  const why = lastLineOf(packer.stderr);
  const reader = packer.stdout.getReader();
  let first: Uint8Array | undefined = (await reader.read()).value;
  if (first === undefined) return (await why) || TOO_LARGE;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const value = first ?? (await reader.read()).value;
        first = undefined;
        if (value !== undefined) return controller.enqueue(value);
        if ((await packer.exited) === 0) controller.close();
        else controller.error(new Error(await why));
      },
      cancel: () => packer.kill("SIGKILL"),
    },
    { highWaterMark: 0 },
  );
}
