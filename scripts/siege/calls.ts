/** The system calls of a run, as strace tells them: so that a run can be ended, or failed, at any one of them. */

/** The calls at which files come about, change and go. */
export const FILE_CALLS = [
  ...["openat", "write", "pwrite64", "ftruncate", "fsync", "fdatasync", "rename", "renameat", "renameat2"],
  ...["link", "linkat", "symlink", "symlinkat", "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir"],
  ...["chmod", "fchmod", "fchmodat", "chown", "fchown", "fchownat"],
];

/** One call of a run: the `nth` of its kind in its thread, from 1. */
export interface Call {
  readonly name: string;
  readonly nth: number;
  /** With its arguments, as strace writes them. */
  readonly text: string;
}

/** Has strace write a run's calls into a file, with the paths of descriptors. */
export function traced(command: readonly string[], into: string): string[] {
  // Not all libraries have all calls; a question mark lets strace go on without one.
  const calls = FILE_CALLS.map((name) => `?${name}`).join(",");
  return ["strace", "-f", "-qq", "-y", "-s", "200", "-o", into, "-e", `trace=${calls}`, ...command];
}

/** The calls in what strace wrote that have to do with one of some places. */
export function callsIn(trace: string, places: readonly string[]): Call[] {
  const counts = new Map<string, number>();
  return trace.split("\n").flatMap((line) => {
    const [, thread, name, rest = ""] = /^(\d+) +(\w+)\((.*)/.exec(line) ?? [];
    if (thread === undefined || name === undefined) return [];
    const nth = (counts.get(`${thread} ${name}`) ?? 0) + 1;
    counts.set(`${thread} ${name}`, nth);
    const isOurs = places.some((place) => rest.includes(place));
    return isOurs ? [{ name, nth, text: `${name}(${rest}` }] : [];
  });
}

/** Has strace end a run by SIGKILL when it is about to make a call. */
export function killedAt({ name, nth }: Call, command: readonly string[]): string[] {
  return injected(name, `signal=SIGKILL:when=${nth}`, command);
}

/** Has strace let a call fail; with `from` also all later ones of its kind, as on a disk that stays full. */
export function failedAt(
  { name, nth }: Call,
  { error, lasts }: { readonly error: string; readonly lasts: "once" | "from there on" },
  command: readonly string[],
): string[] {
  return injected(name, `error=${error}:when=${nth}${lasts === "once" ? "" : "+"}`, command);
}

function injected(name: string, what: string, command: readonly string[]): string[] {
  const only = ["-e", `trace=${name}`, "-e", `inject=${name}:${what}`];
  return ["strace", "-f", "-qq", "-o", "/dev/null", ...only, ...command];
}
