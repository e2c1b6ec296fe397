/**
 * Standard output that never blocks: who does not read it must not keep the program from being stopped. What is printed
 * has parts from outside: whatever is not seen in it, and could act on a terminal or a log, is written out.
 */
import { fstatSync, writeSync } from "node:fs";
import { libc, nativeBuffer } from "../libc.ts";
import { terminalText } from "./styled.ts";
import { visible } from "./visible.ts";

const STDOUT = 1;
const POLLOUT = 4;

/** PIPE_BUF: a pipe that is writable takes so much at once. */
const CHUNK = 4096;
const TRY_AGAIN_MS = 50;
const LINES_KEPT = 1_000;
const LAST_PATIENCE_MS = 200;

const poll = nativeBuffer(8);
const pollWords = new Int32Array(poll.bytes.buffer);
const patience = nativeBuffer(16);
const patienceWords = new Uint32Array(patience.bytes.buffer);

let waiting: string[] = [];
let lost = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let readerGone = false;

/**
 * Prints a line, or several, now or as soon as somebody reads; the oldest of too many are dropped, and counted. Of what
 * is not seen, colours of `styled` alone come through; JSON's text means the same as before.
 */
export function printLine(line: string): void {
  enqueue(forLog(terminalText(line)));
}

/** Hands bytes to another process of ours that waits for them: all, for as long as it reads. Throws the system's error. */
export function printBytes(bytes: Uint8Array): void {
  for (let left = bytes; left.length > 0; ) {
    if (isWritable(TRY_AGAIN_MS)) left = left.subarray(writeSync(STDOUT, left.subarray(0, CHUNK)));
  }
}

/** Prints one line of the journal, of a priority as in sd-daemon(3): 3 is an error, 4 a warning, 6 information. */
export function printJournalLine(priority: 3 | 4 | 6, line: string): void {
  enqueue(`<${priority}>${visible(line)}`);
}

/** Says on standard error what went wrong: as {@link printLine}, but at once. */
export function printError(text: string): void {
  console.error(forLog(terminalText(text)));
}

/** The journal takes a number in pointed brackets, at a line's beginning, for the line's priority. */
function forLog(text: string): string {
  return isJournal() ? text.replaceAll(/^<(?=\d+>)/gm, "\\u003c") : text;
}

function enqueue(line: string): void {
  waiting.push(line);
  if (waiting.length > LINES_KEPT) {
    waiting.shift();
    lost++;
  }
  flush();
}

/** Prints what is left, as far as it is taken within a moment. For the end of the program. */
export function flushLines(): void {
  const deadline = performance.now() + LAST_PATIENCE_MS;
  while (waiting.length > 0 && performance.now() < deadline) {
    if (isWritable(LAST_PATIENCE_MS)) flush();
  }
  waiting = [];
}

/** False once whoever read standard output, another program, has gone. */
export function isRead(): boolean {
  return !readerGone;
}

/** True when standard output takes something at once, or will within the time. */
export function isWritable(withinMs = 0): boolean {
  pollWords[0] = STDOUT;
  pollWords[1] = POLLOUT;
  patienceWords[2] = withinMs * 1e6;
  return libc.ppoll(poll.pointer, 1, patience.pointer, null) > 0;
}

/** True when standard output is the journal: systemd says so, and which file that is. */
export function isJournal(): boolean {
  try {
    const { dev, ino } = fstatSync(STDOUT);
    return process.env.JOURNAL_STREAM === `${dev}:${ino}`;
  } catch {
    return false; // it was closed
  }
}

function flush(): void {
  clearTimeout(timer);
  while (waiting.length > 0) {
    if (!isWritable()) {
      timer = setTimeout(flush, TRY_AGAIN_MS);
      timer.unref();
      return;
    }
    const line = lost > 0 ? `(${lost} lines were not read and are lost)` : waiting.shift()!;
    lost = 0;
    put(`${line}\n`);
  }
}

/** Nobody may read any more, the disk be full: the arms are moved all the same. */
function put(text: string): void {
  try {
    for (let bytes = Buffer.from(text); bytes.length > 0; ) {
      bytes = bytes.subarray(writeSync(STDOUT, bytes.subarray(0, CHUNK)));
      if (bytes.length > 0 && !isWritable(LAST_PATIENCE_MS)) return;
    }
  } catch (error) {
    readerGone ||= (error as NodeJS.ErrnoException).code === "EPIPE";
  }
}
