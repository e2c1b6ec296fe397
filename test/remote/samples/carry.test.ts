import { afterEach, beforeEach, expect } from "bun:test";
import { sayProblem } from "../../../src/messages/problems.ts";
import {
  type BrokerConnection,
  BrokerConnection as Connection,
  clientIdFor,
} from "../../../src/remote/broker/connection.ts";
import { runClient } from "../../../src/remote/client.ts";
import { formatArm } from "../../../src/remote/samples/arm.ts";
import { epochHalves, SAMPLE_BYTES, SampleView } from "../../../src/teleop/remote/sample.ts";
import { MOSQUITTO, Mosquitto } from "../../support/mosquitto.ts";
import { needing } from "../../support/needs.ts";
import { anArm, NetworkPair } from "../../support/network-pair.ts";

const { test } = needing(MOSQUITTO);

const A = "00000000000000aa";
const B = "00000000000000bb";
const C = "00000000000000cc";

let broker: Mosquitto;
let desk: NetworkPair;
let lab: NetworkPair;
let ends: (() => Promise<void>)[];
let said: string[];

beforeEach(async () => {
  broker = await Mosquitto.start();
  desk = await NetworkPair.start({ leader: anArm(A) });
  lab = await NetworkPair.start({ wanted: "desk/main" });
  ends = [];
  said = [];
});

afterEach(async () => {
  for (const end of ends) await end();
  await desk[Symbol.asyncDispose]();
  await lab[Symbol.asyncDispose]();
  await broker[Symbol.asyncDispose]();
});

/** Runs a machine's client; what ends it. */
function serve(machine: string, pair: NetworkPair): () => Promise<void> {
  const ending = new AbortController();
  const options = {
    ...{ machine, access: { url: broker.url }, allowCommands: false, homeAssistant: false },
    pairs: () => [{ pair: "main", sockets: [pair.path] }],
    explain: (error: unknown) => (error instanceof Error ? error.message : sayProblem(error as never, {})),
    say: (_: unknown, text: string) => said.push(text),
  };
  const ended = runClient(options, ending.signal);
  const end = async () => {
    ending.abort();
    await ended;
  };
  ends.push(end);
  return end;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await Bun.sleep(5);
}

/** Has the desk's leader read again and again until the signal aborts. */
function moving(pair = desk, epoch?: string): { stop(): void } {
  const timer = setInterval(() => pair.send(epoch), 5);
  return { stop: () => clearInterval(timer) };
}

async function flows(): Promise<void> {
  const before = lab.came.length;
  await until(() => lab.came.length > before + 20);
}

/** A connection of somebody else. */
async function somebody(): Promise<BrokerConnection> {
  const connected = Promise.withResolvers<void>();
  const connection = new Connection({
    access: { url: broker.url },
    clientId: clientIdFor("somebody", "main", "test"),
    connected: () => connected.resolve(),
    troubled() {},
  });
  ends.push(() => connection.end());
  await connected.promise;
  return connection;
}

function sample(epoch: string, sequence: number, version = 1): Buffer {
  const bytes = Buffer.alloc(SAMPLE_BYTES);
  const { low, high } = epochHalves(epoch);
  new SampleView(bytes).write(sequence, low, high, 1e6 * sequence, [1, 2, 3, 4, 5, 6]);
  bytes[0] = version;
  return bytes;
}

test("a leader's samples come to who wants them, in their order, with what must be known of it", async () => {
  serve("desk", desk);
  serve("lab", lab);
  await until(() => desk.isServed && lab.isServed);
  const moves = moving();
  await flows();
  moves.stop();
  expect(lab.known).toEqual({ leader: "desk/main", arm: anArm(A) } as never);
  const numbers = lab.came.map(({ sequence }) => sequence);
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  expect(new Set(lab.came.map(({ epoch }) => epoch))).toEqual(new Set([A]));
});

test("a leader that nobody has heard of is told, and one that comes later is followed", async () => {
  serve("lab", lab);
  await until(() => lab.known?.trouble !== undefined);
  expect(lab.known).toMatchObject({ trouble: { why: "unknown" } });
  serve("desk", desk);
  const moves = moving();
  await flows();
  moves.stop();
  expect(lab.known).toMatchObject({ arm: anArm(A) });
});

test("a leader that goes by choice is not looked for again and again, and its machine's end is told", async () => {
  const leave = serve("desk", desk);
  serve("lab", lab);
  const moves = moving();
  await flows();
  moves.stop();
  desk.become({ leader: null });
  await until(() => lab.known?.trouble !== undefined);
  expect(lab.known).toMatchObject({ trouble: { why: "not ready" } });
  const connections = broker.log.split("so101-lab-main-ear").length;
  await Bun.sleep(1_500);
  expect(broker.log.split("so101-lab-main-ear").length).toBe(connections);
  await leave();
  await until(() => lab.known?.trouble?.why === "offline");
});

test("a leader that its own machine waits for is not looked for again and again", async () => {
  const other = await somebody();
  const retained = { qos: 1, retain: true } as const;
  other.publish("so101/desk/main/leader/arm", formatArm(anArm(A)), retained);
  other.publish("so101/desk/main/status", JSON.stringify({ v: 1, online: true, state: "waiting" }), retained);
  serve("lab", lab);
  await until(() => lab.known?.trouble !== undefined);
  expect(lab.known).toMatchObject({ trouble: { why: "not ready" } });
  expect(broker.log.split("as so101-lab-main-ear")).toHaveLength(2);
  other.publish("so101/desk/main/leader/samples", sample(A, 1));
  await until(() => lab.known?.arm?.epoch === A);
});

test("a leader whose follower is held sends nothing, and no connection is given up for that", async () => {
  const other = await somebody();
  const retained = { qos: 1, retain: true } as const;
  other.publish("so101/desk/main/leader/arm", formatArm(anArm(A)), retained);
  other.publish("so101/desk/main/status", JSON.stringify({ v: 1, online: true, state: "holding" }), retained);
  serve("lab", lab);
  await until(() => lab.known?.arm?.epoch === A);
  await Bun.sleep(1_500);
  expect(broker.log.split("as so101-lab-main-ear")).toHaveLength(2);
  expect(lab.known?.arm?.epoch).toBe(A);
});

test("that somebody spoke another version is forgotten with the connection", async () => {
  const other = await somebody();
  serve("lab", lab);
  await until(() => lab.known?.trouble?.why === "unknown");
  other.publish("so101/desk/main/leader/samples", sample(A, 1, 7));
  await until(() => lab.known?.trouble?.why === "other version");
  await broker.end();
  await until(() => lab.known?.trouble?.why === "no broker");
  await broker.restart();
  await until(() => !["other version", "no broker"].includes(lab.known?.trouble?.why ?? ""));
  expect(lab.known).toMatchObject({ trouble: { why: "unknown" } });
});

test("a leader that is connected anew has another epoch, and is followed again", async () => {
  serve("desk", desk);
  serve("lab", lab);
  const moves = moving();
  await flows();
  desk.become({ leader: anArm(B) });
  await until(() => lab.came.at(-1)?.epoch === B);
  await until(() => lab.known?.arm?.epoch === B);
  moves.stop();
});

test("of two machines that call themselves desk one is followed until it is silent, and the other is counted and told", async () => {
  serve("desk", desk);
  serve("lab", lab);
  const moves = moving();
  await flows();
  const other = await somebody();
  other.publish("so101/desk/main/leader/arm", formatArm(anArm(B)), { qos: 1, retain: true });
  let sequence = 0;
  const others = setInterval(() => other.publish("so101/desk/main/leader/samples", sample(B, ++sequence)), 5);
  await until(() => lab.heard.some(({ others }) => others !== undefined));
  await flows();
  expect(new Set(lab.came.map(({ epoch }) => epoch))).toEqual(new Set([A]));
  expect(lab.known?.arm?.epoch).toBe(A);
  moves.stop();
  await until(() => lab.came.at(-1)?.epoch === B && lab.known?.arm?.epoch === B);
  clearInterval(others);
});

test("rubbish, floods and what is retained never come to the service, and what is right still does", async () => {
  const other = await somebody();
  const retained = { qos: 1, retain: true } as const;
  other.publish("so101/desk/main/leader/samples", sample(A, 4_000_000), retained);
  other.publish("so101/desk/main/leader/arm", "{", retained);
  other.publish("so101/desk/main/status", "\u0000", retained);
  serve("lab", lab);
  await until(() => lab.known?.trouble !== undefined);
  expect(lab.known).toMatchObject({ trouble: { why: "no calibration" } });
  serve("desk", desk);
  const moves = moving();
  await flows();
  const flood = setInterval(() => {
    for (let count = 0; count < 50; count++) {
      other.publish("so101/desk/main/leader/samples", Buffer.alloc(count, 0xff));
      other.publish("so101/desk/main/leader/samples", sample(C, count));
    }
    other.publish("so101/desk/main/leader/samples", Buffer.alloc(100_000));
    other.publish("so101/desk/main/leader/samples", sample(A, 2 ** 31));
    other.publish("so101/desk/main/status", JSON.stringify({ v: 1, online: false }));
  }, 5);
  await flows();
  await flows();
  clearInterval(flood);
  moves.stop();
  expect(new Set(lab.came.map(({ epoch }) => epoch))).toEqual(new Set([A]));
  expect(Math.max(...lab.came.map(({ sequence }) => sequence))).toBeLessThan(100_000);
});

test("another version of the protocol is told with its number", async () => {
  const other = await somebody();
  other.publish("so101/desk/main/leader/arm", JSON.stringify({ v: 2 }), { qos: 1, retain: true });
  serve("lab", lab);
  await until(() => lab.known?.trouble !== undefined);
  expect(lab.known).toMatchObject({ trouble: { why: "other version", version: 2 } });
});

test("a broker that is killed is told, and all goes on when it is back", async () => {
  serve("desk", desk);
  serve("lab", lab);
  const moves = moving();
  await flows();
  await broker.end();
  await until(() => lab.known?.trouble !== undefined && desk.unsent.at(-1) !== undefined);
  expect(lab.known).toMatchObject({ trouble: { why: "no broker", broker: broker.url } });
  expect(desk.unsent.at(-1)).toMatchObject({ why: "no broker", broker: broker.url });
  await broker.restart();
  await flows();
  await until(() => lab.known?.arm?.epoch === A && desk.unsent.at(-1) === undefined);
  moves.stop();
});

test("a connection on which nothing comes is given up early: a broker that stands still is left, and found again", async () => {
  serve("desk", desk);
  serve("lab", lab);
  const moves = moving();
  await flows();
  process.kill(broker.pid, "SIGSTOP");
  await Bun.sleep(1_500);
  process.kill(broker.pid, "SIGCONT");
  await flows();
  moves.stop();
  expect(broker.log.split("as so101-lab-main-ear").length).toBeGreaterThan(2);
});

test("a service that is started again is served again, on both sides", async () => {
  serve("desk", desk);
  serve("lab", lab);
  const moves = moving();
  await flows();
  for (const pair of [lab, desk]) {
    pair.end();
    await pair.begin();
    await until(() => pair.isServed);
    await flows();
  }
  moves.stop();
});
