import { afterEach, beforeEach, expect, setDefaultTimeout } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MOSQUITTO, Mosquitto } from "../../support/mosquitto.ts";
import { needing } from "../../support/needs.ts";

setDefaultTimeout(30_000);

const { test } = needing(MOSQUITTO);

let dir: string;
let broker: Mosquitto;
let service: Bun.Subprocess<"ignore", "pipe", "inherit">;
let said: string;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "so101-client-process-"));
  broker = await Mosquitto.start();
  said = "";
  const words = ["--arms", "leader", "--leader", join(dir, "leader"), "--leader-id", "leader"];
  service = Bun.spawn(
    [
      ...[process.execPath, join(import.meta.dir, "../../../src/main.ts"), "teleoperate", "--json", ...words],
      ...["--calibration-dir", dir, "--socket", join(dir, "main.sock")],
      ...["--broker", broker.url, "--machine", "desk"],
    ],
    { stdin: "ignore", stdout: "pipe", stderr: "inherit" },
  );
  void (async () => {
    for await (const text of service.stdout.pipeThrough(new TextDecoderStream())) said += text;
  })();
});

afterEach(async () => {
  service.kill("SIGKILL");
  await service.exited;
  await broker[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

/** The client that runs beside the service, once it has spoken at the broker for another time. */
async function client(times: number): Promise<number> {
  while (broker.log.split("as so101-desk-main-voice").length <= times) await Bun.sleep(20);
  return Number(readFileSync(`/proc/${service.pid}/task/${service.pid}/children`, "utf8").trim());
}

async function gone(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`)) await Bun.sleep(20);
}

test.each(["SIGKILL", "SIGTERM"] as const)(
  "the client ends with a service that ends by %s",
  async (signal) => {
    const pid = await client(1);
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")).toContain("network");
    service.kill(signal);
    await service.exited;
    await gone(pid);
  },
);

test("a client that ends is started again, which is told", async () => {
  const first = await client(1);
  process.kill(first, "SIGKILL");
  const second = await client(2);
  expect(second).not.toBe(first);
  const told = said.split("\n").filter((line) => line.includes("network.client-ended"));
  expect(told).toHaveLength(1);
  expect(JSON.parse(told[0]!)).toMatchObject({
    code: "SO101-E111 network.client-ended",
    severity: "warning",
  });
});
