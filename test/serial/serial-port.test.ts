/** serialport's SerialPort on our binding: on real ptys, from source and in a compiled program. */
import { afterEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { compile } from "../../scripts/compile.ts";
import { openSerialPort, type SerialPort, watchUnplugged } from "../../src/serial/serial-port.ts";
import { atEnd, cleanUp, newBoard, openPort, troubleOf } from "../support/ports.ts";

afterEach(cleanUp);

async function opened(path: string): Promise<SerialPort> {
  const port = await openSerialPort(path);
  atEnd(() => port.isOpen && new Promise((resolve) => port.close(resolve)));
  return port;
}

describe("a port opened by serialport", () => {
  test("is at the speed of a servo bus, or at the one asked for", async () => {
    const board = newBoard();
    const port = await opened(board.path);
    expect(port.isOpen).toBe(true);
    expect(board.pty.baud).toBe(1_000_000);
    await new Promise((resolve) => port.close(resolve));
    const slower = await openSerialPort(board.path, 500_000);
    expect(board.pty.baud).toBe(500_000);
    await new Promise((resolve) => slower.close(resolve));
  });

  test("carries bytes both ways", async () => {
    const board = newBoard();
    const port = await opened(board.path);
    port.write(Uint8Array.of(0xff, 0xff, 0x00));
    expect([...(await board.hear(3))]).toEqual([0xff, 0xff, 0x00]);
    const data = once(port, "data");
    board.say([1, 2, 3]);
    expect([...(await data)[0]]).toEqual([1, 2, 3]);
  });

  test("is locked against others, and free again when it is closed", async () => {
    const board = newBoard();
    const port = await opened(board.path);
    expect(troubleOf(() => openPort(board.path)).trouble).toBe("in use");
    await new Promise((resolve) => port.close(resolve));
    expect(openPort(board.path).isOpen).toBe(true);
  });

  test("closes with a disconnected error when its board is unplugged", async () => {
    const board = newBoard();
    const port = await opened(board.path);
    port.resume();
    const closed = once(port, "close");
    board.unplug();
    expect((await closed)[0]).toMatchObject({ disconnected: true });
    expect(port.isOpen).toBe(false);
  });

  test("that is not there or in use rejects with what a person can do", async () => {
    await expect(openSerialPort("/dev/ttySO101")).rejects.toMatchObject({ trouble: "missing" });
    const { path } = newBoard();
    openPort(path);
    await expect(openSerialPort(path)).rejects.toMatchObject({ trouble: "in use" });
  });
});

describe("watching for a board to be unplugged", () => {
  test("ends when it is, however much it said before", async () => {
    const board = newBoard();
    const unplugged = watchUnplugged(board.path, new AbortController().signal);
    const early = unplugged.then(() => {
      throw new Error("it was not unplugged yet");
    });
    // Read and thrown away: more than the system buffers for a tty goes through.
    const speak = async () => {
      for (let said = 0; said < 300_000; said += board.say(new Uint8Array(4096))) await Bun.sleep(1);
    };
    await Promise.race([speak(), early]);
    early.catch(() => {});
    board.unplug();
    await unplugged;
  });

  test("is given up with the signal's reason, and gives the port up", async () => {
    const board = newBoard();
    const abort = new AbortController();
    const watching = watchUnplugged(board.path, abort.signal);
    const failed = watching.catch((error) => error);
    abort.abort("enough");
    expect(await failed).toBe("enough");
    expect(openPort(board.path).isOpen).toBe(true);
    await expect(watchUnplugged(board.path, abort.signal)).rejects.toBe("enough");
  });

  test("rejects when the port is not there or another program has it", async () => {
    const { signal } = new AbortController();
    await expect(watchUnplugged("/dev/ttySO101", signal)).rejects.toMatchObject({ trouble: "missing" });
    const { path } = newBoard();
    openPort(path);
    await expect(watchUnplugged(path, signal)).rejects.toMatchObject({ trouble: "in use" });
  });
});

describe("a compiled program", () => {
  const script = join(import.meta.dir, "../support/serial-port.ts");

  test("echoes through serialport, and is told that the board was unplugged; serialport's own binding refuses", async () => {
    const folder = mkdtempSync(join(tmpdir(), "so101-serialport-"));
    atEnd(() => rmSync(folder, { recursive: true }));
    const program = join(folder, "echo");
    await compile([script], program);
    const board = newBoard();
    // In another folder than the packages: nothing may be looked for beside the program.
    const echo = Bun.spawn([program, board.path], { cwd: "/", stdout: "pipe", stderr: "inherit" });
    atEnd(() => echo.kill());
    const lines = createInterface({ input: Readable.fromWeb(echo.stdout as never) })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe("own binding: serialport's own binding is not in this program");
    board.say([7, 8, 9]);
    expect([...(await board.hear(3))]).toEqual([7, 8, 9]);
    board.unplug();
    expect((await lines.next()).value).toBe("disconnected: true");
    expect(await echo.exited).toBe(0);
  }, 60_000);
});
