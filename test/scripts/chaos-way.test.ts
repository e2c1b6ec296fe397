/** The way to a broker that chaos stalls, breaks and blocks. */
import { afterAll, expect, test } from "bun:test";
import { connect, createServer, type Socket } from "node:net";
import { Way } from "../../scripts/chaos/network/way.ts";

/** What the broker's end heard; it answers each chunk. */
let heard = "";
const ends: Socket[] = [];
const broker = createServer((socket) => {
  ends.push(socket);
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    heard += chunk;
    socket.write(`<${chunk}>`);
  });
});
await new Promise<void>((resolve) => broker.listen(0, "127.0.0.1", resolve));
const way = await Way.open((broker.address() as { port: number }).port);
afterAll(async () => {
  await way[Symbol.asyncDispose]();
  broker.close();
});

/** A connection of the machine's, and what it has heard. */
async function connected() {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(way.url).port) });
  const client = { socket, heard: "", isClosed: false };
  socket.on("data", (chunk) => {
    client.heard += chunk;
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    client.isClosed = true;
  });
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  return client;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await Bun.sleep(2);
}

test("carries both ways, stalls either way without losing anything, and flows again", async () => {
  const client = await connected();
  client.socket.write("a");
  await until(() => client.heard === "<a>");
  way.stall(["in"]);
  client.socket.write("b");
  await until(() => heard.endsWith("b"));
  way.stall(["out"]);
  client.socket.write("c");
  // Had it gone through, it were there before what a second connection is told.
  const other = await connected();
  other.socket.write("d");
  await Bun.sleep(50);
  expect({ heard, client: client.heard }).toEqual({ heard: "ab", client: "<a>" });
  way.flow();
  await until(() => client.heard === "<a><b><c>" && other.heard === "<d>");
  client.socket.destroy();
  other.socket.destroy();
});

test("tells nobody that the other end has gone while it is stalled", async () => {
  const client = await connected();
  client.socket.write("e");
  await until(() => client.heard === "<e>");
  way.stall(["in", "out"]);
  ends.at(-1)!.destroy();
  await Bun.sleep(50);
  expect(client.isClosed).toBe(false);
  way.flow();
  await until(() => client.isClosed);
});

test("resets what there is and what comes while it is blocked", async () => {
  const client = await connected();
  way.block();
  await until(() => client.isClosed);
  const late = await connected();
  await until(() => late.isClosed);
  way.flow();
  const again = await connected();
  again.socket.write("f");
  await until(() => again.heard === "<f>");
  again.socket.destroy();
});
