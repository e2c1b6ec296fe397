/**
 * The recorders that the page has started: each is this program itself, `so101 record`, in a process of its own, so that
 * recording costs the page nothing. They end with the page's server, each with its own safe end.
 */
import { join } from "node:path";
import { lastLineOf, type SelfStarted, startSelf } from "../../host/programs.ts";
import { pause } from "../../workflows/pause.ts";
import type { ServedPair } from "../pairs/served-pair.ts";
import type { RecorderReply, RecordOrder } from "./messages.ts";

/** Without the compiler for what must be fastest it takes some MB less, and is as fast as it must be. */
const SMALL = { BUN_JSC_useFTLJIT: "0" } as const;
/** A program that starts on a busy Pi, and finds its pair, is there by then; else it says by itself why not. */
const READY_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 200;
/** It gives up the running episode, and has saved those before: systemd waits 5 s for the page. */
const END_WITHIN_MS = 3_500;
/** Ended by Ctrl-C or SIGTERM, as it should. */
const INTERRUPTED = 130;

const ALREADY = "This pair is recorded already: end that recording first.";

interface Recorder {
  readonly process: SelfStarted;
  /** Why it ended; undefined where it has ended as it should. */
  readonly ended: Promise<string | undefined>;
}

/** Starts and ends them. */
export class Recorders {
  readonly #folder: string;
  readonly #running = new Map<string, Recorder>();
  readonly #ended = new Map<string, RecorderReply["ended"]>();

  /** Of datasets below this folder. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What is known of a pair's. */
  of(pair: string): RecorderReply {
    return { isOwn: this.#running.has(pair), ended: this.#ended.get(pair) ?? null };
  }

  /** Starts one. Resolves once it is ready for the first episode, or with why it is not. Never rejects. */
  async begin(pair: ServedPair, order: RecordOrder, signal: AbortSignal): Promise<string | undefined> {
    const { name } = pair;
    const isRecorded = async () => (await pair.feed.ask())?.recording !== undefined;
    if (await isRecorded()) return ALREADY;
    if (this.#running.has(name)) return ALREADY;
    this.#ended.delete(name);
    const recorder = this.#start(pair, order);
    for (const endMs = performance.now() + READY_WITHIN_MS; performance.now() < endMs; ) {
      const waited = pause(LOOK_EVERY_MS, signal).catch(() => {});
      await Promise.race([recorder.ended, waited]);
      if (this.#running.get(name) !== recorder) {
        return this.#ended.get(name)?.text ?? "The recorder has ended at once.";
      }
      if (signal.aborted) return "The page's program ends.";
      if (await isRecorded()) return undefined;
    }
    return "The recorder is not ready yet, and goes on trying: its buttons come when it is.";
  }

  /** Ends all of them. */
  async end(): Promise<void> {
    await Promise.all(
      this.#running.values().map(async ({ process, ended }) => {
        process.kill("SIGTERM");
        const tooLate = setTimeout(() => process.kill("SIGKILL"), END_WITHIN_MS);
        await ended;
        clearTimeout(tooLate);
      }),
    );
  }

  #start(pair: ServedPair, order: RecordOrder): Recorder {
    const { name } = pair;
    const process = startSelf(wordsOf(join(this.#folder, order.dataset), order, pair), SMALL);
    const ended = Promise.all([lastLineOf(process.stderr), process.exited]).then(([last, code]) => {
      this.#running.delete(name);
      if (code === 0 || code === INTERRUPTED) return undefined;
      const text = last === "" ? `The recorder has ended with exit code ${code}.` : last;
      this.#ended.set(name, { text, at: new Date().toISOString() });
      return text;
    });
    const recorder = { process, ended };
    this.#running.set(name, recorder);
    return recorder;
  }
}

/** The command that a person would type; what a page has entered is never taken for an option. */
function wordsOf(dataset: string, order: RecordOrder, pair: ServedPair): string[] {
  const { task, fps, episodeTimeS, resetTimeS, episodes, resume } = order;
  const option = (name: string, value: number | undefined) =>
    value === undefined ? [] : [`--${name}=${value}`];
  return [
    ...["record", `--dataset=${dataset}`, `--task=${task}`, `--fps=${fps}`, "--unattended"],
    ...option("episode-time", episodeTimeS),
    ...option("reset-time", resetTimeS),
    ...option("episodes", episodes),
    ...(resume ? ["--resume"] : []),
    // Where its service may listen the recorder looks as the page does.
    ...(pair.audience.socket === undefined ? [`--pair=${pair.name}`] : [`--socket=${pair.sockets[0]}`]),
  ];
}
