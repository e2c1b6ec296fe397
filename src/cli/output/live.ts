/** A live screen: lines that are drawn again and again in one place of the terminal, and the key that ends it. */
import { createLogUpdate } from "log-update";
import { isWritable } from "../../linux/text/stdout.ts";
import { terminalText } from "../../linux/text/styled.ts";
import { Interrupted } from "../../workflows/errors.ts";

/** Lines that stay in one place. */
export interface LiveScreen {
  /**
   * Replaces what is shown: lines, cut at the terminal's edge, and below them sentences, which go on in the next line.
   * What the terminal has no room for is left out.
   */
  draw(lines: readonly string[], sentences?: readonly string[]): void;
  /** Leaves what was drawn last where it is, and the cursor below it. */
  end(): void;
}

const CLEAR_FROM_TOP = "\u001b[H\u001b[J";

/** Begins a live screen where the cursor is. A screen that is stopped (Ctrl-S, a lost connection) is left alone. */
export function liveScreen(): LiveScreen {
  const { stdout } = process;
  const logUpdate = createLogUpdate(stdout);
  // A terminal that is made narrower wraps what it shows: nobody knows then how many lines that has become.
  const startAfresh = () => {
    if (!isWritable()) return;
    stdout.write(CLEAR_FROM_TOP);
    logUpdate.done();
  };
  stdout.on("resize", startAfresh);
  return {
    draw(lines, sentences = []) {
      if (!isWritable()) return;
      const { columns = 80, rows = 24 } = stdout;
      const shown = [
        ...lines.map((line) => Bun.sliceAnsi(terminalText(line), 0, columns)),
        ...sentences.flatMap((sentence) =>
          Bun.wrapAnsi(terminalText(sentence), columns, { hard: true }).split("\n"),
        ),
      ];
      logUpdate(shown.slice(0, rows - 1).join("\n"));
    },
    end() {
      stdout.off("resize", startAfresh);
      if (isWritable()) logUpdate.done();
    },
  };
}

/** A live screen that a person ends with Enter. */
export interface EndedByEnter extends LiveScreen {
  /** Whether Enter was pressed. */
  readonly isDone: boolean;
  /** Resolves when it is; rejects with {@link Interrupted} on Ctrl-C, and with the signal's reason when it is aborted. */
  readonly done: Promise<void>;
}

/**
 * Begins a live screen with a hint below what is drawn, until Enter is pressed. Meanwhile nothing that is typed is
 * shown. When it ends, the hint goes and what was drawn last stays. Standard input must be a terminal.
 */
export function liveUntilEnter(hint: string, signal: AbortSignal): EndedByEnter {
  const screen = liveScreen();
  const over = new AbortController();
  let isDone = false;
  let last: Parameters<LiveScreen["draw"]> = [[]];
  const done = enterPressed(AbortSignal.any([signal, over.signal])).then(() => {
    isDone = true;
  });
  done.catch(() => {}); // whoever waits for it hears of it; nobody need
  return {
    done,
    get isDone() {
      return isDone;
    },
    draw(lines, sentences = []) {
      last = [lines, sentences];
      screen.draw(lines, [...sentences, "", hint]);
    },
    end() {
      over.abort();
      screen.draw(...last);
      screen.end();
    },
  };
}

/**
 * Resolves when Enter is pressed. Rejects with {@link Interrupted} on Ctrl-C, and with the signal's reason when it is
 * aborted. Until then nothing that is typed is shown. Standard input must be a terminal.
 */
function enterPressed(signal: AbortSignal): Promise<void> {
  const { stdin } = process;
  return new Promise<void>((resolve, reject) => {
    const end = (settle: () => void) => {
      stdin.off("data", onData);
      signal.removeEventListener("abort", onAbort);
      stdin.setRawMode(false);
      stdin.pause();
      settle();
    };
    const onData = (typed: Buffer) => {
      if (typed.includes(CTRL_C)) end(() => reject(new Interrupted()));
      else if (typed.includes(ENTER)) end(resolve);
    };
    const onAbort = () => end(() => reject(signal.reason));
    signal.throwIfAborted();
    signal.addEventListener("abort", onAbort, { once: true });
    stdin.setRawMode(true);
    stdin.on("data", onData);
    stdin.resume();
  });
}

const CTRL_C = 0x03;
const ENTER = 0x0d;
