/**
 * The programs of the system that this one starts. Root starts them too: they are taken from folders that are root's,
 * whatever the caller's PATH is, and get an environment of their own.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { changeableByOthers } from "../linux/own-path.ts";

/** All that are ever started, beside this program itself. */
export type ProgramName =
  | "dmesg"
  | "dpkg"
  | "find"
  | "getent"
  | "journalctl"
  | "sh"
  | "systemctl"
  | "systemd-sysusers"
  | "systemd-tmpfiles"
  | "udevadm"
  | "userdel";

/** Where programs of the system are; the first that has one is taken. */
const FOLDERS = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"] as const;

/** Nothing of the caller's. The language is the one in which messages are looked through for what they say. */
const ENVIRONMENT = { PATH: FOLDERS.join(":"), LANG: "C" } as const;

/** What a program did. */
export interface Outcome {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that was started. */
export type Started = Bun.Subprocess<"pipe", "pipe", "pipe">;

/** The programs of a machine. */
export interface Programs {
  /** The path of a program; undefined where it is not installed, or, to root, where others may change it. */
  find(name: ProgramName): string | undefined;
  /** Runs a program to its end; undefined where it cannot be found. Nothing is given to its input. */
  run(name: ProgramName, ...args: readonly string[]): Outcome | undefined;
  /**
   * Starts a program, in a session of its own: Ctrl-C on the terminal, or its end, must not end it half-way. Its input
   * ends when that is ended here, or when this program ends. Throws where it cannot be found.
   */
  start(name: ProgramName, ...args: readonly string[]): Started;
  /** Starts a program as Node does, for a library that wants that. Throws where it cannot be found. */
  spawn(name: ProgramName, args: readonly string[]): ChildProcess;
}

/** The programs in some folders, the first that has one first. */
export function programsIn(folders: readonly string[]): Programs {
  const find = (name: ProgramName) => folders.map((folder) => join(folder, name)).find(isRunnable);
  const found = (name: ProgramName) => {
    const path = find(name);
    if (path === undefined) throw new Error(`${name} is not installed here`);
    return path;
  };
  return {
    find,
    run(name, ...args) {
      const path = find(name);
      if (path === undefined) return undefined;
      const { success, stdout, stderr } = Bun.spawnSync([path, ...args], {
        env: ENVIRONMENT,
        stdin: "ignore",
        stderr: "pipe",
      });
      return { success, stdout: stdout.toString(), stderr: stderr.toString() };
    },
    start: (name, ...args) =>
      Bun.spawn([found(name), ...args], {
        env: ENVIRONMENT,
        stdio: ["pipe", "pipe", "pipe"],
        detached: true,
      }),
    spawn: (name, args) => spawn(found(name), args, { env: ENVIRONMENT }),
  };
}

/** Those of this machine. */
export const systemPrograms = programsIn(FOLDERS);

/** Ends a program's input; resolves when the program has ended, with what it said. */
export async function outcomeOf({ stdin, stdout, stderr, exited }: Started): Promise<Outcome> {
  stdin.end();
  const [output, complaint] = await Promise.all([new Response(stdout).text(), new Response(stderr).text()]);
  return { success: (await exited) === 0, stdout: output, stderr: complaint };
}

/** What is waited for beside other work ends within this, or is ended: a journal may be long, and a disk slow. */
const LONGEST_S = 10;

/** As {@link Programs.run}, beside whatever else this program does; one that does not end in 10 s is ended, and fails. */
export async function runAside(
  name: ProgramName,
  args: readonly string[],
  programs = systemPrograms,
): Promise<Outcome | undefined> {
  if (programs.find(name) === undefined) return undefined;
  const started = programs.start(name, ...args);
  const tooLate = setTimeout(() => started.kill("SIGKILL"), LONGEST_S * 1e3);
  try {
    return await outcomeOf(started);
  } finally {
    clearTimeout(tooLate);
  }
}

/** Of the caller's environment what this program reads: where his files are, and what his terminal can show. */
const READ_BY_US =
  /^(HOME|SUDO_UID|XDG_RUNTIME_DIR|XDG_CACHE_HOME|HF_HOME|HF_LEROBOT_HOME|HF_LEROBOT_CALIBRATION|TERM|COLORTERM|NO_COLOR|FORCE_COLOR|LANG|LC_\w+|TZ)$/;

/** Runs this program itself on this terminal, with other arguments; the exit code. */
export function runSelf(args: readonly string[], env = process.env): Promise<number> {
  return Bun.spawn([process.execPath, ...args], {
    env: environmentFrom(env),
    stdio: ["inherit", "inherit", "inherit"],
  }).exited;
}

/** This program itself, started beside this process. */
export type SelfStarted = Bun.Subprocess<"pipe", "ignore", "pipe">;

/**
 * Starts this program itself with other arguments, in a session of its own: Ctrl-C is for this process. Its input ends when
 * that is ended here, or when this process ends, however it does. `env` is given to it beside the caller's.
 */
export function startSelf(args: readonly string[], env: Readonly<Record<string, string>> = {}): SelfStarted {
  return Bun.spawn([process.execPath, ...source(), ...args], {
    env: { ...environmentFrom(process.env), ...env },
    stdio: ["pipe", "ignore", "pipe"],
    detached: true,
  });
}

/** What a program of ours said last, without the program's name in front: why it ended. */
export async function lastLineOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of stream) text = (text + decoder.decode(part, { stream: true })).slice(-2_000);
  const last = text.trimEnd().split("\n").at(-1) ?? "";
  return last.replace(/^so101: /, "").slice(0, 300);
}

/** This program itself, started beside this process, which reads what it prints. */
export type SelfAnswering = Bun.Subprocess<"ignore", "pipe", "pipe">;

/**
 * Starts this program itself with other arguments beside this process: for what takes much memory, or long, so that none of
 * it is this process's. One that does not end within `withinMs` is ended, and fails.
 */
export function askSelf(
  args: readonly string[],
  withinMs: number,
  env: Readonly<Record<string, string>> = {},
): SelfAnswering {
  return Bun.spawn([process.execPath, ...source(), ...args], {
    env: { ...environmentFrom(process.env), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: withinMs,
    killSignal: "SIGKILL",
  });
}

/** What Bun runs, where this is not the compiled program. */
function source(): string[] {
  return Bun.main.startsWith("/$bunfs/") ? [] : [Bun.main];
}

function environmentFrom(env: NodeJS.ProcessEnv): Record<string, string | undefined> {
  const passed = Object.entries(env).filter(([name]) => READ_BY_US.test(name));
  return { ...Object.fromEntries(passed), PATH: ENVIRONMENT.PATH };
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return process.geteuid?.() !== 0 || changeableByOthers(path) === undefined;
  } catch {
    return false;
  }
}
