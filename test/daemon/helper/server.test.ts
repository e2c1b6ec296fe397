/** Root's helper, with real clients on its socket. */
import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { runHelper } from "../../../src/daemon/helper/server.ts";
import { askHelper } from "../../../src/helper/client.ts";
import { othersOn } from "../../../src/helper/others.ts";
import { bindAt, listen } from "../../../src/linux/sockets/stream.ts";
import { needing, ROOT } from "../../support/needs.ts";
import { atEnd, cleanUp, newBoard, newFolder, newHelper } from "../../support/ports.ts";
import { exchange, RawClient } from "../../support/raw-client.ts";

const NOBODY = 65_534;

let socketPath: string;

/** Starts a helper; it ends with the tests, or when nobody has asked for so long. */
function start(group = process.getgid?.(), endAfterMs = 600_000): Promise<void> {
  const folder = newFolder();
  chmodSync(folder, 0o755);
  socketPath = `${folder}/helper.sock`;
  const ended = runHelper({ listenOn: { path: socketPath }, group, changer: undefined, endAfterMs });
  chmodSync(socketPath, 0o666);
  return ended;
}

afterEach(cleanUp);

/** Sends bytes, and what comes back until the helper ends the connection. */
const send = async (bytes: string | Uint8Array) =>
  (await exchange(socketPath, bytes)).map((line) => `${line}\n`).join("");

const whoHas = (port: unknown) => `${JSON.stringify({ v: 1, ask: "who has", port })}\n`;

test("says which programs have a port open, and ends when nobody has asked for a while", async () => {
  const ended = start(process.getgid?.(), 500);
  const { path } = newBoard();
  const other = Bun.spawn(["sleep", "60"], { stdin: Bun.file(path) });
  atEnd(() => other.kill());
  expect(await askHelper({ ask: "who has", port: path }, socketPath)).toEqual({
    v: 1,
    ok: true,
    programs: [{ pid: other.pid, name: "sleep" }],
  });
  expect(await send(whoHas(path))).toBe(
    `${JSON.stringify({ v: 1, ok: true, programs: [{ pid: other.pid, name: "sleep" }] })}\n`,
  );
  await ended;
  expect(await askHelper({ ask: "who has", port: path }, socketPath)).toBeUndefined();
});

test("leaves systemd its socket when it ends, for the next question", async () => {
  const path = `${newFolder()}/helper.sock`;
  const listener = bindAt(path);
  listen(listener, path, 16);
  // Another process has the socket, as systemd has.
  const systemd = Bun.spawn(["sleep", "60"], { stdio: ["ignore", "ignore", "ignore", listener] });
  atEnd(() => systemd.kill());
  await runHelper({ listenOn: { fd: listener }, group: undefined, changer: undefined, endAfterMs: 50 });
  const client = new RawClient(path);
  client.say(whoHas("/dev/ttySO101"));
  expect(client.hear()).toBe(true); // it waits for the next helper
  client.close();
});

test("a program is told of, whatever it calls itself", async () => {
  void start(process.getgid?.(), 2_000);
  const { path } = newBoard();
  // Of a name the kernel keeps 15 bytes.
  const program = `${newFolder()}/${"\u001b".repeat(15)}`;
  copyFileSync("/usr/bin/sleep", program);
  chmodSync(program, 0o755);
  const other = Bun.spawn([program, "60"], { stdin: Bun.file(path) });
  atEnd(() => other.kill());
  const reply = await askHelper({ ask: "who has", port: path }, socketPath);
  expect(reply?.programs).toEqual([{ pid: other.pid, name: "\\u001b".repeat(15) }]);
});

describe("refuses, and says why", () => {
  test.each([
    ["what is not JSON", "who has /dev/ttyACM0\n", "not JSON"],
    ["another version", '{"v":2,"ask":"who has","port":"/dev/ttyACM0"}\n', "version 1"],
    ["no version", '{"ask":"who has","port":"/dev/ttyACM0"}\n', "version 1"],
    ["another request", '{"v":1,"ask":"reboot"}\n', "Invalid"],
    ["what it does not know beside", '{"v":1,"ask":"who has","port":"/dev/ttyACM0","as":"root"}\n', "as"],
    ["a path out of /dev", whoHas("/etc/shadow"), "not a serial port"],
    ["a way out of /dev", whoHas("/dev/../etc/shadow"), "not a serial port"],
    ["a link that a person made", whoHas("/dev/shm/arm"), "not a serial port"],
    ["another device", whoHas("/dev/mem"), "not a serial port"],
    ["no text", whoHas(7), "Invalid"],
    ["a port with a line's end in it", whoHas("/dev/ttyACM0\n"), "not a serial port"],
    ["a port that is not there", whoHas("/dev/ttySO101"), "no such port"],
    ["too much", `${"x".repeat(5_000)}\n`, "too long"],
    ["too much without an end", "x".repeat(5_000), "too long"],
  ])("%s", async (_, request, why) => {
    void start();
    const { ok, error } = JSON.parse(await send(request));
    expect({ ok, error }).toEqual({ ok: false, error: expect.stringContaining(why) as unknown });
  });

  test("bytes that are no text", async () => {
    void start();
    expect(JSON.parse(await send(new Uint8Array([0xff, 0xfe, 0x00, 0x0a]))).error).toBe("not JSON");
  });
});

test("hears no more clients of one process than it has places, and all the same who else asks", async () => {
  void start();
  const silent = await Promise.all(
    Array.from({ length: 32 }, () => {
      const socket = connect(socketPath);
      return new Promise<Socket>((resolve) => socket.once("connect", () => resolve(socket)));
    }),
  );
  expect(await send("")).toContain("too many connections");
  const ask =
    "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); " +
    "s.sendall(sys.argv[2].encode()); print(s.recv(4096).decode())";
  const other = Bun.spawn(["python3", "-c", ask, socketPath, whoHas("/dev/ttySO101")], { stdout: "pipe" });
  expect(await new Response(other.stdout).text()).toContain("no such port");
  for (const socket of silent) socket.destroy();
});

test("has looked after it was asked, however many ask", async () => {
  void start();
  const { path } = newBoard();
  let isOver = false;
  const others = (async () => {
    while (!isOver) await Promise.all([1, 2, 3, 4].map(() => send(whoHas("/dev/tty1"))));
  })();
  for (let time = 0; time < 5; time++) {
    const other = Bun.spawn(["sleep", "60"], { stdin: Bun.file(path) });
    const reply = await askHelper({ ask: "who has", port: path }, socketPath);
    expect(reply?.programs).toEqual([{ pid: other.pid, name: "sleep" }]);
    other.kill();
    await other.exited;
    expect((await askHelper({ ask: "who has", port: path }, socketPath))?.programs).toEqual([]);
  }
  isOver = true;
  await others;
});

test("does not wait for a client that says nothing", async () => {
  void start();
  const from = performance.now();
  expect(await send("")).toBe("");
  expect(performance.now() - from).toBeLessThan(4_000);
});

needing(ROOT).describe("other users", () => {
  const asNobody = async (port: string): Promise<unknown> => {
    const helper = newHelper("ask-who-has.ts", [port, socketPath], NOBODY);
    return JSON.parse((await helper.line())!);
  };

  test("who are in the group learn what they cannot see themselves", async () => {
    void start(NOBODY);
    const { path } = newBoard();
    const other = Bun.spawn(["sleep", "60"], { stdin: Bun.file(path) });
    atEnd(() => other.kill());
    expect(await asNobody(path)).toEqual({
      programs: [{ pid: other.pid, name: "sleep" }],
      isWhole: true,
    });
  });

  test("who are not in the group are refused, and get on with what they see themselves", async () => {
    void start();
    const { path } = newBoard();
    const other = Bun.spawn(["sleep", "60"], { stdin: Bun.file(path) });
    atEnd(() => other.kill());
    expect(await asNobody(path)).toEqual({ programs: [], isWhole: false });
  });
});

test("root sees for itself", async () => {
  expect((await othersOn("/dev/null", "/nowhere")).isWhole).toBe(process.geteuid?.() === 0);
});
