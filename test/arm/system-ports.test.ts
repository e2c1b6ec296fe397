/** The machine's own ports, with real programs on a pty: none is joined, whether or not it locks. */
import { afterEach, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { connectionTo, systemPorts } from "../../src/arm/system-ports.ts";
import { PortError } from "../../src/serial/transport.ts";
import { atEnd, cleanUp, newBoard, newFolder, newHelper, openPort } from "../support/ports.ts";

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
  const connection = connectionTo(undefined, board.path, "read");
  await connection.reach();
  expect(connection.problem).toMatchObject({ code: "port.busy", owner });
  other.kill();
  await other.exited;
  const port = await systemPorts.open(board.path, 1_000_000);
  await port.close();
});

test("a port that another instance of this program has locked is in use, and named", async () => {
  const board = newBoard();
  const helper = newHelper("open-port.ts", [board.path]);
  expect(await helper.line()).toBe('{"opened":true}');
  const { trouble, owner, message } = await refusal(board.path);
  expect(trouble).toBe("in use");
  expect(owner).toMatchObject({ pid: helper.pid, name: expect.stringMatching(/^bun/) as unknown });
  expect(message).toMatch(new RegExp(`^${board.path} is in use by bun.* \\(pid ${helper.pid}\\)$`));
});

test("so is one of which this program has another opening, by whatever path", async () => {
  const board = newBoard();
  openPort(board.path);
  const link = `${newFolder()}/arm`;
  symlinkSync(board.path, link);
  for (const path of [board.path, link]) {
    expect(await refusal(path)).toMatchObject({
      trouble: "in use",
      message: expect.stringMatching(
        new RegExp(`^${path} is in use by .+ \\(pid ${process.pid}\\)$`),
      ) as unknown,
    });
  }
});

test("a port that is not there is missing", async () => {
  expect((await refusal("/dev/ttySO101")).trouble).toBe("missing");
});
