import { afterAll, beforeAll, expect, setDefaultTimeout } from "bun:test";
import { join } from "node:path";
import { askService, eventsOf } from "../../../src/api/client.ts";
import { BrokerReporting } from "../../../src/remote/broker/reporting.ts";
import { readEvent, readStatus } from "../../../src/remote/fleet/protocol.ts";
import { speakForPair } from "../../../src/remote/fleet/voice.ts";
import { FleetWatch } from "../../../src/remote/fleet/watch.ts";
import type { NetworkPair } from "../../../src/remote/pair.ts";
import type { RunningSim } from "../../../src/sim/testing/start.ts";
import { messageOf } from "../../../src/workflows/api-problem.ts";
import { MOSQUITTO, Mosquitto } from "../../support/mosquitto.ts";
import { type Heard, MqttListener } from "../../support/mqtt-listener.ts";
import { needing } from "../../support/needs.ts";
import { checkedArms } from "../../support/simulated-arms.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";

setDefaultTimeout(60_000);
const { test } = needing(MOSQUITTO);
const root = join(import.meta.dir, "../../..");
const STATUS = "so101/desk/main/status";
const EVENTS = "so101/desk/main/events";
const COMMAND = "so101/desk/main/command";

let arms: RunningSim;
let service: Bun.Subprocess;
let sockets: string[];
let broker: Mosquitto;
let listener: MqttListener;

beforeAll(async () => {
  if (!MOSQUITTO.isMet()) return;
  arms = await checkedArms({}, "by the targets");
  sockets = [join(arms.dir, "control.sock")];
  const { leader, follower, calibration } = arms.paths;
  const options = [
    "--leader",
    leader,
    "--follower",
    follower,
    "--leader-id",
    "leader",
    "--follower-id",
    "follower",
  ];
  service = Bun.spawn(
    [
      process.execPath,
      join(root, "src/main.ts"),
      "teleoperate",
      ...options,
      "--calibration-dir",
      calibration,
      "--socket",
      sockets[0]!,
    ],
    { stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  );
  broker = await Mosquitto.start();
  listener = await MqttListener.connect(broker.url);
  while ((await askService(sockets, { do: "status" }).catch(() => undefined))?.state !== "following")
    await Bun.sleep(50);
});

afterAll(async () => {
  if (!MOSQUITTO.isMet()) return;
  service.kill("SIGTERM");
  await service.exited;
  await listener[Symbol.asyncDispose]();
  await broker[Symbol.asyncDispose]();
  await arms.stop();
});

/** The voice of desk/main, which ends with the test. */
function speaking(more: Partial<NetworkPair> = {}) {
  const ending = new AbortController();
  const said: string[] = [];
  const pair: NetworkPair = {
    ...{ pair: "main", machine: "desk", name: "desk/main", sockets, access: { url: broker.url } },
    ...{ allowCommands: false, homeAssistant: false, signal: ending.signal },
    reporting: new BrokerReporting(broker.url, () => {}),
    explain: (error) => messageOf(error, {}),
    say: (severity, text) => said.push(`${severity}: ${text}`),
    ...more,
  };
  const ended = speakForPair(pair);
  const end = async () => {
    ending.abort();
    await ended;
  };
  return { said, end, [Symbol.asyncDispose]: end };
}

const statusIn = ({ text }: Heard) => {
  const reading = readStatus(Buffer.from(text));
  return reading.is === "read" ? reading.read : undefined;
};
const isOnline = (heard: Heard) => heard.topic === STATUS && statusIn(heard)?.online === true;
const isOffline = (why: string) => (heard: Heard) => {
  const status = heard.topic === STATUS ? statusIn(heard) : undefined;
  return status?.online === false && status.why === why;
};
const isIn = (state: string) => (heard: Heard) => {
  const status = heard.topic === STATUS ? statusIn(heard) : undefined;
  return status?.online === true && status.state === state;
};
const said = (code: string) => (heard: Heard) => heard.topic === EVENTS && heard.text.includes(`${code}"`);
const now = () => listener.heard.length;

test("a command is obeyed, told as an event, and answered where its publisher wants that", async () => {
  const from = now();
  await using _ = speaking({ allowCommands: true });
  await listener.until(isOnline, "its status", from);
  const ask = (wish: string, topic = "answers/me") =>
    listener.publish(COMMAND, JSON.stringify({ v: 1, do: wish, more: "of tomorrow" }), {
      properties: { responseTopic: topic, correlationData: Buffer.from(wish) },
    });
  const isAnswer = (heard: Heard) => heard.topic === "answers/me";
  for (const [wish, state] of [
    ["pause", "holding"],
    ["resume", "following"],
    ["release", "waiting"],
  ] as const) {
    const asked = now();
    await ask(wish);
    const answer = await listener.until(isAnswer, `the answer to ${wish}`, asked);
    expect([JSON.parse(answer.text), answer.packet.retain]).toEqual([{ v: 1, ok: true, do: wish }, false]);
    expect(String(answer.packet.properties?.correlationData)).toBe(wish);
    await listener.until(isIn(state), `that ${wish} has led to ${state}`, asked);
    // What a service tells is bounded: of many events within a minute not all are.
    if (wish === "pause") await listener.until(said("SO101-E116 network.command"), "the event of it", asked);
  }
  const forged = now();
  // A publisher must not have this machine speak in its own name, or in another's.
  await ask("pause", "so101/lab/main/status");
  await ask("resume", "so101/desk/main/replies/7");
  await listener.until(({ topic }) => topic === "so101/desk/main/replies/7", "the other answer", forged);
  expect(listener.heard.slice(forged).filter(({ topic }) => topic.startsWith("so101/lab/"))).toEqual([]);
  await listener.until(isIn("following"), "that it follows", forged);
});

test("a pair says how it is each second, and goodbye", async () => {
  const from = now();
  const voice = speaking();
  const first = await listener.until(isIn("following"), "that it follows", from);
  expect(statusIn(first)).toMatchObject({
    ...{ mode: "running", takesCommands: false, alarms: expect.any(Array), configuredRateHz: 200 },
    temperatureC: expect.any(Number),
  });
  const twoMore = now();
  await listener.until(isOnline, "another status", twoMore);
  await listener.until(isOnline, "and another", twoMore + 1);
  await voice.end();
  await listener.until(isOffline("stopped"), "its goodbye", from);
  await using late = await MqttListener.connect(broker.url);
  const kept = await late.until(({ topic }) => topic === STATUS, "what the broker keeps");
  expect([kept.packet.retain, statusIn(kept)?.online]).toEqual([true, false]);
});

test("a client that is killed is said to be gone by the broker; a pair whose service does not run is said so", async () => {
  const from = now();
  const script = join(root, "test/support/speaking-process.ts");
  const child = Bun.spawn([process.execPath, script, broker.url, "desk", "/nowhere/main.sock"], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  const first = await listener.until(isOnline, "its status", from);
  expect(statusIn(first)).toMatchObject({ state: null, why: "its service does not run" });
  child.kill("SIGKILL");
  await listener.until(isOffline("lost"), "its last will", from);
});

test("two machines of one name are told, once, with what to do", async () => {
  const from = now();
  await using voice = speaking();
  await listener.until(isOnline, "its status", from);
  const script = join(root, "test/support/speaking-process.ts");
  const twin = Bun.spawn([process.execPath, script, broker.url, "desk", "/nowhere/main.sock"], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  const told = await listener.until(said("SO101-E115 network.name-twice"), "that there are two", from);
  expect(JSON.parse(told.text).message).toContain("two machines call themselves desk");
  expect(JSON.parse(told.text).message).toContain("machine in [network]");
  await listener.until(isIn("following"), "this one's status beside the other's", now());
  twin.kill("SIGKILL");
  await twin.exited;
  await listener.until(isIn("following"), "this one's status after the other's last will", now());
  expect(voice.said.filter((line) => line.includes("call themselves"))).toHaveLength(1);
});

test("no event is lost while the broker is away, and none comes twice", async () => {
  const from = now();
  using proxy = new TcpProxy(broker.port);
  await using _ = speaking({ access: { url: `mqtt://127.0.0.1:${proxy.port}` } });
  await listener.until(isOnline, "its status", from);
  const newest = async () => (await eventsOf(sockets)).at(-1)!.number;
  const isEvent = (number: number) => (heard: Heard) => {
    const reading = heard.topic === EVENTS ? readEvent(Buffer.from(heard.text)) : undefined;
    return reading?.is === "read" && reading.read.number === number;
  };
  await listener.until(isEvent(await newest()), "its newest event", from);
  const before = await newest();
  proxy.cut();
  await listener.until(isOffline("lost"), "that it is lost", from);
  for (const what of ["claim began", "claim failed", "claim began", "claim made"] as const)
    await askService(sockets, { do: "tell", what });
  proxy.mend();
  const back = now();
  await listener.until(isIn("following"), "that it is back", back);
  const last = await newest();
  await listener.until(isEvent(last), "the newest event after that", from);
  // What was sent and not acknowledged is sent again: by their numbers that is one event.
  const watch = new FleetWatch();
  for (const { topic, text } of listener.heard.slice(from)) watch.take(topic, Buffer.from(text), false);
  const numbers = watch.events.map(({ number }) => number).filter((number) => number > before);
  // How many of them were told one by one depends on how much was told shortly before.
  expect(last).toBeGreaterThan(before);
  expect(numbers).toEqual(numbers.map((_, index) => before + 1 + index));
  expect(numbers.at(-1)).toBeGreaterThanOrEqual(last);
});

test("where commands are not allowed nobody listens to them", async () => {
  await using another = await Mosquitto.start();
  const NO_MATCHING_SUBSCRIBERS = 16;
  for (const allowCommands of [false, true]) {
    await using quiet = await MqttListener.connect(another.url, "so101/+/+/status");
    await using _ = speaking({ access: { url: another.url }, allowCommands });
    const isTaking = (heard: Heard) =>
      isOnline(heard) && heard.text.includes(`"takesCommands":${allowCommands}`);
    await quiet.until(isTaking, "its status");
    const code = await quiet.publish(COMMAND, '{"v":1,"do":"rubbish"}');
    expect(code).toBe(allowCommands ? 0 : NO_MATCHING_SUBSCRIBERS);
  }
});

test("a retained command, rubbish and a flood are not obeyed, and told", async () => {
  const from = now();
  await listener.publish(COMMAND, '{"v":1,"do":"release"}', { retain: true });
  await using _ = speaking({ allowCommands: true });
  await listener.until(said("SO101-E117 network.command-ignored"), "that a retained one was ignored", from);
  await listener.publish(COMMAND, '{"v":1,"do":"release"}', { retain: true });
  await listener.publish(COMMAND, "", { retain: true });
  const rubbish = [
    "release",
    "{}",
    '{"v":2,"do":"release"}',
    '{"v":1,"do":"park"}',
    '{"v":1,"do":["release"]}',
    "x".repeat(15_000),
  ];
  const answered = { properties: { responseTopic: "answers/me" } };
  const answers = () =>
    listener.heard
      .slice(from)
      .flatMap(({ topic, text }) => (topic === "answers/me" ? [JSON.parse(text)] : []));
  await listener.publish(COMMAND, "");
  for (const payload of [...rubbish, Buffer.from([0xff, 0, 0xfe])])
    await listener.publish(COMMAND, payload, answered);
  while (answers().length < rubbish.length + 1) await Bun.sleep(10);
  expect(answers().filter(({ ok, error }) => !ok && error.startsWith("a command is"))).toHaveLength(
    rubbish.length + 1,
  );
  expect((await askService(sockets, { do: "status" }))!).toMatchObject({
    mode: "running",
    state: "following",
  });
  const flood = 200;
  for (let i = 0; i < flood; i++) void listener.publish(COMMAND, '{"v":1,"do":"resume"}', answered);
  while (answers().length < rubbish.length + 1 + flood) await Bun.sleep(10);
  expect(answers().filter(({ ok }) => ok)).toHaveLength(10);
  // One of another kind is not lost in them.
  const asked = now();
  await listener.publish(COMMAND, '{"v":1,"do":"pause"}');
  await listener.until(isIn("holding"), "that it holds", asked);
  await askService(sockets, { do: "resume" });
  await listener.until(isIn("following"), "that it follows", asked);
});

test("Home Assistant is told of the pair, and told to forget it once that is switched off", async () => {
  const CONFIG = "homeassistant/device/desk/so101-main/config";
  const from = now();
  const voice = speaking({ homeAssistant: true });
  const announced = await listener.until(({ topic }) => topic === CONFIG, "the announcement", from);
  expect(JSON.parse(announced.text).device.name).toBe("SO-101 desk/main");
  await voice.end();
  await using _ = speaking();
  await listener.until(({ topic, text }) => topic === CONFIG && text === "", "that it is withdrawn", from);
  await using late = await MqttListener.connect(broker.url);
  await late.until(({ topic }) => topic === STATUS, "what the broker keeps");
  expect(late.heard.filter(({ topic }) => topic === CONFIG)).toEqual([]);
});
