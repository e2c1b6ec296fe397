/** The program under attack, run once to its end, and what is wrong with how it ended whatever it was given. */

/** What a run of the program did. */
export interface Trial {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  /** The signal that ended it, if one did. */
  readonly signal: NodeJS.Signals | number | null;
  /** Whether it had to be killed, because it did not end in its time. */
  readonly hung: boolean;
  readonly ms: number;
  /** The most memory that it had, MB. */
  readonly mb: number;
}

/** How it is run. */
export interface TrialOptions {
  readonly cwd: string;
  readonly deadlineMs: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command; what has not ended at its deadline is killed. */
export async function trial(
  command: readonly string[],
  { cwd, deadlineMs, env = {} }: TrialOptions,
): Promise<Trial> {
  const started = performance.now();
  const child = Bun.spawn([...command], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: deadlineMs,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  await child.exited;
  const ms = performance.now() - started;
  return {
    ...{ stdout, stderr, code: child.exitCode, signal: child.signalCode, ms },
    hung: ms >= deadlineMs && child.signalCode === "SIGKILL",
    mb: (child.resourceUsage()?.maxRSS ?? 0) / 1e6,
  };
}

/** More than any command needs, whatever file it is given: MB. */
const MOST_MB = 400;

/** What no input may lead to, as the end of a sentence; undefined when all was in order. */
export function misbehaviour({ stdout, stderr, code, signal, hung, mb }: Trial): string | undefined {
  const text = stdout + stderr;
  if (hung) return undefined; // that is told as what hung
  if (signal !== null) return `was ended by ${signal}`;
  if (code !== 0 && code !== 1 && code !== 2) return `ended with exit code ${code}: ${lastOf(text)}`;
  if (
    /^\s+at .+[:(]\d+|\b(Type|Reference|Range|Syntax)Error\b|ValiError|panic|internal[ -]error/im.test(text)
  ) {
    return `showed its insides: ${lastOf(text)}`;
  }
  // A name or a text from elsewhere must not reach a terminal as orders.
  if (/[\p{Cc}--[\n\t]]/v.test(text)) return `printed control characters: ${JSON.stringify(lastOf(text))}`;
  if (mb > MOST_MB) return `took ${mb.toFixed(0)} MB`;
  return undefined;
}

/** The end of what was printed, for a sentence. */
export function lastOf(text: string): string {
  return text.trim().split("\n").slice(-2).join(" / ").slice(-300);
}
