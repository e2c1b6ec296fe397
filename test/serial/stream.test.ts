/** SerialPortStream on our binding. */
import { afterEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { SerialPortStream } from "@serialport/stream";
import { TtyBinding } from "../../src/serial/binding.ts";
import { PortError } from "../../src/serial/transport.ts";
import { Board } from "../support/board.ts";

const boards: Board[] = [];
const streams: SerialPortStream[] = [];
afterEach(async () => {
  for (const stream of streams.splice(0)) {
    if (stream.isOpen) await new Promise((resolve) => stream.close(resolve));
  }
  for (const board of boards.splice(0)) board.unplug();
});

function newBoard(): Board {
  const board = new Board();
  boards.push(board);
  return board;
}

function newStream(path: string, autoOpen = true) {
  const stream = new SerialPortStream({ binding: TtyBinding, path, baudRate: 1_000_000, autoOpen });
  streams.push(stream);
  return stream;
}

async function openStream(board: Board) {
  const stream = newStream(board.path);
  await once(stream, "open");
  return stream;
}

/** Calls a method that takes a callback, and waits for what that is told. */
function done(call: (callback: (error: Error | null | undefined) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())));
}

async function readBytes(stream: SerialPortStream, count: number): Promise<Buffer> {
  let all = Buffer.alloc(0);
  for await (const data of stream.iterator({ destroyOnReturn: false })) {
    all = Buffer.concat([all, data]);
    if (all.length >= count) break;
  }
  return all;
}

describe("SerialPortStream on our binding", () => {
  test("opens by itself, or when told", async () => {
    const board = newBoard();
    const stream = newStream(board.path, false);
    expect(stream.isOpen).toBe(false);
    await done((callback) => stream.open(callback));
    expect(stream.isOpen).toBe(true);
    expect(stream.port?.tty.baudRate).toBe(1_000_000);
  });

  test("carries every byte both ways, in order", async () => {
    const board = newBoard();
    const stream = await openStream(board);
    const data = Buffer.from(crypto.getRandomValues(new Uint8Array(10_000)));

    const heard = board.hear(data.length);
    stream.write(data.subarray(0, 4000));
    stream.write(data.subarray(4000));
    expect(Buffer.from(await heard).equals(data)).toBe(true);

    const received = readBytes(stream, data.length);
    for (let at = 0; at < data.length; ) {
      at += board.say(data.subarray(at, at + 1000));
      await Bun.sleep(1);
    }
    expect((await received).equals(data)).toBe(true);
  });

  test("what is written before it is open is sent then", async () => {
    const board = newBoard();
    const stream = newStream(board.path);
    stream.write("early");
    expect(Buffer.from(await board.hear(5)).toString()).toBe("early");
  });

  test("write and drain tell when all is out", async () => {
    const board = newBoard();
    const stream = await openStream(board);
    const heard = board.hear(20_000);
    const written = done((callback) => stream.write(Buffer.alloc(20_000), callback));
    await done((callback) => stream.drain(callback));
    await written;
    expect(await heard).toHaveLength(20_000);
  });

  test("flush throws away what has not been read", async () => {
    const board = newBoard();
    const stream = await openStream(board);
    board.say([1, 2, 3]);
    await done((callback) => stream.flush(callback));
    board.say([4]);
    expect([...(await readBytes(stream, 1))]).toEqual([4]);
  });

  test("update changes the speed", async () => {
    const board = newBoard();
    const stream = await openStream(board);
    await done((callback) => stream.update({ baudRate: 128_000 }, callback));
    expect(stream.baudRate).toBe(128_000);
    expect(board.pty.baud).toBe(128_000);
    const refused = done((callback) => stream.update({ baudRate: -5 }, callback));
    expect(refused).rejects.toBeInstanceOf(RangeError);
  });

  test("closes while it waits for data, without an error, and opens again", async () => {
    const board = newBoard();
    const stream = await openStream(board);
    const closed = once(stream, "close");
    stream.resume();
    await done((callback) => stream.close(callback));
    expect(await closed).toEqual([null]);
    expect(stream.isOpen).toBe(false);

    await done((callback) => stream.open(callback));
    const data = once(stream, "data");
    board.say([5]);
    expect([...((await data)[0] as Buffer)]).toEqual([5]);
  });

  test("a write that waits ends with an error when the port is closed", async () => {
    const board = newBoard();
    const stream = await openStream(board);
    stream.on("error", () => {});
    const writing = done((callback) => stream.write(Buffer.alloc(200_000), callback));
    const failed = writing.then(
      () => "written",
      (error) => error,
    );
    await board.hear(1);
    stream.close();
    expect(await failed).toMatchObject({ canceled: true });
  });

  test("closes with a disconnected error when the board is unplugged", async () => {
    const board = newBoard();
    const stream = await openStream(board);
    stream.resume();
    const closed = once(stream, "close");
    board.unplug();
    const [error] = await closed;
    expect(error).toMatchObject({
      disconnected: true,
      message: expect.stringContaining("went away") as unknown,
    });
    expect(stream.isOpen).toBe(false);
  });

  test("comes back on the same object when the board is plugged in again", async () => {
    const stream = newStream(newBoard().path);
    await once(stream, "open");
    stream.resume();
    const closed = once(stream, "close");
    boards[0]!.unplug();
    await closed;

    const again = newBoard();
    expect(again.path).toBe(stream.path); // the kernel gives the number out again
    await done((callback) => stream.open(callback));
    const data = once(stream, "data");
    again.say([8]);
    expect([...((await data)[0] as Buffer)]).toEqual([8]);
  });

  test("emits our error when the port cannot be opened", async () => {
    const stream = newStream("/dev/ttySO101");
    const [error] = await once(stream, "error").catch((error) => [error]);
    expect(error).toBeInstanceOf(PortError);
    expect(error).toMatchObject({ trouble: "missing" });

    const board = newBoard();
    await openStream(board);
    const second = newStream(board.path, false);
    const refused = await done((callback) => second.open(callback)).catch((error) => error);
    expect(refused).toMatchObject({ trouble: "in use" });
  });

  test("get and set pass on that there are no control lines", async () => {
    const stream = await openStream(newBoard());
    expect(done((callback) => stream.get(callback))).rejects.toMatchObject({ trouble: "failed" });
    expect(done((callback) => stream.set({ dtr: false }, callback))).rejects.toMatchObject({
      trouble: "failed",
    });
  });
});
