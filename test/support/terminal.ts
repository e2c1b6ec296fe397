/** The program on a terminal: what a person sees on its screen, and what a person types. */
import { Terminal } from "@xterm/headless";
import { programPath } from "./program.ts";

/** How long anything may take before a test calls it missing; generous, for machines that are busy. */
const PATIENCE_MS = 15_000;

/** What a test may choose. */
export interface TerminalChoices {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** What starts the program; its path unless told otherwise. */
  readonly program?: readonly string[];
  /** How long anything may take; {@link PATIENCE_MS} unless told otherwise. */
  readonly patienceMs?: number;
}

/** A running program and its screen; disposing kills it. */
export class ProgramOnTerminal implements AsyncDisposable {
  readonly #screen: Terminal;
  readonly #child: Bun.Subprocess;
  readonly #patienceMs: number;
  #raw = "";
  #changed: () => void = () => {};
  #ended = false;

  /** Starts `so101` with these arguments on a terminal of 80 columns by 24 lines. */
  constructor(
    args: readonly string[],
    {
      columns = 80,
      rows = 24,
      env = {},
      program = [programPath],
      patienceMs = PATIENCE_MS,
    }: TerminalChoices = {},
  ) {
    this.#patienceMs = patienceMs;
    this.#screen = new Terminal({ cols: columns, rows, scrollback: 1000, allowProposedApi: true });
    // A terminal has colours, whatever the machine that tests has to say about its own.
    const { NO_COLOR: _, CI: __, ...inherited } = process.env;
    const text = new TextDecoder();
    this.#child = Bun.spawn([...program, ...args], {
      env: { ...inherited, TERM: "xterm-256color", ...env },
      terminal: {
        cols: columns,
        rows,
        data: (_terminal, data) => {
          this.#raw += text.decode(data, { stream: true });
          this.#screen.write(data, () => this.#changed());
        },
      },
    });
    // What the program asks of the terminal, such as where the cursor is, the terminal answers.
    this.#screen.onData((answer) => this.#child.terminal?.write(answer));
    void this.#child.exited.then(() => {
      this.#ended = true;
      this.#changed();
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Every byte that the program wrote to the terminal. */
  get raw(): string {
    return this.#raw;
  }

  /** The lines that are on the screen now, without blanks at their ends. */
  get screen(): string[] {
    const { active } = this.#screen.buffer;
    return this.#lines(active.baseY, active.baseY + this.#screen.rows);
  }

  /** Everything that is on the screen or was scrolled off it. */
  get everything(): string {
    const { active } = this.#screen.buffer;
    return this.#lines(0, active.baseY + this.#screen.rows)
      .join("\n")
      .trimEnd();
  }

  /** Whether a text is on the screen or was scrolled off it, wherever its lines were broken. */
  has(text: string): boolean {
    return bare(this.everything).includes(bare(text));
  }

  /**
   * Waits until the screen has `wanted`: a text, wherever its lines are broken, or what a function says. Resolves with
   * the screen.
   */
  async until(wanted: string | ((screen: string) => boolean), what = String(wanted)): Promise<string> {
    const isThere =
      typeof wanted === "string" ? (screen: string) => bare(screen).includes(bare(wanted)) : wanted;
    const deadline = performance.now() + this.#patienceMs;
    for (;;) {
      const screen = this.screen.join("\n");
      if (isThere(screen)) return screen;
      const left = deadline - performance.now();
      if (this.#ended || left <= 0) throw new Error(`${what} did not come; there was:\n${this.everything}`);
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
        setTimeout(resolve, left);
      });
    }
  }

  /** Types; "\r" is Enter, "\u0003" Ctrl-C. */
  type(text: string): void {
    this.#child.terminal!.write(text);
  }

  /** Changes the terminal's size, as somebody who drags its window does. */
  resize(columns: number, rows: number): void {
    this.#screen.resize(columns, rows);
    this.#child.terminal!.resize(columns, rows);
  }

  /** Closes the terminal, as somebody who closes its window does. */
  close(): void {
    this.#child.terminal!.close();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves with the exit code once the program has ended and its last words are on the screen. */
  async exited(): Promise<number> {
    const code = await this.#child.exited;
    await new Promise<void>((resolve) => this.#screen.write("", resolve));
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
    this.#child.terminal?.close();
    this.#screen.dispose();
  }

  #lines(from: number, to: number): string[] {
    const { active } = this.#screen.buffer;
    return Array.from(
      { length: to - from },
      (_, i) => active.getLine(from + i)?.translateToString(true) ?? "",
    );
  }
}

/** A text without its blanks, and without the guide that prompts draw beside theirs. */
function bare(text: string): string {
  return text.replace(/[\s│]+/g, "");
}
