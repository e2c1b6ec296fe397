/** The contract of serialport bindings, on ours. */
import { afterEach, describe, expect, test } from "bun:test";
import { nowUs } from "../../src/linux/clock.ts";
import { TtyBinding, type TtyBindingPort } from "../../src/serial/binding.ts";
import { Board } from "../support/board.ts";

const boards: Board[] = [];
const ports: TtyBindingPort[] = [];
afterEach(async () => {
  for (const port of ports.splice(0)) port.tty.close();
  for (const board of boards.splice(0)) board.unplug();
});

function newBoard(): Board {
  const board = new Board();
  boards.push(board);
  return board;
}

async function openPort(board: Board): Promise<TtyBindingPort> {
  const port = await TtyBinding.open({ path: board.path, baudRate: 1_000_000 });
  ports.push(port);
  return port;
}

/** What a promise rejects with. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error("it did not reject");
    },
    (error) => error,
  );
}

/** More than all the buffers between a port and a board that does not read. */
const tooMuch = Buffer.alloc(200_000);

/** Arguments that only a program without types can give. */
// biome-ignore lint/suspicious/noExplicitAny: this is the point
const wrong = (value: unknown): any => value;

describe("open", () => {
  test("gives a port with every option known", async () => {
    const board = newBoard();
    const port = await openPort(board);
    expect(port.isOpen).toBe(true);
    expect(port.openOptions).toEqual({
      path: board.path,
      baudRate: 1_000_000,
      dataBits: 8,
      lock: true,
      stopBits: 1,
      parity: "none",
      rtscts: false,
      xon: false,
      xoff: false,
      xany: false,
      hupcl: true,
    });
  });

  test("the port has the synchronous calls too", async () => {
    const board = newBoard();
    const { tty } = await openPort(board);
    tty.out[0] = 42;
    tty.send(1, nowUs() + 1e6);
    expect([...board.heard()]).toEqual([42]);
    board.say([43]);
    expect(tty.receive(0, nowUs() + 1e6)).toBe(1);
  });

  test.each([undefined, null, "x", []])("rejects %j as options with a TypeError", async (options) => {
    expect(await rejection(TtyBinding.open(wrong(options)))).toEqual(
      new TypeError('"options" is not an object'),
    );
  });

  test.each([
    [{ path: "" }, '"path" is not a valid port'],
    [{ path: undefined }, '"path" is not a valid port'],
    [{ baudRate: 0 }, '"baudRate" is not a valid baudRate'],
    [{ baudRate: "9600" }, '"baudRate" is not a valid baudRate'],
    [{ baudRate: undefined }, '"baudRate" is not a valid baudRate'],
    [{ dataBits: 9 }, '"dataBits" must be 5, 6, 7 or 8, not 9'],
    [{ stopBits: 1.5 }, '"stopBits" must be 1 or 2 on Linux, not 1.5'],
    [{ parity: "mark" }, '"parity" must be "none", "even" or "odd", not "mark"'],
    [{ rtscts: "yes" }, '"rtscts" must be true or false'],
    [{ vmin: 0 }, '"vmin" must be 1 and "vtime" 0: a read of no bytes is how a lost port is told'],
  ])("rejects %j with a TypeError", async (options, message) => {
    const all = { path: newBoard().path, baudRate: 9600, ...options };
    expect(await rejection(TtyBinding.open(wrong(all)))).toEqual(new TypeError(message));
  });

  test("rejects a port that is not there", async () => {
    const options = { path: "/dev/ttySO101", baudRate: 9600 };
    expect(await rejection(TtyBinding.open(options))).toMatchObject({ trouble: "missing" });
  });

  test("locks the port unless told not to", async () => {
    const board = newBoard();
    await openPort(board);
    const options = { path: board.path, baudRate: 9600 };
    expect(await rejection(TtyBinding.open(options))).toMatchObject({ trouble: "in use" });

    const shared = { path: newBoard().path, baudRate: 9600, lock: false };
    ports.push(await TtyBinding.open(shared), await TtyBinding.open(shared));
  });

  test.each([
    { dataBits: 7, parity: "even", stopBits: 2 } as const,
    { rtscts: true, xon: true, xoff: true, xany: true, hupcl: false },
  ])("takes %j", async (options) => {
    const port = await TtyBinding.open({ path: newBoard().path, baudRate: 9600, ...options });
    ports.push(port);
    expect(port.openOptions).toMatchObject(options);
  });
});

describe("read", () => {
  test("resolves with what is there, at the offset, up to the length", async () => {
    const board = newBoard();
    const port = await openPort(board);
    const buffer = Buffer.alloc(10, 0xee);
    board.say([1, 2, 3, 4]);
    expect(await port.read(buffer, 2, 3)).toEqual({ buffer, bytesRead: 3 });
    expect([...buffer.subarray(0, 6)]).toEqual([0xee, 0xee, 1, 2, 3, 0xee]);
    expect((await port.read(buffer, 0, 10)).bytesRead).toBe(1);
    expect(buffer[0]).toBe(4);
  });

  test("waits for the first byte", async () => {
    const board = newBoard();
    const port = await openPort(board);
    const buffer = Buffer.alloc(4);
    const reading = port.read(buffer, 0, 4);
    await Bun.sleep(50);
    board.say([9]);
    expect(await reading).toEqual({ buffer, bytesRead: 1 });
  });

  test("rejects as canceled when the port is closed meanwhile", async () => {
    const port = await openPort(newBoard());
    const waiting = rejection(port.read(Buffer.alloc(1), 0, 1));
    await Bun.sleep(5);
    const starting = rejection(port.read(Buffer.alloc(1), 0, 1));
    await port.close();
    expect(await waiting).toMatchObject({ canceled: true });
    expect(await starting).toMatchObject({ canceled: true });
  });

  test("is over when close has resolved", async () => {
    const port = await openPort(newBoard());
    let over = false;
    port.read(Buffer.alloc(1), 0, 1).catch(() => {
      over = true;
    });
    await Bun.sleep(50);
    await port.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(over).toBe(true);
  });

  test("rejects as disconnected, not as canceled, when the board is unplugged meanwhile", async () => {
    const board = newBoard();
    const port = await openPort(board);
    const reading = rejection(port.read(Buffer.alloc(1), 0, 1));
    await Bun.sleep(5);
    board.unplug();
    const error = await reading;
    expect(error).toMatchObject({ disconnected: true, trouble: "lost" });
    expect(error).not.toHaveProperty("canceled");
    expect(await rejection(port.read(Buffer.alloc(1), 0, 1))).toMatchObject({ disconnected: true });
    await port.close();
  });

  test.each([
    [[[], 0, 1], TypeError],
    [[Buffer.alloc(1), "0", 1], TypeError],
    [[Buffer.alloc(1), Number.NaN, 1], TypeError],
    [[Buffer.alloc(1), -1, 1], TypeError],
    [[Buffer.alloc(1), 0, undefined], TypeError],
    [[Buffer.alloc(1), 0, 0], RangeError],
    [[Buffer.alloc(3), 2, 2], Error],
  ])("rejects the arguments %j", async (args, type) => {
    const port = await openPort(newBoard());
    expect(await rejection(port.read(...(args as [never, never, never])))).toBeInstanceOf(type);
  });
});

describe("write", () => {
  test("resolves when the system has the bytes, however many", async () => {
    const board = newBoard();
    const port = await openPort(board);
    const data = Buffer.from(crypto.getRandomValues(new Uint8Array(50_000)));
    const [heard] = await Promise.all([board.hear(data.length), port.write(data)]);
    expect(Buffer.from(heard).equals(data)).toBe(true);
  });

  test("of nothing resolves", async () => {
    const port = await openPort(newBoard());
    expect(await port.write(Buffer.alloc(0))).toBeUndefined();
  });

  test("rejects as canceled when the port is closed meanwhile", async () => {
    const port = await openPort(newBoard());
    const writing = rejection(port.write(tooMuch));
    await Bun.sleep(5);
    await port.close();
    expect(await writing).toMatchObject({ canceled: true });
  });

  test("rejects as disconnected when the board is unplugged, before or meanwhile", async () => {
    const board = newBoard();
    const port = await openPort(board);
    const writing = rejection(port.write(tooMuch));
    await Bun.sleep(5);
    board.unplug();
    expect(await writing).toMatchObject({ disconnected: true });
    expect(await rejection(port.write(Buffer.alloc(1)))).toMatchObject({ disconnected: true });
  });

  test("rejects one that overlaps another, and does not disturb it", async () => {
    const board = newBoard();
    const port = await openPort(board);
    const first = port.write(Buffer.from([1]));
    expect(await rejection(port.write(Buffer.from([2])))).toMatchObject({
      message: expect.stringContaining("Overlapping writes") as unknown,
    });
    await first;
    await port.write(Buffer.from([3]));
    expect([...(await board.hear(2))]).toEqual([1, 3]);
  });

  test("rejects what is not a Buffer with a TypeError", async () => {
    const port = await openPort(newBoard());
    expect(await rejection(port.write(wrong("text")))).toBeInstanceOf(TypeError);
  });
});

describe("the other calls", () => {
  test("update changes the speed, getBaudRate tells it", async () => {
    const board = newBoard();
    const port = await openPort(board);
    expect(await port.getBaudRate()).toEqual({ baudRate: 1_000_000 });
    await port.update({ baudRate: 76_800 });
    expect(await port.getBaudRate()).toEqual({ baudRate: 76_800 });
    expect(board.pty.baud).toBe(76_800);
  });

  test("update rejects what is no speed", async () => {
    const port = await openPort(newBoard());
    expect(await rejection(port.update(wrong(undefined)))).toBeInstanceOf(TypeError);
    expect(await rejection(port.update(wrong({ baudRate: "9600" })))).toBeInstanceOf(TypeError);
    expect(await rejection(port.update({ baudRate: 0 }))).toBeInstanceOf(RangeError);
  });

  test("flush throws away what came", async () => {
    const board = newBoard();
    const port = await openPort(board);
    board.say([1, 2, 3]);
    await port.flush();
    board.say([4]);
    const { buffer, bytesRead } = await port.read(Buffer.alloc(4), 0, 4);
    expect([...buffer.subarray(0, bytesRead)]).toEqual([4]);
  });

  test("drain waits for a write in progress", async () => {
    const board = newBoard();
    const port = await openPort(board);
    let written = false;
    const writing = port.write(Buffer.alloc(20_000)).then(() => {
      written = true;
    });
    const drained = port.drain().then(() => written);
    await board.hear(20_000);
    expect(await drained).toBe(true);
    await writing;
  });

  test("get and set say that a pty has no control lines", async () => {
    const board = newBoard();
    const port = await openPort(board);
    const error = { trouble: "failed", message: `${board.path} has no control lines` };
    expect(await rejection(port.get())).toMatchObject(error);
    expect(await rejection(port.set({ dtr: true }))).toMatchObject(error);
    expect(await rejection(port.set(wrong(undefined)))).toBeInstanceOf(TypeError);
  });

  test("after close, every call rejects: Port is not open", async () => {
    const port = await openPort(newBoard());
    await port.close();
    expect(port.isOpen).toBe(false);
    for (const call of [
      port.close(),
      port.read(Buffer.alloc(1), 0, 1),
      port.write(Buffer.alloc(1)),
      port.update({ baudRate: 9600 }),
      port.set({}),
      port.get(),
      port.getBaudRate(),
      port.flush(),
      port.drain(),
    ]) {
      expect(await rejection(call)).toMatchObject({ message: "Port is not open" });
    }
  });
});
