/** How a recording is shown: on a screen with keys, as lines for a log, or as JSON for a program. */
import type { Recording, RecordingOrder } from "../../api/recording.ts";
import { printLine } from "../../linux/text/stdout.ts";
import type { SessionEnd } from "../../recording/episode.ts";
import { liveScreen } from "../output/live.ts";
import { hearKeys, type Key, KeyRepeats } from "./keys.ts";
import { KEYS_HELP, lineOf, linesOf } from "./screen.ts";

/** Shows a session. */
export interface RecordOutput {
  show(recording: Recording): void;
  /** The session has ended. */
  end(end: SessionEnd): void;
}

/** Where the keys of a terminal go. */
export interface KeyTarget {
  readonly recording: Recording;
  order(order: RecordingOrder): void;
  interrupt(): void;
}

/** On a screen; the keys go to `target`. */
export function screenOutput(target: () => KeyTarget): RecordOutput {
  const screen = liveScreen();
  let last: Recording | undefined;
  const repeats = new KeyRepeats();
  const press = (key: Key) => {
    const session = target();
    const { is } = session.recording;
    const how = repeats.hear(key, performance.now());
    if (key === "interrupt") session.interrupt();
    else if (how === "repeated") return;
    else if (key !== "forward") session.order(key);
    else if (is !== "saving") session.order(is === "recording" ? "end" : "begin");
  };
  const endKeys = hearKeys(press);
  return {
    show(recording) {
      last = recording;
      screen.draw(linesOf(recording), ["", ...KEYS_HELP]);
    },
    end() {
      endKeys();
      if (last !== undefined) screen.draw(linesOf(last));
      screen.end();
    },
  };
}

/** As lines, one for each thing that happens; `hint` is said first, if it is given. */
export function lineOutput(hint?: string): RecordOutput {
  let last: Recording | undefined;
  if (hint !== undefined) printLine(hint);
  return {
    show(recording) {
      const line = lineOf(last, recording);
      last = recording;
      if (line !== undefined) printLine(line);
    },
    end() {},
  };
}

/** While nothing happens a program is told how it is so often. */
const JSON_EVERY_MS = 1_000;

/** As JSON, an object a line: at each change, and once a second. */
export function jsonOutput(): RecordOutput {
  let last: Recording | undefined;
  let lastMs = 0;
  const print = (event: string, fields: object) =>
    printLine(JSON.stringify({ time: new Date().toISOString(), event, ...fields }));
  return {
    show(recording) {
      const isChange =
        last?.is !== recording.is || last.saved !== recording.saved || last.message !== recording.message;
      if (!isChange && performance.now() - lastMs < JSON_EVERY_MS) return;
      last = recording;
      lastMs = performance.now();
      print("recording", recording);
    },
    end({ how, message }) {
      print("end", { how, message });
    },
  };
}
