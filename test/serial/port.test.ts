/** An open serial port: bytes both ways, deadlines, unplugging. */
import { afterEach, describe, expect, test } from "bun:test";
import { BAUD_RATES } from "../../src/feetech/registers.ts";
import { nowUs } from "../../src/linux/clock.ts";
import { TtyPort } from "../../src/serial/port.ts";
import type { Board } from "../support/board.ts";
import { atEnd, cleanUp, newBoard, newHelper, openPort, soon, troubleOf } from "../support/ports.ts";

const everyByte = Uint8Array.from({ length: 256 }, (_, value) => value);

afterEach(cleanUp);

function receiveAll(port: TtyPort, size: number): Uint8Array {
  let count = 0;
  while (count < size) {
    const more = port.receive(count, soon());
    if (more === 0) break;
    count += more;
  }
  return port.in.slice(0, count);
}

async function hearUntil(board: Board, last: number): Promise<number[]> {
  const bytes: number[] = [];
  while (bytes.at(-1) !== last) bytes.push(...(await board.hear(1)));
  return bytes;
}

describe("an open port", () => {
  test("carries every byte value unchanged, out and in", () => {
    const board = newBoard();
    const port = openPort(board.path);

    port.out.set(everyByte);
    port.send(256, soon());
    expect(board.heard()).toEqual(everyByte);

    board.say(everyByte);
    expect(receiveAll(port, 256)).toEqual(everyByte);
  });

  test("does not echo what it receives", () => {
    const board = newBoard();
    const port = openPort(board.path);
    board.say(everyByte);
    receiveAll(port, 256);
    expect(board.heard()).toHaveLength(0);
  });

  test.each([...BAUD_RATES])("runs at %d baud", (baudRate) => {
    const board = newBoard();
    const port = openPort(board.path, baudRate);
    expect(port.baudRate).toBe(baudRate);
    expect(board.pty.baud).toBe(baudRate);
  });

  test("changes its speed and stays raw", () => {
    const board = newBoard();
    const port = openPort(board.path);
    for (const baudRate of [76_800, 38_400, 128_000, 1_000_000]) {
      port.setBaudRate(baudRate);
      expect(port.baudRate).toBe(baudRate);
      expect(board.pty.baud).toBe(baudRate);
    }
    board.say(everyByte);
    expect(receiveAll(port, 256)).toEqual(everyByte);
  });

  test.each([0, -1, 1.5, Number.NaN, 2 ** 32])("refuses %d baud and goes on as before", (baudRate) => {
    const board = newBoard();
    const port = openPort(board.path);
    expect(() => port.setBaudRate(baudRate)).toThrow(RangeError);
    expect(() => TtyPort.open(board.path, { baudRate })).toThrow(RangeError);
    expect(port.baudRate).toBe(1_000_000);
  });

  test("starts with nothing in it, whatever came before", () => {
    const board = newBoard();
    openPort(board.path).close();
    board.say([1, 2, 3]);
    const port = openPort(board.path);
    expect(port.receive(0, nowUs())).toBe(0);
  });

  test("is closed once; closing again does nothing, and every call says that it is closed", () => {
    const port = openPort(newBoard().path);
    expect(port.isOpen).toBe(true);
    expect(port.fd).toBeGreaterThan(2);
    port.close();
    port.close();
    expect(port.isOpen).toBe(false);
    expect(port.fd).toBe(-1);
    openPort(newBoard().path); // gets the number that is free now
    for (const call of [
      () => port.send(1, soon()),
      () => port.receive(0, soon()),
      () => port.discard(),
      () => port.flush(),
      () => port.drain(),
      () => port.setBaudRate(9600),
      () => port.baudRate,
    ]) {
      expect(troubleOf(call)).toMatchObject({ trouble: "closed", message: `${port.path} is not open` });
    }
  });
});

describe("receive", () => {
  test("gives what is there at once, at the offset asked for, and nothing beside it", () => {
    const board = newBoard();
    const port = openPort(board.path);
    port.in.fill(0xee);
    board.say([1, 2, 3]);
    expect(port.receive(10, soon())).toBe(3);
    expect([...port.in.slice(9, 14)]).toEqual([0xee, 1, 2, 3, 0xee]);
  });

  test("gives what is there even when the deadline has passed", () => {
    const board = newBoard();
    const port = openPort(board.path);
    board.say([7]);
    expect(port.receive(0, 0)).toBe(1);
  });

  test("returns 0 at the deadline, not before", () => {
    const port = openPort(newBoard().path);
    const deadline = nowUs() + 20_000;
    expect(port.receive(0, deadline)).toBe(0);
    expect(nowUs()).toBeGreaterThanOrEqual(deadline);
  });

  test("waits for an answer that comes before the deadline", async () => {
    const helper = newHelper("board-process.ts", ["answer"]);
    const port = openPort((await helper.line())!);
    port.send(1, soon());
    expect(Buffer.from(receiveAll(port, 4)).toString()).toBe("pong");
  });

  test("is not cut short by signals", () => {
    const port = openPort(newBoard().path);
    let signals = 0;
    const count = () => signals++;
    process.on("SIGUSR1", count);
    const sender = Bun.spawn(["sh", "-c", `while kill -USR1 ${process.pid}; do sleep 0.01; done`]);
    atEnd(async () => {
      sender.kill();
      await sender.exited;
      process.off("SIGUSR1", count);
    });
    const deadline = nowUs() + 300_000;
    expect(port.receive(0, deadline)).toBe(0);
    expect(nowUs()).toBeGreaterThanOrEqual(deadline);
  });

  test("has no room behind the end of its buffer", () => {
    const board = newBoard();
    const port = openPort(board.path);
    board.say([1, 2]);
    expect(port.receive(port.in.length - 1, soon())).toBe(1);
    expect(() => port.receive(port.in.length, soon())).toThrow(RangeError);
    expect(() => port.receive(-1, soon())).toThrow(RangeError);
    expect(port.discard()).toBe(1);
  });
});

describe("send", () => {
  test("sends the start of its buffer", () => {
    const board = newBoard();
    const port = openPort(board.path);
    port.out.set([5, 6, 7, 8]);
    port.send(3, soon());
    expect([...board.heard()]).toEqual([5, 6, 7]);
  });

  test("gives up at the deadline when the board takes nothing, and works again when it does", async () => {
    const board = newBoard();
    const port = openPort(board.path);
    port.out.fill(1);
    let sent = 0;
    const error = troubleOf(() => {
      for (; ; sent += 512) port.send(512, nowUs() + 20_000);
    });
    expect(error).toMatchObject({ trouble: "stuck", disconnected: false });

    // What had not left is thrown away: it never comes late, in front of the next request.
    let heard = 0;
    for (let count = -1; count !== 0; heard += count) count = board.heard().length;
    port.out.set([9, 8, 7]);
    port.send(3, soon());
    const rest = await hearUntil(board, 7);
    expect(rest.slice(-3)).toEqual([9, 8, 7]);
    expect(heard + rest.length).toBeLessThan(sent);
  });

  test("waits for room and loses nothing when the board is slow", async () => {
    const pieces = 400;
    const pieceSize = 509; // no buffer of the system is a multiple of it
    const all = Buffer.alloc(pieces * pieceSize);
    all.forEach((_, at) => {
      all[at] = (at * 7) ^ (at >> 8);
    });
    const helper = newHelper("board-process.ts", ["swallow", String(all.length)]);
    const port = openPort((await helper.line())!);
    for (let at = 0; at < all.length; at += pieceSize) {
      port.out.set(all.subarray(at, at + pieceSize));
      port.send(pieceSize, soon());
    }
    expect(await helper.line()).toBe(String(Bun.hash(all)));
  });

  test("sends no more than its buffer holds", () => {
    const port = openPort(newBoard().path);
    expect(() => port.send(port.out.length + 1, soon())).toThrow(RangeError);
  });

  test("what was sent before closing arrives", async () => {
    const board = newBoard();
    const port = openPort(board.path);
    port.out.set([1, 2, 3]);
    port.send(3, soon());
    port.close();
    expect([...(await board.hear(3))]).toEqual([1, 2, 3]);
  });
});

describe("discard", () => {
  test("throws away what came, counts it, and does not wait", () => {
    const board = newBoard();
    const port = openPort(board.path);
    expect(port.discard()).toBe(0);
    board.say(everyByte);
    expect(port.discard()).toBe(256);
    expect(port.receive(0, nowUs())).toBe(0);
  });

  test("leaves what was received before in its buffer", () => {
    const board = newBoard();
    const port = openPort(board.path);
    board.say([1, 2, 3]);
    port.receive(0, soon());
    board.say([4, 5, 6]);
    port.discard();
    expect([...port.in.slice(0, 3)]).toEqual([1, 2, 3]);
  });
});

describe("when the board is unplugged", () => {
  const lost = { trouble: "lost", disconnected: true };

  test("a waiting receive ends at once with an error, not at its deadline with nothing", async () => {
    const helper = newHelper("board-process.ts", ["vanish"]);
    const port = openPort((await helper.line())!);
    port.send(1, soon());
    expect(troubleOf(() => port.receive(0, soon()))).toMatchObject(lost);
  });

  test("every later call says so, and closing still works", () => {
    const board = newBoard();
    const port = openPort(board.path);
    board.unplug();
    expect(troubleOf(() => port.receive(0, soon()))).toMatchObject(lost);
    expect(troubleOf(() => port.send(1, soon()))).toMatchObject(lost);
    expect(troubleOf(() => port.discard())).toMatchObject(lost);
    expect(troubleOf(() => port.receive(0, soon())).message).toBe(
      `${board.path} went away: the board was unplugged or lost its power`,
    );
    port.close();
    expect(port.isOpen).toBe(false);
  });
});

describe("the calls of the control loop", () => {
  const collectEveryBytes = 100_000;
  const rounds = collectEveryBytes / 8; // an object is at least 16 bytes: one a round must show

  /** How often the collector ran during so many rounds. */
  async function collections(task: "hot" | "allocating"): Promise<number> {
    const child = Bun.spawn(
      [process.execPath, `${import.meta.dir}/../support/hot-calls.ts`, task, `${rounds}`],
      {
        env: { ...process.env, BUN_JSC_logGC: "1", BUN_JSC_gcMaxHeapSize: `${collectEveryBytes}` },
        stderr: "pipe",
      },
    );
    const log = await new Response(child.stderr).text();
    expect(await child.exited).toBe(0);
    const during = /^begin$(.*)^end$/ms.exec(log);
    return during![1]!.split("START").length - 1;
  }

  test("allocate nothing", async () => {
    expect(await collections("hot")).toBe(0);
  }, 20_000);

  test("… which one small object a round would show", async () => {
    expect(await collections("allocating")).toBeGreaterThan(0);
  }, 20_000);
});
