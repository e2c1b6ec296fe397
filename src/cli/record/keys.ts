/** The keys that order a recorder at a terminal: those that LeRobot's users know, and plainer ones. */

/** What a key asks for. `forward` goes on to what comes next: it begins an episode, ends it, or ends the time to reset. */
export type Key = "forward" | "again" | "discard" | "stop" | "interrupt";

/** What is typed, by the bytes that a terminal sends. */
const KEYS: Readonly<Record<string, Key>> = {
  "\u001b[C": "forward",
  "\u001bOC": "forward",
  "\r": "forward",
  "\n": "forward",
  " ": "forward",
  "\u001b[D": "again",
  "\u001bOD": "again",
  d: "discard",
  D: "discard",
  "\u001b": "stop",
  "\u0003": "interrupt",
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
    if (/\u001b[[O]?$/.test(waiting)) timer = setTimeout(settle, ESCAPE_MS);
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

/** The keys in what was typed. Other keys, whatever a terminal sends for them, are none. */
export function keysIn(typed: string): Key[] {
  const found = typed.match(/\u001b(?:\[[\d;]*[@-~]|O[@-~])|[\s\S]/g) ?? [];
  return found.flatMap((one) => KEYS[one] ?? []);
}
