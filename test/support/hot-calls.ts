/**
 * Makes the calls of the control loop many times over, `hot`, or allocates one small object as often, `allocating`.
 * The output of both streams tells, between the marks, whether the collector had to run.
 */
import { nowUs } from "../../src/linux/clock.ts";
import { nativeBuffer } from "../../src/linux/libc.ts";
import { TtyPort } from "../../src/serial/port.ts";
import { Board } from "./board.ts";

const board = new Board();
const port = TtyPort.open(board.path, { baudRate: 1_000_000 });
const reply = nativeBuffer(64);
const kept = { last: {} };

function exchange(times: number, allocating: boolean): void {
  for (let i = 0; i < times; i++) {
    const deadline = nowUs() + 1e6;
    port.send(14, deadline);
    board.pty.read(reply.pointer, reply.bytes.length);
    board.pty.write(reply.pointer, 48);
    if (port.receive(i & 1, deadline) !== 48) throw new Error("lost bytes");
    if (port.receive(0, 0) + port.discard() !== 0) throw new Error("bytes from nowhere");
    if (allocating) kept.last = { i };
  }
}

exchange(20_000, false);
Bun.gc(true);
console.error("begin");
exchange(Number(process.argv[3]), process.argv[2] === "allocating");
console.error("end");
board.unplug();
