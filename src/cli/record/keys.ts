/** The keys that order a recorder at a terminal: those that LeRobot's users know, and plainer ones. */

/** What a key asks for. `forward` goes on to what comes next: it begins an episode, ends it, or ends the time to reset. */
export type Key = "forward" | "again" | "discard" | "stop" | "interrupt";

/** What a terminal sends for a letter, … */
const LETTERS: Readonly<Record<string, Key>> = {
  "\r": "forward",
  "\n": "forward",
  " ": "forward",
  d: "discard",
  D: "discard",
};
const CTRL_C = 0x03;

/** … and what follows Esc: nothing for the key itself, else what tells the arrows. */
const ESC = String.fromCharCode(0x1b);
const ESCAPED: Readonly<Record<string, Key>> = {
  "": "stop",
  "[C": "forward",
  OC: "forward",
  "[D": "again",
  OD: "again",
};

/** An arrow begins with Esc: what comes after that sooner than this, ms, belongs to it. */
const ESCAPE_MS = 60;

/** Hears the keys of the terminal at standard input until what is returned is called. Nothing that is typed is shown. */
export function hearKeys(pressed: (key: Key) => void): () => void {
  const { stdin } = process;
  let waiting = "";
  let timer: NodeJS.Timeout | undefined;
  const settle = () => {
    clearTimeout(timer);
    const keys = keysIn(waiting);
    waiting = "";
    for (const key of keys) pressed(key);
  };
  const hear = (typed: Buffer) => {
    waiting += typed.toString("latin1");
    clearTimeout(timer);
    if (isUnfinished(waiting)) timer = setTimeout(settle, ESCAPE_MS);
    else settle();
  };
  stdin.setRawMode(true);
  stdin.on("data", hear);
  stdin.resume();
  return () => {
    clearTimeout(timer);
    stdin.off("data", hear);
    stdin.setRawMode(false);
    stdin.pause();
  };
}

/** A keyboard repeats a key that is held down, first after up to 0.66 s, then some thirty times a second, ms. */
const REPEATS_WITHIN_MS = 800;

/**
 * Tells a key that is pressed from one that is held down, or was pressed twice: that must neither end what it has begun, nor
 * remove an episode that was saved after the one that it has given up.
 */
export class KeyRepeats {
  #last: Key | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** Hears of a key at a time; whether it was only the last one's repetition. */
  hear(key: Key, nowMs: number): "pressed" | "repeated" {
    const isRepeated = key === this.#last && nowMs - this.#lastMs < REPEATS_WITHIN_MS;
    [this.#last, this.#lastMs] = [key, nowMs];
    return isRepeated ? "repeated" : "pressed";
  }
}

/** The keys in what was typed. Other keys, whatever a terminal sends for them, are none. */
export function keysIn(typed: string): Key[] {
  const [letters = "", ...escaped] = typed.split(ESC);
  return [
    ...lettersIn(letters),
    ...escaped.flatMap((text) => {
      const [sequence] = /^(?:\[[\d;]*[@-~]|O[@-~])?/.exec(text)!;
      return [
        ...(ESCAPED[sequence] === undefined ? [] : [ESCAPED[sequence]]),
        ...lettersIn(text.slice(sequence.length)),
      ];
    }),
  ];
}

function lettersIn(text: string): Key[] {
  return [...text].flatMap((letter) =>
    letter.charCodeAt(0) === CTRL_C ? "interrupt" : (LETTERS[letter] ?? []),
  );
}

/** Whether an arrow may go on. */
function isUnfinished(typed: string): boolean {
  return typed.includes(ESC) && /^[[O]?$/.test(typed.slice(typed.lastIndexOf(ESC) + 1));
}
