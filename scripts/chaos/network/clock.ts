/** A wall clock that programs are shown in place of the machine's, and that can be stepped while they run: by libfaketime. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const TRIPLET = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";

/** Debian's package faketime has it. */
export const FAKETIME = `/usr/lib/${TRIPLET}/faketime/libfaketimeMT.so.1`;

/** A clock of one machine's. */
export interface SteppedClock {
  /** What a program must have in its environment to see it; nothing where libfaketime is not installed. */
  readonly env: Readonly<Record<string, string>>;
  /** So many seconds beside the machine's from now on: within a second. */
  step(seconds: number): void;
}

/** Makes one, that is right; its file is in `dir`. */
export function steppedClock(dir: string, name: string): SteppedClock {
  const file = join(dir, `${name}.clock`);
  const step = (seconds: number) => writeFileSync(file, `${seconds < 0 ? "" : "+"}${seconds}\n`);
  step(0);
  if (!existsSync(FAKETIME)) return { env: {}, step };
  const env = {
    LD_PRELOAD: FAKETIME,
    // Nobody can step CLOCK_MONOTONIC.
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    DONT_FAKE_MONOTONIC: "1",
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: "1",
  };
  return { env, step };
}
