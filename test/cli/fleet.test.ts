import { afterAll, beforeAll, expect, setDefaultTimeout } from "bun:test";
import { join } from "node:path";
import type { FleetPair } from "../../src/remote/fleet/watch.ts";
import { CertificateAuthority, OPENSSL } from "../support/certificates.ts";
import { MOSQUITTO, Mosquitto } from "../support/mosquitto.ts";
import { MqttListener } from "../support/mqtt-listener.ts";
import { needing } from "../support/needs.ts";
import { run } from "../support/program.ts";

setDefaultTimeout(60_000);
const { test } = needing(MOSQUITTO);
const main = join(import.meta.dir, "../../src/main.ts");

let broker: Mosquitto;
let publisher: MqttListener;
/** Machines that speak each second. */
const speaking = new Map<string, object>();
let timer: NodeJS.Timeout;

const time = () => new Date().toISOString();
const status = (fields: object = {}) => ({
  ...{ v: 1, online: true, instance: "a1", time: time(), state: "following", mode: "running", alarms: [] },
  ...{ since: time(), driver: { source: "remote leader", leader: "desk/main", since: time() }, ...fields },
});

function say(name: string, fields: object): Promise<number> {
  return publisher.publish(`so101/${name}/status`, JSON.stringify(fields), { retain: true });
}

beforeAll(async () => {
  if (!MOSQUITTO.isMet()) return;
  broker = await Mosquitto.start();
  publisher = await MqttListener.connect(broker.url);
  timer = setInterval(() => {
    for (const [name, fields] of speaking) void say(name, status(fields));
  }, 200);
});

afterAll(async () => {
  clearInterval(timer);
  await publisher?.[Symbol.asyncDispose]();
  await broker?.[Symbol.asyncDispose]();
});

const fleet = (...args: readonly string[]) => run([process.execPath, main, "fleet", ...args], { cwd: "/" });
const HOSTILE = "\u001b[31mred\u202e\n";

test("a broker that has heard of no arms is said to be one", async () => {
  const { code, stderr } = await fleet("--broker", broker.url);
  expect([code, stderr]).toEqual([1, expect.stringContaining("has heard of no arms")]);
});

test("every machine is listed, with what is wrong there; who is silent is stale, whoever calls itself online", async () => {
  speaking.set("lab/main", { alarms: [{ code: "SO101-E052 servo.hot", message: `hot ${HOSTILE}` }] });
  speaking.set("lab/two", { state: HOSTILE, driver: null });
  await say("attic/main", status({ state: "holding" }));
  await say("desk/main", { v: 1, online: false, instance: "b", why: "lost" });
  await say("new/main", { v: 2, hello: 1 });
  await say("bad/main", { v: 1 });
  const listed = [fleet("--broker", broker.url), fleet("--broker", broker.url, "--json")] as const;
  const [{ stdout, code }, json] = await Promise.all(listed);
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toEqual([
    expect.stringMatching(/^machine\/pair +state +for +driven by +alarms +heard$/),
    expect.stringMatching(/^attic\/main +stale: holding +\d+ s +desk\/main/),
    expect.stringMatching(/^desk\/main +offline: lost/),
    expect.stringMatching(/^lab\/main +following +\d+ s +desk\/main +1 +now$/),
    expect.stringMatching(/^lab\/two +\\u001b\[31mred\\u202e\\u000a +/),
    expect.stringMatching(/^new\/main +speaks version 2/),
    "lab/main: hot \\u001b[31mred\\u202e\\u000a [SO101-E052 servo.hot]",
  ]);
  const pairs: FleetPair[] = json.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(pairs.map(({ name, presence }) => [name, presence])).toEqual([
    ["attic/main", "stale"],
    ["desk/main", "offline"],
    ["lab/main", "online"],
    ["lab/two", "online"],
    ["new/main", "other version"],
  ]);
});

test("what changes is told as it comes: states, events, that a machine is lost, that the broker is", async () => {
  const child = Bun.spawn([process.execPath, main, "fleet", "--broker", broker.url, "--watch", "--json"], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  const lines: Record<string, unknown>[] = [];
  let wake = () => {};
  const reading = (async () => {
    let rest = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop()!;
      lines.push(...parts.map((line) => JSON.parse(line)));
      wake();
    }
  })();
  const until = async (isIt: (line: Record<string, unknown>) => boolean) => {
    while (!lines.some(isIt))
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  };
  const isPair = (name: string, presence: string) => (line: Record<string, unknown>) =>
    line.event === "pair" && line.name === name && line.presence === presence;
  await until(isPair("lab/main", "online"));
  const event = {
    v: 1,
    startedAt: time(),
    number: 7,
    time: time(),
    code: "SO101-E004 pair.following",
    severity: "info",
    message: "m",
  };
  for (let sent = 0; sent < 2; sent++)
    await publisher.publish("so101/lab/main/events", JSON.stringify(event));
  await until((line) => line.event === "event");
  speaking.delete("lab/two");
  await say("lab/two", { v: 1, online: false, why: "stopped" });
  await until(isPair("lab/two", "offline"));
  await publisher.publish("so101/new/main/status", "", { retain: true });
  await until((line) => line.event === "removed" && line.name === "new/main");
  await broker.end();
  await until((line) => line.event === "broker" && line.isReached === false);
  await until(isPair("lab/main", "stale"));
  await broker.restart();
  await until((line) => line.event === "broker" && line.isReached === true);
  child.kill("SIGINT");
  await reading;
  expect(await child.exited).toBe(0);
  expect(lines.filter((line) => line.event === "event")).toEqual([
    { event: "event", name: "lab/main", told: event },
  ]);
});

test("what is wrong is said, with what to do, and by the exit code", async () => {
  const cases = [
    [[], 2, "--broker"],
    [["--broker", "http://example.org"], 2, "mqtts://"],
    [["--broker", "mqtt://user:word@example.org"], 2, "--broker"],
    [["--config", "/nowhere/config.toml"], 2, "no broker"],
    [["--broker", "mqtt://127.0.0.1:1"], 1, "start the broker"],
    [["--broker", "mqtt://broker.invalid"], 1, "no machine called broker.invalid"],
    [["--broker", broker.url, "--broker-user", "me", "--broker-password-file", "/nowhere"], 1, "/nowhere"],
  ] as const;
  const outcomes = await Promise.all(cases.map(([args]) => fleet(...args)));
  for (const [index, [args, code, words]] of cases.entries()) {
    expect([args, outcomes[index]!.code, outcomes[index]!.stderr]).toEqual([
      args,
      code,
      expect.stringContaining(words),
    ]);
  }
});

needing(MOSQUITTO, OPENSSL).test(
  "a broker that lets nobody in, or is not the one that it should be, is said to be so",
  async () => {
    await using authority = await CertificateAuthority.make();
    await using other = await CertificateAuthority.make();
    await using secret = await Mosquitto.start({ authority, passwords: { lab: "secret" } });
    const password = join(authority.certificate, "../password");
    await Bun.write(password, "wrong\n");
    const known = ["--broker", secret.url, "--broker-ca", authority.certificate];
    const [stranger, unsure, wrong] = await Promise.all([
      fleet("--broker", secret.url, "--broker-ca", other.certificate),
      fleet(...known),
      fleet(...known, "--broker-user", "lab", "--broker-password-file", password),
    ]);
    for (const [outcome, words] of [
      [stranger, "--broker-ca"],
      [unsure, "needs a user and a password"],
      [wrong, "password"],
    ] as const)
      expect([outcome!.code, outcome!.stderr]).toEqual([1, expect.stringContaining(words)]);
  },
);
