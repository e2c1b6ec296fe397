import { expect, test } from "bun:test";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { serviceManager } from "../../src/host/notify.ts";
import { needing, program } from "../support/needs.ts";

/** systemd's end: a datagram socket, for which Bun has no call. */
const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1].replace("@", "\\0"))
print("ready", flush=True)
print(s.recv(4096).decode(), flush=True)
`;

needing(program("python3", "python3")).test.each(["path", "abstract"])(
  "systemd hears what it is told, by a socket with a name of kind %s",
  async (kind) => {
    const dir = await mkdtemp(join(tmpdir(), "so101-notify-"));
    const address = kind === "path" ? join(dir, "notify") : `@${dir}`;
    const listener = Bun.spawn(["python3", "-c", LISTENER, address], {
      stdout: "pipe",
      env: { ...process.env, PYTHONUTF8: "1" },
    });
    const input = Readable.fromWeb(listener.stdout as never);
    const lines = createInterface({ input })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe("ready");
    serviceManager({ NOTIFY_SOCKET: address })!.notify("READY=1", "STATUS=waiting: für das Brett");
    expect((await lines.next()).value).toBe("READY=1");
    expect((await lines.next()).value).toBe("STATUS=waiting: für das Brett");
  },
);

test("without systemd there is nobody to tell", () => {
  expect(serviceManager({})).toBeUndefined();
  expect(serviceManager({ NOTIFY_SOCKET: "nonsense" })).toBeUndefined();
});

test("the watchdog is for the process that it names", () => {
  const env = { NOTIFY_SOCKET: "@nobody", WATCHDOG_USEC: "6000000" };
  expect(serviceManager(env)!.watchdogMs).toBe(6000);
  expect(serviceManager({ ...env, WATCHDOG_PID: `${process.pid}` })!.watchdogMs).toBe(6000);
  expect(serviceManager({ ...env, WATCHDOG_PID: "1" })!.watchdogMs).toBeUndefined();
  expect(serviceManager({ NOTIFY_SOCKET: "@nobody" })!.watchdogMs).toBeUndefined();
});
