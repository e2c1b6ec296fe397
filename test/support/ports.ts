/** Boards, ports and helper processes for tests of the serial port, and their end. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { nowUs } from "../../src/linux/clock.ts";
import { TtyPort } from "../../src/serial/port.ts";
import { PortError } from "../../src/serial/transport.ts";
import { Board, type Helper, startHelper } from "./board.ts";
import { thrown } from "./thrown.ts";

const cleanups: (() => unknown)[] = [];

/** Has `cleanup` called when the test is over. */
export function atEnd(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

/** Ends what the test made, the last first. Each test file calls it after each test. */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

export function newFolder(): string {
  const folder = mkdtempSync(`${tmpdir()}/so101-port-`);
  cleanups.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

export function newBoard(): Board {
  const board = new Board();
  cleanups.push(() => board.unplug());
  return board;
}

export function openPort(path: string, baudRate = 1_000_000): TtyPort {
  const port = TtyPort.open(path, { baudRate });
  cleanups.push(() => port.close());
  return port;
}

export function newHelper(script: string, args: string[], uid?: number): Helper {
  const helper = startHelper(script, args, uid);
  cleanups.push(() => helper.end());
  return helper;
}

/** A deadline that a working call never meets. */
export function soon(): number {
  return nowUs() + 5e6;
}

/** The PortError that a call throws. */
export function troubleOf(call: () => unknown): PortError {
  return thrown(PortError, call);
}
