import type { Pointer } from "bun:ffi";
import { afterEach, expect } from "bun:test";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { ZmqContext } from "../../../src/lerobot/zmq/context.ts";
import { type Libzmq, libzmq } from "../../../src/lerobot/zmq/library.ts";
import { type ZmqMessage, type ZmqOptions, ZmqSocket } from "../../../src/lerobot/zmq/socket.ts";
import { needing } from "../../support/needs.ts";
import { ZMQ, ZmqPeer } from "../../support/zmq-peer.ts";

const { test } = needing(...ZMQ);

const SRC = join(import.meta.dir, "../../../src");

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Everybody may connect, but who is at 127.0.0.2. */
function newContext(): ZmqContext {
  const context = new ZmqContext((address) => address !== "127.0.0.2");
  cleanups.push(() => context.close());
  return context;
}

function newPeer(): ZmqPeer {
  const peer = new ZmqPeer();
  cleanups.push(() => peer[Symbol.asyncDispose]());
  return peer;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await Bun.sleep(2);
}

const options = { domain: "test", longestBytes: 4_096 } as const;

async function bound(
  context: ZmqContext,
  kind: ZmqOptions["kind"],
  heard?: (messages: readonly ZmqMessage[], socket: ZmqSocket) => void,
  more: Partial<ZmqOptions> = {},
): Promise<{ socket: ZmqSocket; to: string; port: number }> {
  const port = await freePort();
  const socket = context.socket({ ...options, ...more, kind }, (messages) => heard?.(messages, socket));
  socket.bind(`tcp://127.0.0.1:${port}`);
  return { socket, to: `tcp://127.0.0.1:${port}`, port };
}

const bytes = (text: string) => Buffer.from(text, "latin1");
const texts = ({ frames }: ZmqMessage) => frames.map((frame) => Buffer.from(frame).toString("latin1"));

test("what others send is heard whole, in order, with the address that it came from", async () => {
  const heard: ZmqMessage[] = [];
  const { to } = await bound(newContext(), "pull", (messages) => heard.push(...messages));
  const peer = newPeer();
  await peer.connect("out", { kind: "push", to });
  await peer.send("out", ["first"]);
  await peer.send("out", ["second", "", "with \u00ff and \0"]);
  await until(() => heard.length === 2);
  expect(heard.map(texts)).toEqual([["first"], ["second", "", "with \u00ff and \0"]]);
  expect(heard.map(({ peer }) => peer)).toEqual(["127.0.0.1", "127.0.0.1"]);
});

test("who asks is answered, and a thousand times in a row", async () => {
  const { to } = await bound(newContext(), "router", (messages, socket) => {
    for (const { frames } of messages) {
      const [asker, empty, question] = frames;
      socket.send(asker!, empty!, bytes(`${Buffer.from(question!)}!`));
    }
  });
  const peer = newPeer();
  await peer.connect("asking", { kind: "req", to });
  for (let count = 0; count < 1_000; count++) {
    await peer.send("asking", [`${count}`]);
    expect(await peer.receive("asking")).toEqual([`${count}!`]);
  }
});

test("what is published reaches all; what nobody takes is lost, and said to be", async () => {
  const context = newContext();
  const published = await bound(context, "pub");
  const shared = await bound(context, "push", undefined, { sendHighWater: 2 });
  expect(shared.socket.send(bytes("nobody is there"))).toBe(false);
  const [one, other] = [newPeer(), newPeer()];
  await one.connect("in", { kind: "sub", to: published.to });
  await other.connect("in", { kind: "sub", to: published.to });
  await one.connect("shared", { kind: "pull", to: shared.to });
  const publishing = setInterval(() => published.socket.send(bytes("one"), bytes("two")), 5);
  cleanups.push(() => clearInterval(publishing));
  expect(await one.receive("in")).toEqual(["one", "two"]);
  expect(await other.receive("in")).toEqual(["one", "two"]);
  await until(() => shared.socket.send(bytes("for the one that is there")));
  expect(await one.receive("shared")).toEqual(["for the one that is there"]);
});

test("who may not connect is let in nowhere, and hears and says nothing", async () => {
  const heard: string[] = [];
  const context = newContext();
  const commands = await bound(context, "pull", (messages) => heard.push(...messages.flatMap(texts)));
  const observations = await bound(context, "push");
  const peer = newPeer();
  const from = (address: string, { port }: { port: number }) => `tcp://${address}:0;127.0.0.1:${port}`;
  await peer.connect("refused out", { kind: "push", to: from("127.0.0.2", commands) });
  await peer.connect("refused in", { kind: "pull", to: from("127.0.0.2", observations) });
  await peer.connect("out", { kind: "push", to: from("127.0.0.3", commands) });
  await peer.send("refused out", ["refused"], 10);
  const sending = setInterval(() => observations.socket.send(bytes("seen")), 5);
  cleanups.push(() => clearInterval(sending));
  expect(await peer.receive("refused in", 500)).toBeNull();
  await peer.send("out", ["heard"]);
  await until(() => heard.length > 0);
  expect(heard).toEqual(["heard"]);
});

test("a flood in parts, too long ones, and what is no ZeroMQ end nothing, and others are heard beside them", async () => {
  const heard = new Map<string, number>();
  const { to, port } = await bound(newContext(), "pull", (messages) => {
    for (const message of messages) {
      const key = `${message.peer} ${texts(message)[0]!.slice(0, 8)}`;
      heard.set(key, (heard.get(key) ?? 0) + 1);
    }
  });
  const [flooding, other] = [newPeer(), newPeer()];
  await flooding.connect("out", { kind: "push", to });
  await flooding.connect("long", { kind: "push", to });
  await flooding.connect("odd", { kind: "pair", to });
  await flooding.send("long", ["x".repeat(5_000)]);
  await flooding.send("odd", ["odd"]);
  const raw = connect(port, "127.0.0.1");
  raw.on("error", () => {});
  raw.write("GET / HTTP/1.1\r\n\r\n".repeat(1_000));
  const hanging = connect(port, "127.0.0.1");
  cleanups.push(
    () => raw.destroy(),
    () => hanging.destroy(),
  );
  const flood = flooding.send("out", ["part", "part", "part", "part"], 20_000);
  await other.connect("out", { kind: "push", to });
  await other.send("out", ["other"]);
  await until(() => heard.has("127.0.0.1 other"));
  await flood;
  await until(() => heard.get("127.0.0.1 part") === 20_000);
  expect([...heard.keys()].sort()).toEqual(["127.0.0.1 other", "127.0.0.1 part"]);
});

test("where an address is taken or not this machine's, the system's reason is thrown", async () => {
  const context = newContext();
  const { to } = await bound(context, "pull");
  const second = context.socket({ ...options, kind: "pull" });
  expect(() => second.bind(to)).toThrow("EADDRINUSE");
  expect(() => second.bind("tcp://192.0.2.1:5555")).toThrow("EADDRNOTAVAIL");
});

test("of a socket that is closed nothing is asked any more: libzmq has freed it", async () => {
  const zmq = libzmq();
  let count = 0;
  const counting = new Proxy(zmq, {
    get(functions, name: keyof Libzmq) {
      count++;
      return functions[name];
    },
  });
  const context = zmq.zmq_ctx_new() as Pointer;
  const socket = new ZmqSocket(counting, context, { kind: "pub", longestBytes: 100 }, () => {});
  socket.close();
  const before = count;
  expect(socket.send(bytes("late"))).toBe(false);
  socket.close();
  expect(count).toBe(before);
  zmq.zmq_ctx_term(context);
});

test("a process whose sockets are closed ends by itself", async () => {
  const program = `
    const { ZmqContext } = await import(${JSON.stringify(join(SRC, "lerobot/zmq/context.ts"))});
    const context = new ZmqContext(() => true);
    context.socket({ kind: "pull", longestBytes: 100 }).bind("tcp://127.0.0.1:*");
    await context.close();
    await context.close();`;
  expect(await Bun.spawn([process.execPath, "-e", program]).exited).toBe(0);
});
