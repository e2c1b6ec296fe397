import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import fc from "fast-check";
import {
  ApiError,
  type ApiProblem,
  askService,
  eventsOf,
  sampleService,
  watchService,
} from "../../../src/api/client.ts";
import { framesOf } from "../../../src/api/recorder.ts";
import { FrameStream } from "../../../src/daemon/api/frame-stream.ts";
import { eventsAfter } from "../../../src/daemon/api/kept-events.ts";
import { SampleStream } from "../../../src/daemon/api/sample-stream.ts";
import { type ApiServer, serveApi } from "../../../src/daemon/api/server.ts";
import { EventHistory } from "../../../src/daemon/events/event-history.ts";
import { Lending } from "../../../src/daemon/lending.ts";
import { RecorderPlace } from "../../../src/daemon/recorder-place.ts";
import { RequestServer } from "../../../src/daemon/requests/request-server.ts";
import { bindAt, closeListener, listen } from "../../../src/linux/sockets/stream.ts";
import { sayProblem } from "../../../src/messages/problems.ts";
import { createMemory, type MainMemory, openMemory } from "../../../src/teleop/shared/control-memory.ts";
import { exchange, RawClient } from "../../support/raw-client.ts";
import { aStatus } from "../../support/status.ts";

let dir: string;
let path: string;
let server: ApiServer;
let asked: string[];
let statuses: number;
let memory: MainMemory;
let obstacle: string | undefined;
let history: EventHistory;
let lending: Lending;
let told: string[];
let recorders: RecorderPlace;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "so101-control-"));
  path = join(dir, "run", "main.sock");
  asked = [];
  statuses = 0;
  memory = createMemory();
  obstacle = undefined;
  history = new EventHistory();
  told = [];
  lending = new Lending(memory, (problem) => told.push(sayProblem(problem, {})));
  recorders = new RecorderPlace(
    (severity, problem) => told.push(`${severity}: ${sayProblem(problem, {})}`),
    () => obstacle,
  );
  const note = (what: string) => {
    asked.push(what);
    return obstacle;
  };
  server = await serveApi(path, {
    status: () => {
      statuses++;
      return aStatus;
    },
    samples: (everyMs) => new SampleStream(memory.readSamples(), everyMs),
    frames(perSecond) {
      const end = memory.record();
      return new FrameStream(memory.readSamples(), perSecond, 200, end, () => 0);
    },
    recorder: (asking) => recorders.open(asking),
    recording: (held, recording) => recorders.take(held, recording),
    record: (order) => recorders.order(order),
    pause: () => note("pause"),
    resume: () => note("resume"),
    release: () => note("release"),
    park: () => note("park"),
    events: (after) => eventsAfter(after, history.events),
    tell: (what) => note(what),
    lend: (purpose, asking) => lending.lend(purpose, asking),
    network: () => "nobody carries samples here",
    heard: (leader) => note(`heard ${leader}`),
    unsent: (trouble) => note(`unsent ${trouble?.why}`),
    follow: (leader) => note(`follow ${leader}`),
    drive: ({ as, who }) => `${as} ${who} may not drive here`,
    yield: (epoch) => note(`yield ${epoch}`),
    reload: () => note("reload"),
    arms: () => ({
      normalisation: "range",
      rateHz: 200,
      leader: { id: "leader", joints: null },
      follower: { id: "follower", joints: null },
    }),
  });
});

afterEach(() => {
  server.close();
  rmSync(dir, { recursive: true });
});

const open = () =>
  new Promise<Socket>((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });

const send = (bytes: string | Uint8Array, lines?: number) => exchange(path, bytes, lines);

/** A connection that its client never closes by itself. */
const openForGood = async () => {
  const socket = connect({ path, allowHalfOpen: true });
  await once(socket, "connect");
  return socket;
};

/** Says all, ends its sending side, and prints what comes. */
const HALF_CLOSE = `
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(sys.argv[2].encode())
s.shutdown(socket.SHUT_WR)
while data := s.recv(4096): sys.stdout.write(data.decode())
`;

const answers = async () => expect(await askService([path], { do: "status" })).toEqual(aStatus);

/** Once those have gone that were there. */
async function answersAgain(): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await answers();
      break;
    } catch (error) {
      if (attempt === 100) throw error;
      await Bun.sleep(10);
    }
  }
}

test("a connection stands for one thing: arms that are lent on it come back with its end, whatever else it has asked", async () => {
  const client = new RawClient(path);
  client.say('{"v":1,"do":"lend","for":"dance"}\n');
  for (const other of ['"recorder"', '"drive","as":"client","who":"x"', '"network"', '"lend","for":"sing"'])
    client.say(`{"v":1,"do":${other}}\n`);
  const lines = await client.until(4);
  expect(lines.map((line) => JSON.parse(line).error)).toEqual(
    Array.from({ length: 4 }, () => expect.stringContaining("stands for something already")),
  );
  expect(lending.borrower).toBeDefined();
  client.close();
  while (lending.borrower !== undefined) await Bun.sleep(5);
});

describe("a service that is asked", () => {
  test("tells its status, and does what it is told", async () => {
    await answers();
    const wishes = ["pause", "resume", "release", "park", "reload"] as const;
    for (const wish of wishes) await askService([path], { do: wish });
    expect(asked).toEqual([...wishes]);
  });

  test("tells all events that it keeps, the oldest first, however long they are", async () => {
    expect(await eventsOf([path])).toEqual([]);
    for (let i = 0; i < 520; i++) {
      const message = `${i} ${"ü".repeat(i % 7 === 0 ? 3_000 : 0)}`;
      history.take({ kind: "notice", severity: "info", code: "SO101-E018 arm.back", message });
    }
    const events = await eventsOf([path]);
    const last = events.at(-1)!;
    expect([last.number, last.message]).toEqual([520, "519 "]);
    expect(events.map(({ number }) => number)).toEqual(history.events.map(({ number }) => number));
    expect(events.map(({ message }) => message)).toEqual(history.events.map(({ message }) => message));
    expect(Date.parse(last.time)).toBe(history.events.at(-1)!.time.getTime());
  });

  test("tells those that have happened since", async () => {
    for (const message of ["a", "b", "c"]) {
      history.take({ kind: "notice", severity: "info", code: "SO101-E018 arm.back", message });
    }
    const messagesAfter = async (after: string) => {
      const [reply] = await send(`{"v":1,"do":"events"${after}}\n`, 1);
      return JSON.parse(reply!).events.map(({ message }: { message: string }) => message);
    };
    expect(await messagesAfter("")).toEqual(["a", "b", "c"]);
    expect(await messagesAfter(',"after":2')).toEqual(["c"]);
    expect(await messagesAfter(',"after":3')).toEqual([]);
    expect(await messagesAfter(',"after":9007199254740991')).toEqual([]);
  });

  test("tells an event in its own words for another program", async () => {
    await askService([path], { do: "tell", what: "claim began" });
    expect(asked).toEqual(["claim began"]);
  });

  test("tells its status again and again to whoever watches", async () => {
    const over = new AbortController();
    const seen: unknown[] = [];
    const watching = (async () => {
      for await (const status of watchService([path], 50, over.signal)) {
        seen.push(status);
        if (seen.length === 3) over.abort(new Error("enough"));
      }
    })();
    expect(watching).rejects.toThrow("enough");
    await watching.catch(() => {});
    expect(seen).toEqual([aStatus, aStatus, aStatus]);
  });

  test("answers several requests of one connection, in their order", async () => {
    const request = (what: string) => `{"v":1,"do":"${what}"}\n`;
    const replies = await send(request("pause") + request("resume") + request("nonsense"), 3);
    expect(replies.map((reply) => JSON.parse(reply).ok)).toEqual([true, true, false]);
    expect(asked).toEqual(["pause", "resume"]);
  });

  test("takes a request in pieces", async () => {
    const socket = await open();
    const reply = new Promise<string>((resolve) => socket.once("data", (chunk) => resolve(`${chunk}`)));
    for (const byte of '{"v":1,"do":"pause"}\n') socket.write(byte);
    expect(JSON.parse(await reply)).toEqual({ v: 1, ok: true });
    socket.destroy();
  });

  test("is for its owner and group alone", () => {
    expect(statSync(path).mode & 0o777).toBe(0o660);
  });
});

describe("a service that is asked nonsense", () => {
  test.each([
    ["no JSON", "hello\n", "not JSON"],
    ["no object", "[]\n", "no version"],
    ["null", "null\n", "no version"],
    [
      "another version",
      '{"v":2,"do":"status"}\n',
      "speaks version 1 of the protocol, and was asked in version 2",
    ],
    ["an unknown wish", '{"v":1,"do":"dance"}\n', "Invalid"],
    ["an unknown key", '{"v":1,"do":"status","x":1}\n', "Invalid"],
    ["events before the first", '{"v":1,"do":"events","after":-1}\n', "Invalid value"],
    ["words of one's own", '{"v":1,"do":"tell","what":"all is well"}\n', "Invalid"],
    ["a watch that is too quick", '{"v":1,"do":"watch","everyMs":1}\n', "Invalid"],
    ["a prototype", '{"v":1,"__proto__":{"do":"status"}}\n', "Invalid"],
  ])("refuses %s and says why", async (_, request, why) => {
    const [reply] = await send(request, 1);
    expect(JSON.parse(reply!)).toMatchObject({ v: 1, ok: false, error: expect.stringContaining(why) });
    await answers();
  });

  test("ends a connection whose request has no end", async () => {
    const [reply] = await send("x".repeat(65_536));
    expect(JSON.parse(reply!).error).toBe("the request is too long");
    await answers();
  });

  test("ends a connection that asks faster than it is answered", async () => {
    const replies = await send('{"v":1,"do":"pause"}\n'.repeat(1000));
    expect(replies.at(-1)).toContain("too many requests at once");
    expect(asked.length).toBeLessThan(40);
    await answers();
  });

  test("goes on for the others while a watcher does not read", async () => {
    const deaf = await open();
    deaf.pause();
    const closed = new Promise<void>((resolve) => deaf.once("close", () => resolve()));
    deaf.on("error", () => {});
    deaf.write('{"v":1,"do":"watch","everyMs":50}\n'.repeat(10));
    await answers();
    deaf.destroy();
    await closed;
    await answers();
  });

  test("has so many connections and no more, and room again when they have gone", async () => {
    const sockets = await Promise.all(Array.from({ length: 32 }, open));
    const [refusal] = await send("");
    expect(refusal).toContain("too many connections");
    await Promise.all(
      sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve).destroy())),
    );
    await answersAgain();
  });

  const request = (what: string, rest = "") => `{"v":1,"do":"${what}"${rest}}\n`;
  /** Clients that have said something, and were answered. */
  const clients = (count: number, said: string) =>
    Promise.all(
      Array.from({ length: count }, async () => {
        const client = new RawClient(path);
        client.say(said);
        if (said !== "") await client.until(1);
        return client;
      }),
    );
  const watch = request("watch", ',"everyMs":60000');
  const samples = request("samples", ',"everyMs":2');
  const thoseEnded = (all: readonly RawClient[]) => all.filter((client) => !client.hear());

  test.each([
    ["watch", watch],
    ["take samples", samples],
  ])("lets no more than 16 %s: who is idle longest makes room for who comes", async (_, said) => {
    const first = await clients(1, said);
    await Bun.sleep(20); // so that it is the one that has been idle longest
    const others = await clients(15, said);
    const [last] = await clients(1, said);
    expect(JSON.parse(last!.lines[0]!).ok).toBe(true);
    expect((await first[0]!.untilEnd()).at(-1)).toContain("too many watch");
    expect(thoseEnded([...others, last!])).toEqual([]);
    await answers();
    for (const client of [...first, ...others, last!]) client.close();
  });

  test("has a place for a command while as many watch as can", async () => {
    const watchers = await clients(16, watch);
    const others = await clients(16, request("status"));
    expect(await send(request("release"), 1)).toEqual(['{"v":1,"ok":true}']);
    expect(asked).toEqual(["release"]);
    for (const client of [...watchers, ...others]) client.close();
  });

  test("does what a newcomer asks at once, though there is no place for it", async () => {
    const all = await clients(32, request("status"));
    expect(await send(request("release"), 1)).toEqual(['{"v":1,"ok":true}']);
    expect(asked).toEqual(["release"]);
    expect(thoseEnded(all)).toEqual([]);
    for (const client of all) client.close();
  });

  test.each([
    ["nothing", ""],
    ["half a request", '{"v":1,"do":"sta'],
  ])("gives a newcomer the place of who has said %s for a second", async (_, said) => {
    const watchers = await clients(16, watch);
    const silent = Array.from({ length: 16 }, () => new RawClient(path));
    for (const client of silent) client.say(said);
    await Bun.sleep(1_050); // that second
    const newcomers = await clients(3, request("status"));
    expect(thoseEnded([...newcomers, ...watchers])).toEqual([]);
    expect(thoseEnded(silent).length).toBe(3);
    for (const client of [...watchers, ...silent, ...newcomers]) client.close();
  });

  test("gives a newcomer the place of the watcher that has been idle longest, when all others speak", async () => {
    const deaf = await clients(1, samples);
    const watchers = await clients(15, samples);
    const { samples: ring } = openMemory(memory.buffer);
    const writing = setInterval(() => ring.write(performance.now() * 1e3, "following", [], [], []), 1);
    const reading = setInterval(() => {
      for (const client of watchers) client.hear();
    }, 5);
    const others = await clients(16, request("status"));
    await Bun.sleep(100); // in which the others read
    const [newcomer] = await clients(1, request("status"));
    expect((await deaf[0]!.untilEnd()).at(-1)).toContain("too many connections");
    expect(thoseEnded([...watchers, ...others, newcomer!])).toEqual([]);
    clearInterval(writing);
    clearInterval(reading);
    for (const client of [...deaf, ...watchers, ...others, newcomer!]) client.close();
  });

  test("makes one status for all who ask at once, and another after a command", async () => {
    const all = await clients(16, request("status"));
    const made = statuses;
    for (const client of all) client.say(request("status"));
    await Promise.all(all.map((client) => client.until(2)));
    expect(statuses - made).toBeLessThan(16);
    const [client] = all;
    client!.say(request("pause"));
    await client!.until(3);
    const before = statuses;
    client!.say(request("status"));
    await client!.until(4);
    expect(statuses).toBe(before + 1);
    for (const each of all) each.close();
  });

  test("answers what was asked before its asker stopped sending", async () => {
    const client = Bun.spawn(
      ["python3", "-c", HALF_CLOSE, path, request("pause") + request("resume") + request("release")],
      { stdout: "pipe" },
    );
    expect((await new Response(client.stdout).text()).trimEnd().split("\n")).toEqual(
      Array.from({ length: 3 }, () => '{"v":1,"ok":true}'),
    );
    expect(asked).toEqual(["pause", "resume", "release"]);
  });

  test("keeps nothing of clients that it has refused, though they stay", async () => {
    const files = () => readdirSync("/proc/self/fd").length;
    const before = files();
    const sockets = await Promise.all(Array.from({ length: 90 }, () => openForGood()));
    let left = sockets.length;
    for (const socket of sockets) socket.resume().once("end", () => left--);
    while (left > 32) await Bun.sleep(10);
    // Of those that have a place both ends are here, of the others only the client's.
    expect(files() - before).toBeLessThan(90 + 32 + 10);
    for (const socket of sockets) socket.destroy();
    await answersAgain();
  });

  test("ends a connection that sends nothing but line ends", async () => {
    const replies = await send("\n".repeat(1000));
    expect(replies.at(-1)).toContain("too many requests at once");
    await answers();
  });

  test("survives whatever bytes come", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 3000 }), async (bytes) => {
        const socket = await open();
        socket.on("error", () => {});
        socket.end(bytes);
        await new Promise((resolve) => socket.once("close", resolve).resume());
      }),
      { numRuns: 60 },
    );
    await answers();
    expect(asked).toEqual([]);
  });

  test("survives whatever JSON comes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), async (json) => {
        const replies = await send(`${json.replaceAll("\n", " ")}\n`, 1);
        expect(JSON.parse(replies[0]!).v).toBe(1);
      }),
      { numRuns: 60 },
    );
    await answers();
  });
});

describe("the place of the socket", () => {
  test("is taken over from a program that was killed", async () => {
    const stale = join(dir, "stale.sock");
    const child = Bun.spawn([
      process.execPath,
      "-e",
      `require("node:net").createServer().listen(${JSON.stringify(stale)}, () => process.kill(process.pid, "SIGKILL"))`,
    ]);
    await child.exited;
    expect(existsSync(stale)).toBe(true);
    const second = await serveApi(stale, {} as never);
    second.close();
    expect(existsSync(stale)).toBe(false);
  });

  test("is not taken from a program that answers there", () => {
    expect(serveApi(path, {} as never)).rejects.toThrow("already listens");
  });

  test("is not made in place of what is no socket", async () => {
    const file = join(dir, "precious.json");
    writeFileSync(file, "{}");
    await expect(serveApi(file, {} as never)).rejects.toThrow(`there is something else at ${file}`);
    expect(existsSync(file)).toBe(true);
  });

  test("cannot be where there is a file in its folder's place", () => {
    writeFileSync(join(dir, "file"), "");
    expect(serveApi(join(dir, "file", "main.sock"), {} as never)).rejects.toThrow();
  });
});

/** What keeps a service from being asked. */
async function problemOf(asking: Promise<unknown>): Promise<ApiProblem> {
  const error = await asking.then(
    () => undefined,
    (reason) => reason,
  );
  if (error instanceof ApiError) return error.problem;
  throw error ?? new Error("it answered");
}

describe("a client", () => {
  test("knows that the service does not run", async () => {
    const nowhere = join(dir, "nowhere.sock");
    expect(await problemOf(askService([nowhere], { do: "status" }))).toEqual({
      kind: "not running",
      paths: [nowhere],
    });
  });

  test("asks in the next place when nobody is in the first", async () => {
    expect(await askService([join(dir, "nowhere.sock"), path], { do: "status" })).toEqual(aStatus);
  });

  test.each(["nonsense\n", '{"v":1,"ok":true,"status":{}}\n', '{"v":9,"ok":true}\n', "\0\xff\n"])(
    "does not believe %j",
    async (said) => {
      const odd = join(dir, "odd.sock");
      const listener = createServer((socket) => socket.end(said)).listen(odd);
      await new Promise((resolve) => listener.once("listening", resolve));
      expect(await problemOf(askService([odd], { do: "status" }))).toEqual({ kind: "unknown" });
      listener.close();
    },
  );

  let hostiles = 0;
  /** Serves what no service says, as long as the client stays. */
  async function problemWith(
    hostile: (socket: Socket) => void,
    ask: (odd: string) => Promise<unknown> = (odd) => askService([odd], { do: "status" }),
  ): Promise<{ problem: ApiProblem; afterMs: number }> {
    const odd = join(dir, `hostile-${hostiles++}.sock`);
    const listener = createServer((socket) => {
      socket.on("error", () => {});
      hostile(socket);
    }).listen(odd);
    await once(listener, "listening");
    const fromMs = performance.now();
    const problem = await problemOf(ask(odd));
    listener.close();
    return { problem, afterMs: performance.now() - fromMs };
  }
  const again = (socket: Socket, everyMs: number, say: string) => {
    const timer = setInterval(() => socket.write(say), everyMs);
    socket.on("close", () => clearInterval(timer));
  };
  const watching = async (odd: string) => {
    for await (const _ of watchService([odd], 50, new AbortController().signal));
  };

  test("does not wait for ever for the end of a reply that comes byte by byte", async () => {
    const drip = (socket: Socket) => again(socket, 50, " ");
    const problems = await Promise.all([problemWith(drip), problemWith(drip, watching)]);
    expect(problems.map(({ problem }) => problem.kind)).toEqual(["silent", "silent"]);
    for (const { afterMs } of problems) expect(afterMs).toBeLessThan(10_000);
  });

  test.each([
    ["asks", undefined],
    ["watches", watching],
  ])("takes no reply without an end when it %s", async (_, ask) => {
    let said = 0;
    const endless = (socket: Socket) => {
      const chunk = "x".repeat(65_536);
      const pour = () => {
        if (socket.destroyed) return;
        said += chunk.length;
        if (socket.write(chunk)) setImmediate(pour);
        else socket.once("drain", pour);
      };
      pour();
    };
    expect((await problemWith(endless, ask)).problem).toEqual({ kind: "unknown" });
    expect(said).toBeLessThan(4_000_000);
  });

  test("believes no reply to a status without one", async () => {
    const { problem } = await problemWith((socket) => socket.write('{"v":1,"ok":true}\n'));
    expect(problem).toEqual({ kind: "unknown" });
  });

  test("can be stopped while a service says more than anybody asked for", async () => {
    const flood = `${JSON.stringify({ v: 1, ok: true, status: aStatus })}\n`.repeat(20);
    const over = new AbortController();
    const { problem } = await problemWith(
      (socket) => again(socket, 0, flood),
      async (odd) => {
        setTimeout(() => over.abort(new ApiError({ kind: "ended" })), 200);
        for await (const _ of watchService([odd], 50, over.signal));
      },
    );
    expect(problem).toEqual({ kind: "ended" });
  });

  test("asks again when too many wait to be heard, and is answered when they are gone", async () => {
    const busy = join(dir, "busy.sock");
    const listener = bindAt(busy);
    listen(listener, busy, 0);
    const first = new RawClient(busy); // the one that may wait
    const asking = askService([busy], { do: "status" });
    await Bun.sleep(20);
    first.close();
    const server = new RequestServer({
      listener,
      longestBytes: 100,
      silentMs: 1_000,
      requestsEach: 1,
      answer: () => `${JSON.stringify({ v: 1, ok: true, status: aStatus })}\n`,
      refusal: (why) => why,
    });
    expect(await asking).toEqual(aStatus);
    server.close();
  });

  test("knows a service that too many ask from one that is not there", async () => {
    const busy = join(dir, "busy.sock");
    const listener = bindAt(busy);
    listen(listener, busy, 0);
    const first = new RawClient(busy);
    expect(await problemOf(askService([busy], { do: "status" }))).toEqual({ kind: "silent" });
    expect(serveApi(busy, {} as never)).rejects.toThrow("already listens");
    first.close();
    closeListener(listener);
    expect(await problemOf(askService([busy], { do: "status" }))).toEqual({
      kind: "not running",
      paths: [busy],
    });
  });

  test("does not wait for ever", async () => {
    const mute = join(dir, "mute.sock");
    const listener = createServer(() => {}).listen(mute);
    await new Promise((resolve) => listener.once("listening", resolve));
    expect(await problemOf(askService([mute], { do: "status" }))).toEqual({ kind: "silent" });
    listener.close();
  });

  test("says what the service refuses", async () => {
    const old = join(dir, "old.sock");
    const listener = createServer((socket) => socket.write('{"v":2,"ok":false,"error":"speaks 2"}\n')).listen(
      old,
    );
    await new Promise((resolve) => listener.once("listening", resolve));
    expect(await problemOf(askService([old], { do: "status" }))).toEqual({
      kind: "refused",
      reason: "speaks 2",
    });
    listener.close();
  });
});

describe("samples", () => {
  const steps = [1, 2, 3, 4, 5, 6];
  const sample = (socket: Socket) => {
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    return async () => JSON.parse((await lines.next()).value!);
  };

  test("come one a line, from when they are asked for on, no closer than was asked", async () => {
    const { samples } = openMemory(memory.buffer);
    const socket = await open();
    const next = sample(socket);
    samples.write(0, "following", steps, steps, steps);
    socket.write('{"v": 1, "do": "samples", "everyMs": 10}\n');
    expect(await next()).toEqual({ v: 1, ok: true });
    for (let ms = 5; ms <= 30; ms += 5) samples.write(ms * 1e3, "following", steps, steps, steps);
    const times = [await next(), await next(), await next()].map((line) => line.sample.timeUs);
    expect(times).toEqual([5_000, 15_000, 25_000]);
    socket.destroy();
  });

  test("are what a client of the program is given, until it has enough", async () => {
    const { samples } = openMemory(memory.buffer);
    const over = new AbortController();
    const writing = setInterval(() => samples.write(7, "following", steps, steps, [1, 2, 3, 4, 5, -1]), 2);
    try {
      const listening = (async () => {
        for await (const { follower } of sampleService([path], 2, over.signal)) {
          expect(follower).toEqual([1, 2, 3, 4, 5, null]);
          over.abort(new Error("enough"));
        }
      })();
      await listening.then(
        () => expect.unreachable(),
        (error) => expect(error.message).toBe("enough"),
      );
    } finally {
      clearInterval(writing);
    }
  });

  test("have what was read and written in a tick, and how many were lost", async () => {
    const { samples } = openMemory(memory.buffer);
    const socket = await open();
    const next = sample(socket);
    socket.write('{"v": 1, "do": "samples", "everyMs": 2}\n');
    await next();
    samples.write(7, "aligning", steps, steps, [1, 2, 3, 4, 5, -1]);
    expect(await next()).toEqual({
      v: 1,
      ok: true,
      sample: {
        timeUs: 7,
        state: "aligning",
        leader: steps,
        goals: steps,
        follower: [1, 2, 3, 4, 5, null],
        followerUs: null,
        lost: 0,
      },
    });
    socket.destroy();
  });

  test("that a client does not read are lost and counted, and the service goes on", async () => {
    const { samples } = openMemory(memory.buffer);
    const socket = await open();
    socket.write('{"v": 1, "do": "samples", "everyMs": 2}\n');
    socket.pause();
    let written = 0;
    const write = (count: number) => {
      for (let i = 0; i < count; i++) samples.write(++written * 2e3, "following", steps, steps, steps);
    };
    // More than the socket and its two ends keep: 150 bytes each.
    for (let round = 0; round < 30; round++) {
      write(500);
      await Bun.sleep(5);
    }
    const next = sample(socket);
    socket.resume();
    let line = await next();
    while (line.sample === undefined || line.sample.lost === 0) {
      write(1);
      line = await next();
    }
    expect(line.sample.lost).toBeGreaterThan(0);
    expect(await askService([path], { do: "status" })).toEqual(aStatus);
    socket.destroy();
  });

  test("to be recorded come on an even grid, and have the follower read in each tick until nobody asks for them", async () => {
    const { samples } = openMemory(memory.buffer);
    const over = new AbortController();
    const frames: unknown[] = [];
    const listening = (async () => {
      for await (const { frame, timeUs } of framesOf([path], 50, over.signal)) {
        frames.push([frame, timeUs]);
        if (frames.length === 3) over.abort(new Error("enough"));
      }
    })().catch(({ message }) => message);
    while (!samples.areRecorded) await Bun.sleep(2);
    for (let ms = 0; ms <= 40; ms += 5)
      samples.write(ms * 1e3, "following", steps, steps, steps, ms * 1e3 - 3e3);
    expect(await listening).toBe("enough");
    expect(frames).toEqual([
      [0, 0],
      [1, 20_000],
      [2, 40_000],
    ]);
    while (samples.areRecorded) await Bun.sleep(2);
  });

  test.each([0, 501, 30.5, "30"])("%j a second are refused", async (perSecond) => {
    const [reply] = await send(`${JSON.stringify({ v: 1, do: "samples", perSecond })}\n`, 1);
    expect(reply).toContain('"ok":false');
  });

  test("take one pace: neither none nor both", async () => {
    const replies = await send(
      '{"v":1,"do":"samples"}\n{"v":1,"do":"samples","everyMs":20,"perSecond":30}\n',
      2,
    );
    for (const reply of replies) expect(reply).toContain('"error":"samples: say everyMs or perSecond"');
    expect(replies).toHaveLength(2);
  });

  test.each([1, 1001, 2.5, "10"])("every %j ms are refused", async (everyMs) => {
    const [reply] = await send(`${JSON.stringify({ v: 1, do: "samples", everyMs })}\n`, 1);
    expect(JSON.parse(reply!).ok).toBe(false);
  });
});
