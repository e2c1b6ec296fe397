import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrokerTrouble, classOfBrokerTrouble, sayBrokerTrouble } from "../../../src/messages/broker.ts";
import type { BrokerAccess } from "../../../src/remote/broker/access.ts";
import { BrokerConnection, clientIdFor, type Message } from "../../../src/remote/broker/connection.ts";
import { CertificateAuthority, OPENSSL } from "../../support/certificates.ts";
import { MOSQUITTO, Mosquitto } from "../../support/mosquitto.ts";
import { needing } from "../../support/needs.ts";

const broker = needing(MOSQUITTO);
const tls = needing(MOSQUITTO, OPENSSL);
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "so101-broker-"));
});

afterAll(() => rmSync(dir, { recursive: true }));

function file(name: string, text: string, mode = 0o600): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

/** What comes of connecting: "connected", or the first trouble. */
async function attempt(access: BrokerAccess, opened: string[] = []): Promise<"connected" | BrokerTrouble> {
  const outcome = Promise.withResolvers<"connected" | BrokerTrouble>();
  const connection = new BrokerConnection({
    access,
    clientId: clientIdFor("desk", "main", "ear"),
    connected: () => outcome.resolve("connected"),
    troubled: (trouble) => outcome.resolve(trouble),
    openPasswordFile: (path) => opened.push(path),
  });
  try {
    return await outcome.promise;
  } finally {
    await connection.end();
  }
}

/** Listens, and does this with who connects. */
async function listener(greet: (socket: import("node:net").Socket) => void) {
  const server = createServer(greet);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return { url: `mqtt://127.0.0.1:${port}`, [Symbol.dispose]: () => void server.close() };
}

test("two connections of one machine never have one id", () => {
  const ids = new Set(Array.from({ length: 100 }, () => clientIdFor("desk", "main", "ear")));
  expect(ids.size).toBe(100);
  for (const id of ids) expect(id).toMatch(/^so101-desk-main-ear-[0-9a-f]{8}$/);
});

test("nobody who listens, and a name that nobody has, are told apart", async () => {
  using closed = await listener(() => {});
  closed[Symbol.dispose]();
  expect(await attempt({ url: closed.url })).toMatchObject({ kind: "nobody listens" });
  const host = "no-such-machine.invalid";
  expect(await attempt({ url: `mqtt://${host}` })).toEqual({ kind: "unknown host", host });
});

test("who answers in no MQTT, or hangs up, is told", async () => {
  using web = await listener((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  expect(await attempt({ url: web.url })).toMatchObject({
    kind: expect.stringMatching(/^(no MQTT|hung up)$/),
  });
  using rude = await listener((socket) => socket.destroy());
  expect(await attempt({ url: rude.url })).toMatchObject({ kind: expect.stringMatching(/^(hung up|lost)$/) });
  expect(await attempt({ url: web.url.replace("mqtt:", "mqtts:") })).toMatchObject({ kind: "no TLS" });
});

broker.test(
  "what is published comes, what was kept is marked, and nothing is said where nobody is",
  async () => {
    await using mosquitto = await Mosquitto.start();
    const heard: Message[] = [];
    const twice = Promise.withResolvers<void>();
    const connection: BrokerConnection = new BrokerConnection({
      access: { url: mosquitto.url },
      clientId: clientIdFor("desk", "main", "mouth"),
      connected() {
        connection.publish("kept", "before", { qos: 1, retain: true });
        connection.subscribe({ kept: 1, other: 0 });
        connection.publish("other", "now");
      },
      heard(message) {
        heard.push(message);
        if (heard.length === 2) twice.resolve();
      },
      troubled() {},
    });
    expect(connection.publish("other", "too early")).toBe(false);
    await twice.promise;
    const said = heard.map(({ topic, payload, isRetained }) => [topic, payload.toString(), isRetained]);
    expect(said.toSorted()).toEqual([
      ["kept", "before", true],
      ["other", "now", false],
    ]);
    await connection.end();
    expect(connection.isConnected).toBe(false);
  },
);

broker.test("a broker that is killed and started again is found again", async () => {
  await using mosquitto = await Mosquitto.start();
  const troubles: BrokerTrouble[] = [];
  let times = 0;
  let again = Promise.withResolvers<void>();
  const connection = new BrokerConnection({
    access: { url: mosquitto.url },
    clientId: clientIdFor("desk", "main", "mouth"),
    connected() {
      times++;
      again.resolve();
    },
    troubled: (trouble) => troubles.push(trouble),
  });
  await again.promise;
  again = Promise.withResolvers();
  await mosquitto.restart();
  await again.promise;
  expect(times).toBe(2);
  expect(troubles.length).toBeGreaterThan(0);
  await connection.end();
});

broker.test("a broker that asks for a password lets in who has it, and says so to who has not", async () => {
  await using mosquitto = await Mosquitto.start({ passwords: { desk: "open sesame" } });
  const { url } = mosquitto;
  const passwordFile = file("password", "open sesame\n");
  expect(await attempt({ url, user: "desk", passwordFile })).toBe("connected");
  expect(await attempt({ url, user: "desk", passwordFile: file("dos", "open sesame\r\nmore\n") })).toBe(
    "connected",
  );
  expect(await attempt({ url, user: "desk", passwordFile: file("wrong", "shut\n") })).toEqual({
    kind: "bad user",
    user: "desk",
  });
  expect(await attempt({ url })).toEqual({ kind: "not authorised" });
});

broker.test("a password that everybody may read is told, and used", async () => {
  await using mosquitto = await Mosquitto.start({ passwords: { desk: "open sesame" } });
  const passwordFile = file("for-all", "open sesame\n", 0o644);
  const opened: string[] = [];
  expect(await attempt({ url: mosquitto.url, user: "desk", passwordFile }, opened)).toBe("connected");
  expect(opened).toEqual([passwordFile]);
});

test("a file that cannot be used is named, and nothing waits for it", async () => {
  using nobody = await listener(() => {});
  const { url } = nobody;
  const pipe = join(dir, "pipe");
  Bun.spawnSync(["mkfifo", pipe]);
  const large = file("large", "x".repeat(5_000));
  const empty = file("empty", "\n");
  for (const passwordFile of [join(dir, "missing"), dir, pipe, large, empty]) {
    expect(await attempt({ url, user: "desk", passwordFile })).toMatchObject({
      kind: "file",
      path: passwordFile,
    });
  }
  const noPem = file("no.pem", "hello");
  const secure = url.replace("mqtt:", "mqtts:");
  expect(await attempt({ url: secure, caFile: noPem })).toMatchObject({ kind: "file", path: noPem });
});

tls.test("with certificates: each that is not as it must be is told by what it lacks", async () => {
  await using ours = await CertificateAuthority.make();
  await using others = await CertificateAuthority.make();
  await using mosquitto = await Mosquitto.start({ authority: ours, clients: "with certificates" });
  const { url } = mosquitto;
  const desk = await ours.issue("desk");
  const stranger = await others.issue("stranger");
  const caFile = ours.certificate;
  const of = ({ certificate, key }: { certificate: string; key: string }) => ({
    certificateFile: certificate,
    keyFile: key,
  });
  expect(await attempt({ url, caFile, ...of(desk) })).toBe("connected");
  const flaw = async (access: BrokerAccess) => {
    const trouble = await attempt(access);
    return trouble !== "connected" && trouble.kind === "certificate" ? trouble.flaw : trouble;
  };
  expect(await flaw({ url, caFile: others.certificate, ...of(desk) })).toBe("unknown authority");
  expect(await flaw({ url, ...of(desk) })).toBe("unknown authority");
  expect(await flaw({ url, caFile })).toBe("wanted");
  expect(await flaw({ url, caFile, ...of(stranger) })).toBe("not accepted");
});

tls.test("a certificate for another name is not taken", async () => {
  await using authority = await CertificateAuthority.make();
  await authority.issue("broker", ["elsewhere.example"]);
  await using mosquitto = await Mosquitto.start({ authority });
  expect(await attempt({ url: mosquitto.url, caFile: authority.certificate })).toEqual({
    kind: "certificate",
    flaw: "other name",
    host: "127.0.0.1",
  });
});

broker.test("what the access list forbids is told with the topic", async () => {
  await using mosquitto = await Mosquitto.start({
    passwords: { desk: "open sesame" },
    access: "user desk\ntopic readwrite so101/desk/#\n",
  });
  const denied = Promise.withResolvers<BrokerTrouble>();
  const connection: BrokerConnection = new BrokerConnection({
    access: { url: mosquitto.url, user: "desk", passwordFile: file("acl", "open sesame\n") },
    clientId: clientIdFor("desk", "main", "mouth"),
    connected: () => void connection.publish("so101/lab/main/leader/arm", "{}", { qos: 1, retain: true }),
    troubled: (trouble) => denied.resolve(trouble),
  });
  expect(await denied.promise).toEqual({
    kind: "topic denied",
    topic: "so101/lab/main/leader/arm",
    what: "write",
  });
  await connection.end();
});

const everyTrouble: readonly BrokerTrouble[] = [
  { kind: "file", path: "/etc/so101-teleop/network/ca.crt", fact: "it is not there — name another file" },
  { kind: "unknown host", host: "broker" },
  { kind: "nobody listens", port: 1883 },
  { kind: "unreachable" },
  { kind: "silent" },
  { kind: "hung up", tls: false },
  { kind: "no TLS" },
  { kind: "no MQTT" },
  { kind: "no MQTT 5" },
  { kind: "certificate", flaw: "expired", host: "broker" },
  { kind: "TLS", fact: "x".repeat(500) },
  { kind: "bad user", user: "x".repeat(500) },
  { kind: "not authorised" },
  { kind: "banned" },
  { kind: "topic denied", topic: "x".repeat(500), what: "read" },
  { kind: "busy" },
  { kind: "refused", reasonCode: 0x99 },
  { kind: "lost" },
  { kind: "stuck" },
];

test.each(everyTrouble.map((trouble) => [trouble.kind, trouble] as const))(
  "%s says what happened, and what to do, shortly",
  (_, trouble) => {
    const words = sayBrokerTrouble(trouble);
    expect(words).toContain(" — ");
    expect(words.length).toBeLessThanOrEqual(200);
    expect(["no broker", "refused", "certificate"]).toContain(classOfBrokerTrouble(trouble));
  },
);
