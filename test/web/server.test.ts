/** Who is heard by the page's server, what of, and what becomes of everybody else. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { MOST_CONNECTIONS } from "../../src/web/http/connections.ts";
import { type ServedWeb, say, serveForTest, statusOf } from "../support/web-server.ts";

let served: ServedWeb;
let origin: string;
beforeAll(() => {
  served = serveForTest({ names: ["arms.example.org"] });
  origin = `http://127.0.0.1:${served.port}`;
});
afterAll(() => served[Symbol.asyncDispose]());

const OWN = () => ({ host: `127.0.0.1:${served.port}`, origin });
const JSON_TYPE = { "content-type": "application/json" };

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A request as it is written, no header added but those of the body. */
function request({ method = "GET", path = "/", headers = {}, body }: Sent): string {
  const all = { ...headers, ...(body !== undefined && { "content-length": `${body.length}` }) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body ?? ""}`;
}

const asked = async (sent: Sent) => statusOf(await say(served.port, request(sent)));
const upgrade = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
const key = { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" };

describe("a Host", () => {
  test.each([
    "127.0.0.1:8101",
    "192.168.1.20:8101",
    "192.168.1.20",
    "[fe80::1]:8101",
    "[::1]",
    "localhost:8101",
    "LOCALHOST",
    "so101.local:8101",
    "Pi.Local",
    hostname(),
    "arms.example.org:8101",
    "ARMS.example.org",
  ])("that is this machine is served: %s", async (host) =>
    expect(await asked({ headers: { host } })).toBe(200),
  );

  test.each([
    "evil.example",
    "evil.example:8101",
    "localhost.evil.example",
    "so101.local.evil.example",
    ".local",
    "127.0.0.1.evil.example",
    "evil.example@127.0.0.1",
    "127.0.0.1/evil.example",
    "127.0.0.1#evil.example",
    "evil.example, 127.0.0.1",
    "example.org",
    "a b",
    "[::1",
    "",
  ])("that is another is refused, wherever it leads: %j", async (host) => {
    expect(await asked({ headers: { host } })).toBeOneOf([400, 421]);
    const { host: _, ...own } = OWN();
    const body = { method: "POST", path: "/pairs/main/buttons", body: '{"action":"pause"}' };
    expect(await asked({ ...body, headers: { ...own, ...JSON_TYPE, host } })).toBeOneOf([400, 421]);
    const live = { path: "/live", headers: { ...own, ...upgrade, ...key, host } };
    expect(await asked(live)).toBeOneOf([400, 421]);
  });

  test("is wanted once: none and two are refused, also where the path names another", async () => {
    expect(await asked({})).toBe(400);
    expect(statusOf(await say(served.port, "GET / HTTP/1.0\r\n\r\n"))).toBe(421);
    const two = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n";
    expect(statusOf(await say(served.port, two))).toBe(421);
    expect(await asked({ path: "http://127.0.0.1/", headers: { host: "evil.example" } })).toBe(421);
  });
});

describe("a page", () => {
  test("of a name that is configured is served through a proxy that speaks https", async () => {
    const sent = { method: "POST", path: "/claim-by-code", body: '{"code":"AAAAAAAA"}' };
    const headers = { host: "arms.example.org", origin: "https://arms.example.org", ...JSON_TYPE };
    expect(await asked({ ...sent, headers })).toBe(200);
    const answer = await say(
      served.port,
      request({ path: "/live", headers: { ...headers, ...upgrade, ...key } }),
    );
    expect(statusOf(answer)).toBe(101);
    expect(await asked({ ...sent, headers: { ...headers, origin: "https://arms.example.org:8443" } })).toBe(
      403,
    );
  });
});

describe("another site's page", () => {
  const pause = { method: "POST", path: "/pairs/main/buttons", body: '{"action":"pause"}' };

  test.each([
    "http://evil.example",
    "null",
    "",
    "https://evil.example",
    "http://127.0.0.1:1",
    "file://",
    "http://127.0.0.1@evil.example",
  ])("presses no button, claims nothing and hears nothing: %j", async (origin) => {
    const headers = { ...OWN(), origin };
    expect(await asked({ ...pause, headers: { ...headers, ...JSON_TYPE } })).toBe(403);
    expect(await asked({ ...pause, path: "/pairs/main/claim", headers: { ...headers, ...JSON_TYPE } })).toBe(
      403,
    );
    expect(await asked({ ...pause, path: "/claim-by-code", headers: { ...headers, ...JSON_TYPE } })).toBe(
      403,
    );
    expect(await asked({ path: "/live", headers: { ...headers, ...upgrade, ...key } })).toBe(403);
  });

  test("is refused without an Origin, and where the browser says that it is another's", async () => {
    const { host } = OWN();
    expect(await asked({ ...pause, headers: { host, ...JSON_TYPE } })).toBe(403);
    expect(await asked({ path: "/live", headers: { host, ...upgrade, ...key } })).toBe(403);
    for (const site of ["cross-site", "same-site"]) {
      const headers = { ...OWN(), "sec-fetch-site": site };
      expect(await asked({ ...pause, headers: { ...headers, ...JSON_TYPE } })).toBe(403);
      expect(await asked({ path: "/metrics", headers: { host, "sec-fetch-site": site } })).toBe(403);
      expect(await asked({ path: "/live", headers: { ...headers, ...upgrade, ...key } })).toBe(403);
    }
  });

  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain; application/json",
    "",
  ])("can send a form without asking first, which is no request here: %j", async (type) => {
    expect(await asked({ ...pause, headers: { ...OWN(), "content-type": type } })).toBe(415);
  });

  test("is told nothing that would let it read what is answered", async () => {
    for (const method of ["OPTIONS", "GET"]) {
      const answer = await say(
        served.port,
        request({
          ...{ method, path: "/metrics" },
          headers: { ...OWN(), origin: "http://evil.example", "access-control-request-method": "POST" },
        }),
      );
      expect(answer).not.toMatch(/access-control/i);
      expect(statusOf(answer)).toBe(method === "OPTIONS" ? 405 : 403);
    }
  });
});

describe("a request", () => {
  test.each(["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"])("by %s is refused", async (method) => {
    for (const path of ["/", "/pairs/main/buttons", "/claims"]) {
      expect(await asked({ method, path, headers: OWN() })).toBeOneOf([400, 405]);
    }
  });

  test.each([
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/%00",
    "/pairs//buttons",
    "//evil.example/",
  ])("of a path that is none is refused: %s", async (path) => {
    const answer = await say(served.port, request({ path, headers: OWN() }));
    expect(statusOf(answer)).toBeOneOf([400, 404, 405]);
    expect(answer).not.toContain("root:");
  });

  test.each([
    ["rubbish", "\u0000\u0001\u0002\r\n\r\n"],
    ["another protocol", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc"],
    [
      "two lengths",
      "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    ],
    [
      "a length and chunks",
      "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["a head that is too long", `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`],
  ])("that is %s is refused, and its connection ended", async (_, bytes) => {
    expect(statusOf(await say(served.port, bytes, 2))).toBeOneOf([400, 431, undefined]);
    expect(await asked({ headers: OWN() })).toBe(200);
  });

  test("has a body that says how long it is, and is small", async () => {
    const head = { method: "POST", path: "/pairs/main/buttons", headers: { ...OWN(), ...JSON_TYPE } };
    expect(await asked({ ...head, body: `{"action":"pause"}${" ".repeat(2_000)}` })).toBe(413);
    expect(await asked({ ...head, headers: { ...head.headers, "transfer-encoding": "chunked" } })).toBe(411);
    for (const body of [
      "",
      "{",
      "null",
      "[]",
      '{"action":"fly"}',
      '{"action":"pause","more":1}',
      '"pause"',
    ]) {
      expect(await asked({ ...head, body })).toBe(400);
    }
    const cookie = `so101_claim=${served.claims.add("a test", Date.now())}`;
    const claimed = { ...head, headers: { ...head.headers, cookie } };
    expect(await asked({ ...claimed, body: `{"action":"fly"}${" ".repeat(2_000)}` })).toBe(400);
    expect(await asked({ ...claimed, body: " ".repeat(70_000) })).toBe(413);
  });

  test("is answered with headers that keep the page to itself", async () => {
    const answer = await say(served.port, request({ path: "/nothing", headers: OWN() }));
    expect(answer).toMatch(/content-security-policy: default-src 'none'; script-src 'self';/i);
    expect(answer).not.toMatch(/unsafe-/);
    expect(answer).toMatch(/x-content-type-options: nosniff/i);
  });
});

describe("who may ask what", () => {
  /** What makes an arm stand still, and what claims a page. */
  const FOR_EVERYBODY = ["/buttons", "buttons", "claim", "/claim-by-board", "/claim-by-code"];

  test("everything that changes something, but Pause, Release and a claim, takes a claimed page", async () => {
    const { ofMachine, ofPairs } = served.web.routes;
    const all = [
      ...ofMachine.map((route) => ({ ...route, at: route.path })),
      ...ofPairs.map((route) => ({ ...route, at: `/pairs/main/${route.path}` })),
    ].filter(({ method }) => method !== "GET");
    expect(all.length).toBeGreaterThan(3);
    for (const { path, at, who, method } of all) {
      const cookie = "so101_claim=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
      const status = await asked({
        method,
        path: at,
        headers: { ...OWN(), ...JSON_TYPE, cookie },
        body: "{}",
      });
      if (FOR_EVERYBODY.includes(path)) expect([at, who]).toEqual([at, "everybody"]);
      else expect([at, who, status]).toEqual([at, "claimed", 403]);
    }
  });

  test("who may read is configured: else only claimed pages, and programs of this machine the metrics", async () => {
    await using closed = serveForTest({ reading: "claimed" });
    const ask = async (path: string, more: Record<string, string> = {}) => {
      const headers = { host: `127.0.0.1:${closed.port}`, ...more };
      return statusOf(await say(closed.port, request({ path, headers })));
    };
    expect(await ask("/")).toBe(200);
    expect(await ask("/metrics")).toBe(200);
    expect(await ask("/metrics", { "x-forwarded-for": "192.168.1.7" })).toBe(403);
    for (const { path } of closed.web.routes.ofMachine.filter(({ who }) => who === "reader")) {
      expect(await ask(path)).toBe(403);
    }
    const cookie = `so101_claim=${closed.claims.add("a test", Date.now())}`;
    expect(await ask("/metrics", { "x-forwarded-for": "192.168.1.7", cookie })).toBe(200);
    const heard = await hearLive(closed.port);
    expect(heard).toMatchObject({ kind: "hello", isClaimed: false, mayRead: false, pairs: ["main"] });
  });

  test("an unclaimed page reads no more often than a page does, and Pause has no such limit", async () => {
    await using other = serveForTest();
    const ask = (path: string, sent: Sent = {}) => {
      const host = `127.0.0.1:${other.port}`;
      const headers = { host, origin: `http://${host}`, ...sent.headers };
      return say(other.port, request({ ...sent, path, headers })).then(statusOf);
    };
    const answers = await Promise.all(Array.from({ length: 120 }, () => ask("/metrics")));
    expect(answers).toContain(200);
    expect(answers).toContain(429);
    const pause = { method: "POST", headers: JSON_TYPE, body: '{"action":"pause"}' };
    const pauses = await Promise.all(Array.from({ length: 120 }, () => ask("/pairs/main/buttons", pause)));
    expect(new Set(pauses)).toEqual(new Set([200]));
  });
});

test("a claim that cannot be kept is none, and says why", async () => {
  await using other = serveForTest();
  const code = other.codes.make(Date.now());
  mkdirSync(`${other.dir}/claims.json/in-the-way`, { recursive: true });
  const headers = { host: "localhost", origin: "http://localhost", ...JSON_TYPE };
  const body = JSON.stringify({ code });
  const answer = await say(other.port, request({ method: "POST", path: "/claim-by-code", headers, body }));
  expect(answer).toContain(`${other.dir}/claims.json cannot be changed: `);
  expect(answer.toLowerCase()).not.toContain("set-cookie");
});

test("what a claimed page asks is refused where its claim is ended before all of it has come", async () => {
  const token = served.claims.add("a phone", Date.now());
  const other = served.claims.add("a tablet", Date.now());
  const body = '{"id":"all"}';
  const head = { ...OWN(), ...JSON_TYPE, cookie: `so101_claim=${token}`, "content-length": `${body.length}` };
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = await Bun.connect({
    ...{ hostname: "127.0.0.1", port: served.port },
    socket: { data: (_, data) => resolve(data.toString()), close: () => resolve("") },
  });
  socket.write(request({ method: "POST", path: "/revoke", headers: head }));
  // What has come first is looked at first.
  expect(await asked({ path: "/claims", headers: { ...OWN(), cookie: head.cookie } })).toBe(200);
  const phone = served.claims.list(Date.now()).find(({ name }) => name === "a phone")!;
  served.claims.revoke(phone.id, Date.now());
  socket.write(body);
  expect(statusOf(await promise)).toBe(403);
  expect(served.claims.idOf(other, Date.now())).toBeString();
  served.claims.revoke("all", Date.now());
  socket.end();
});

test("a claim ends with the page that makes it, and hundreds at once are one", async () => {
  const board = { path: "/dev/ttyACM0", serial: "5A46082170" };
  await using other = serveForTest({ boards: { list: async () => [board], watch() {} } });
  const { origin } = new URL(other.web.url);
  const claim = async (signal?: AbortSignal) => {
    const headers = { ...JSON_TYPE, origin };
    const answer = await fetch(`${origin}/claim-by-board`, {
      method: "POST",
      body: "{}",
      headers,
      ...(signal && { signal }),
    });
    return ((await answer.json()) as { text: string }).text;
  };
  const gone = new AbortController();
  const socket = open(other.port);
  const asked = new Promise<void>((resolve) => {
    socket.addEventListener("message", ({ data }) => {
      if (/Unplug the board/.test(data as string)) resolve();
    });
  });
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  const first = claim(gone.signal).catch(() => "gone");
  await asked;
  const texts = await Promise.all(Array.from({ length: 500 }, () => claim()));
  expect(new Set(texts)).toEqual(new Set(["Somebody is claiming a page just now: wait until that is over."]));
  const over = new Promise<void>((resolve) => {
    socket.addEventListener("message", ({ data }) => {
      const { kind, text } = JSON.parse(data as string);
      if (kind === "claim" && text === null) resolve();
    });
  });
  gone.abort();
  expect(await first).toBe("gone");
  await over;
  socket.close();
});

test("a thousand connections keep nobody from Pause, and are soon few", async () => {
  const head = `GET / HTTP/1.1\r\nHost: ${OWN().host}\r\nX: ${"x".repeat(4_000)}`;
  let open = 0;
  const crowd = await Promise.all(
    Array.from({ length: 1_000 }, async (_, index) => {
      const text = ["", head, "POST /buttons HTTP/1.1\r\nHost: ", "\r\n"][index % 4]!;
      open++;
      const socket = {
        open: (opened: Bun.Socket) => void opened.write(text),
        data() {},
        close: () => void open--,
        error() {},
      };
      return Bun.connect({ hostname: "127.0.0.1", port: served.port, socket }).catch(() => void open--);
    }),
  );
  const page = await opening(served.port);
  const pause = { method: "POST", path: "/pairs/main/buttons", body: '{"action":"pause"}' };
  for (let time = 0; time < 20; time++) {
    expect(await asked({ ...pause, headers: { ...OWN(), ...JSON_TYPE } })).toBe(200);
  }
  while (open > MOST_CONNECTIONS) await Bun.sleep(20);
  expect(page.readyState).toBe(WebSocket.OPEN);
  expect(await asked({ ...pause, headers: { ...OWN(), ...JSON_TYPE } })).toBe(200);
  page.close();
  for (const socket of crowd) socket?.terminate();
});

describe("a WebSocket", () => {
  test("only tells: who says something is no page", async () => {
    for (const said of ["{}", "rubbish", new Uint8Array([0, 255]), "x".repeat(100_000)]) {
      const { code } = await closeOf(open(served.port), (socket) => socket.send(said));
      expect(code).toBeOneOf([1003, 1006, 1009]);
    }
    expect(await asked({ headers: OWN() })).toBe(200);
  });

  test("that is one too many is told so, and a claimed page has a place all the same", async () => {
    const opened = await Promise.all(Array.from({ length: 24 }, () => opening(served.port)));
    const answer = await say(served.port, request({ path: "/live", headers: OWN() }));
    expect(statusOf(answer)).toBe(503);
    expect(answer).toContain("24 pages are open already: close one elsewhere, and this one goes on.");
    const token = served.claims.add("a test", Date.now());
    const claimed = await opening(served.port, token);
    expect(claimed.readyState).toBe(WebSocket.OPEN);
    for (const socket of [...opened, claimed]) socket.close();
  });

  test("falls back at once when its claim is ended", async () => {
    const token = served.claims.add("a test", Date.now());
    const socket = open(served.port, token);
    const hellos: { isClaimed: boolean }[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(data as string);
      if (message.kind !== "hello") return;
      hellos.push(message);
      if (hellos.length === 1) served.claims.revoke("all", Date.now());
      else resolve();
    });
    await promise;
    expect(hellos).toMatchObject([{ isClaimed: true }, { isClaimed: false }]);
    socket.close();
  });
});

function open(port: number, token?: string): WebSocket {
  const headers = { origin: `http://127.0.0.1:${port}`, ...(token && { cookie: `so101_claim=${token}` }) };
  return new WebSocket(`ws://127.0.0.1:${port}/live`, { headers } as never);
}

function opening(port: number, token?: string): Promise<WebSocket> {
  const socket = open(port, token);
  return new Promise((resolve, reject) => {
    socket.addEventListener("message", () => resolve(socket), { once: true });
    socket.addEventListener("close", reject);
  });
}

function closeOf(socket: WebSocket, opened: (socket: WebSocket) => void = () => {}): Promise<CloseEvent> {
  socket.addEventListener("open", () => opened(socket));
  return new Promise((resolve) => socket.addEventListener("close", resolve));
}

async function hearLive(port: number): Promise<unknown> {
  const socket = open(port);
  const heard = await new Promise<string>((resolve) =>
    socket.addEventListener("message", ({ data }) => resolve(data as string), { once: true }),
  );
  socket.close();
  return JSON.parse(heard);
}
