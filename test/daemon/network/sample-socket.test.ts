/** The way between the network's client and the control thread, over the real socket. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SampleSocket } from "../../../src/daemon/network/sample-socket.ts";
import { nowUs, systemClock } from "../../../src/linux/clock.ts";
import { nativeBuffer } from "../../../src/linux/libc.ts";
import { close, connectTo, receive, send } from "../../../src/linux/sockets/stream.ts";
import { SocketLink } from "../../../src/teleop/remote/link.ts";
import { SAMPLE_BYTES } from "../../../src/teleop/remote/sample.ts";
import { createMemory, openMemory } from "../../../src/teleop/shared/control-memory.ts";

let dir: string;
let path: string;
let socket: SampleSocket;
let link: SocketLink;
let told: string[];
const fds: number[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "so101-samples-"));
  path = join(dir, "main.samples");
  told = [];
  const memory = createMemory();
  socket = new SampleSocket(join(dir, "main.samples"), memory.link, (event) =>
    told.push(JSON.stringify(event)),
  );
  link = new SocketLink(openMemory(memory.buffer).link, systemClock);
});

afterEach(() => {
  for (const fd of fds.splice(0)) close(fd);
  socket.stop();
  rmSync(dir, { recursive: true, force: true });
});

function client(): number {
  const fd = connectTo(path, 0, "datagrams");
  fds.push(fd);
  return fd;
}

test("datagrams go both ways, each whole", async () => {
  const fd = client();
  await until(() => link.look());
  const bytes = nativeBuffer(SAMPLE_BYTES);
  for (const first of [1, 2, 3]) {
    bytes.bytes.fill(first);
    send(fd, bytes, SAMPLE_BYTES);
  }
  const seen = [1, 2, 3].map(() => [link.receive(), link.incoming[0]]);
  expect(seen).toEqual([1, 2, 3].map((first) => [SAMPLE_BYTES, first]));
  expect(link.receive()).toBe(-1);
  link.outgoing.fill(7);
  link.send();
  const got = nativeBuffer(100);
  expect(receive(fd, got)).toBe(SAMPLE_BYTES);
  expect(got.bytes[0]).toBe(7);
});

test("waiting ends as soon as something comes, or the client goes, or at its time", async () => {
  const fd = client();
  await until(() => link.look());
  const startUs = nowUs();
  link.wait(startUs + 20_000);
  expect(nowUs() - startUs).toBeGreaterThanOrEqual(20_000);
  send(fd, nativeBuffer(1), 1);
  link.wait(nowUs() + 60_000_000);
  expect(link.receive()).toBe(1);
  close(fds.pop()!);
  link.wait(nowUs() + 60_000_000);
  expect(link.receive()).toBe(-1);
  expect(link.look()).toBe(false);
});

test("one client at a time: the next has its turn when the first has gone", async () => {
  client();
  await until(() => link.look());
  const second = client();
  const buffer = nativeBuffer(1);
  await until(() => receive(second, buffer) === 0);
  close(fds.shift()!);
  await until(() => !link.look());
  client();
  await until(() => link.look());
});

test("a client that reads nothing costs the sender nothing", async () => {
  client();
  await until(() => link.look());
  const startUs = nowUs();
  for (let count = 0; count < 20_000; count++) link.send();
  expect(link.look()).toBe(true);
  expect(nowUs() - startUs).toBeLessThan(60_000_000);
});

test("what is too long, or empty, is no sample and ends nothing but its own connection", async () => {
  const fd = client();
  await until(() => link.look());
  const long = nativeBuffer(10_000);
  send(fd, long, 10_000);
  expect(link.receive()).toBeGreaterThan(SAMPLE_BYTES);
  send(fd, long, 0);
  expect(link.receive()).toBe(-1);
  client();
});

test("is for its user and group alone, and made again where somebody removes it", async () => {
  expect(lstatSync(path).mode & 0o777).toBe(0o660);
  rmSync(path);
  await until(() => existsSync(path));
  client();
  await until(() => link.look());
  expect(told).toEqual([]);
});

test("says once that it cannot be made", async () => {
  rmSync(path);
  mkdirSync(path);
  await until(() => told.length > 0);
  expect(told[0]).toContain("control.refused");
  rmSync(path, { recursive: true });
  await until(() => existsSync(path));
  expect(told).toHaveLength(1);
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await Bun.sleep(5);
}
