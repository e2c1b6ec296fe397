/** The machine's own ports, with real programs on a pty: none is joined, whether or not it locks. */
import { afterEach, expect, test } from "bun:test";
import { ArmConnection, systemPorts } from "../../src/arm/connection.ts";
import { PortError } from "../../src/serial/transport.ts";
import { atEnd, cleanUp, newBoard, newHelper } from "../support/ports.ts";

afterEach(cleanUp);

/** Why a port is not opened. */
async function refusal(path: string): Promise<PortError> {
  const error = await systemPorts.open(path, 1_000_000).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PortError);
  return error as PortError;
}

test("a program that has the port open without a lock is not joined: it is named, and hears nothing of us", async () => {
  const board = newBoard();
  const other = Bun.spawn(["sleep", "60"], { stdin: Bun.file(board.path) });
  atEnd(() => other.kill());
  const owner = { pid: other.pid, name: "sleep" };
  for (let attempt = 0; attempt < 3; attempt++) {
    expect(await refusal(board.path)).toMatchObject({
      trouble: "in use",
      owner,
    });
  }
  expect(board.heard()).toHaveLength(0);
  const connection = new ArmConnection(undefined, board.path, "read");
  await connection.reach();
  expect(connection.problem).toMatchObject({ code: "port.busy", owner });
  other.kill();
  await other.exited;
  const port = await systemPorts.open(board.path, 1_000_000);
  await port.close();
});

test("a port that another instance of this program has locked is in use, too", async () => {
  const board = newBoard();
  const helper = newHelper("open-port.ts", [board.path]);
  expect(await helper.line()).toBe('{"opened":true}');
  const { trouble, owner } = await refusal(board.path);
  expect({ trouble, pid: owner?.pid }).toEqual({ trouble: "in use", pid: helper.pid });
});

test("a port that is not there is missing", async () => {
  expect((await refusal("/dev/ttySO101")).trouble).toBe("missing");
});
