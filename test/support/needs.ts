/** What some tests need and not every machine has. Without it they are skipped, and `make test` says what to get. */
import { describe, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { relative, resolve } from "node:path";

/** A right, a program or a file that tests need. */
export interface Need {
  /** What it is: "lintian". */
  readonly name: string;
  /** How to get it, as a command where there is one. */
  readonly how: string;
  readonly isMet: () => boolean;
}

const isRoot = () => process.geteuid?.() === 0;

/** To be root: to run programs as somebody else, to give files away. */
export const ROOT: Need = { name: "root's rights", how: "sudo make test", isMet: isRoot };

/** The rights to mount, in namespaces too: root's, but a container's root has them only when it is privileged. */
export const MOUNTING: Need = {
  name: "the right to mount",
  how: "sudo make test; in a container, a privileged one",
  isMet: once(
    () =>
      isRoot() &&
      Bun.which("unshare") !== null &&
      Bun.spawnSync(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).success,
  ),
};

/** The right to make networks of one's own, and devices in them. */
export const NETWORKS: Need = {
  name: "the right to make networks",
  how: "sudo make test, with iproute2 and /dev/net/tun",
  isMet: once(
    () =>
      isRoot() &&
      Bun.which("ip") !== null &&
      Bun.spawnSync(["unshare", "--net", "ip", "tuntap", "add", "dev", "probe", "mode", "tun"]).success,
  ),
};

/** The right to stop a thread of another process of the same user's (ptrace). */
export const TRACING: Need = {
  name: "the right to trace one's own processes",
  how: "sudo make test, or sudo sysctl kernel.yama.ptrace_scope=0",
  isMet: () => isRoot() || traceScope() === 0,
};

/** A program on the PATH, and the Debian package that has it. */
export function program(name: string, debian: string): Need {
  return { name, how: `sudo apt install ${debian}`, isMet: () => Bun.which(name) !== null };
}

/** A file or folder of this machine's, and the Debian package that has it. */
export function installed(path: string, debian: string): Need {
  return { name: path, how: `sudo apt install ${debian}`, isMet: () => existsSync(path) };
}

/** A file that is built here, and by which target of make. */
export function built(path: string, target: string): Need {
  const name = relative(resolve(import.meta.dir, "../.."), path);
  return { name, how: `make ${target}`, isMet: () => existsSync(path) };
}

/**
 * bun's `test` and `describe` for what needs all this. Where something is missing they skip, and the names that they
 * were given end in "[needs …]" for each, which is what `make test` counts at its end. Where continuous integration runs as
 * root nothing may be missing: it throws.
 */
export function needing(...needs: readonly Need[]): { test: typeof test; describe: typeof describe } {
  const missing = needs.filter(({ isMet }) => !isMet()).map(({ name, how }) => `${name} (${how})`);
  if (missing.length === 0) return { test, describe };
  if (process.env.CI === "true" && isRoot()) throw new Error(`not on this machine: ${missing.join(", ")}`);
  const suffix = missing.map((need) => ` [needs ${need}]`).join("");
  return { test: skipped(test.skip, suffix), describe: skipped(describe.skip, suffix) };
}

type Declare = (name: string, ...rest: never[]) => unknown;

/** A function such as `test.skip`, and its `each`, with a suffix to every name. */
function skipped<Original>(original: unknown, suffix: string): Original {
  const declare = original as Declare & { each: (table: never) => Declare };
  const suffixed =
    (to: Declare): Declare =>
    (name, ...rest) =>
      to(name + suffix, ...rest);
  return Object.assign(suffixed(declare), {
    each: (table: never) => suffixed(declare.each(table)),
  }) as Original;
}

function traceScope(): number {
  try {
    return Number(readFileSync("/proc/sys/kernel/yama/ptrace_scope", "utf8"));
  } catch {
    return 0; // a kernel without Yama
  }
}

function once(ask: () => boolean): () => boolean {
  let answer: boolean | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}
