/** A tool's port beside programs that come later: real ones, on a pty. */
import { afterEach, expect } from "bun:test";
import { positionsRead } from "../../src/arm/servos/read.ts";
import { connectionTo, systemPorts } from "../../src/arm/system-ports.ts";
import { watchedPorts } from "../../src/arm/watched-ports.ts";
import { nowUs } from "../../src/linux/clock.ts";
import { PortError } from "../../src/serial/transport.ts";
import { needing, ROOT } from "../support/needs.ts";
import { atEnd, cleanUp, newBoard, soon } from "../support/ports.ts";

afterEach(cleanUp);

// Who is not root cannot open a port that is open here: Linux keeps them out.
needing(ROOT).test(
  "a program that opens it gets it within a second: nothing more is sent, and the port is closed",
  async () => {
    const board = newBoard();
    const port = await watchedPorts(systemPorts).open(board.path, 1_000_000);
    atEnd(() => port.close());
    const { transport } = port;
    transport.out[0] = 0xff;
    transport.send(1, soon());
    expect(board.heard()).toHaveLength(1);
    const other = Bun.spawn(["sleep", "60"], { stdin: Bun.file(board.path) });
    atEnd(() => other.kill());
    const openedUs = nowUs();
    let error: unknown;
    while (error === undefined) {
      try {
        transport.send(1, soon());
        await Bun.sleep(10);
      } catch (thrown) {
        error = thrown;
      }
    }
    expect(error).toBeInstanceOf(PortError);
    expect(error).toMatchObject({ trouble: "in use", owner: { pid: other.pid, name: "sleep" } });
    expect(nowUs() - openedUs).toBeLessThan(1e6);
    board.heard();
    expect(() => transport.send(1, soon())).toThrow("is in use by sleep");
    expect(() => transport.receive(0, soon())).toThrow("is in use by sleep");
    expect(() => transport.discard()).toThrow("is in use by sleep");
    expect(board.heard()).toHaveLength(0);
    // Once it has ended the port can be opened again.
    await port.close();
    other.kill();
    await other.exited;
    await (await watchedPorts(systemPorts).open(board.path, 1_000_000)).close();
  },
);

needing(ROOT).test("every connection of a tool is watched so", async () => {
  const { path } = newBoard();
  const connection = connectionTo(undefined, path, "read");
  atEnd(() => connection.close());
  await connection.reach();
  const { bus } = connection;
  const other = Bun.spawn(["sleep", "60"], { stdin: Bun.file(path) });
  atEnd(() => other.kill());
  const openedUs = nowUs();
  const ask = () => bus!.exchange(positionsRead(), 1_000);
  for (;;) {
    try {
      ask();
      await Bun.sleep(10);
    } catch (error) {
      expect(error).toMatchObject({ trouble: "in use", owner: { pid: other.pid, name: "sleep" } });
      break;
    }
  }
  expect(nowUs() - openedUs).toBeLessThan(1e6);
});
