import { expect, test } from "bun:test";
import { BROADCAST_ID, Instruction } from "../../../src/feetech/packet.ts";
import { PortError } from "../../../src/serial/transport.ts";
import { SimulatedTransport } from "../../../src/sim/testing/transport.ts";
import { Host } from "../host.ts";

const ALL = [1, 2, 3, 4, 5, 6];

test("keeps what was sent", () => {
  const wire = new SimulatedTransport();
  new Host(wire).ping(3);
  expect(wire.sent).toEqual([Uint8Array.of(0xff, 0xff, 3, 2, 1, 0xf9)]);
});

test("hands replies over in pieces as small as asked for", () => {
  const wire = new SimulatedTransport();
  wire.longestReceive = 1;
  expect(new Host(wire).syncRead("present_position", ALL).map(({ id }) => id)).toEqual(ALL);
});

test("lets a test change, drop and add what the host receives", () => {
  const wire = new SimulatedTransport();
  const host = new Host(wire);
  wire.onReply = (bytes) => (bytes[2] === 2 ? new Uint8Array() : bytes);
  expect(host.syncRead("lock", [1, 2, 3]).map(({ id }) => id)).toEqual([1, 3]);
  wire.onReply = undefined;
  wire.inject([0xff, 0xff, 9]);
  expect(wire.discard()).toBe(3);
  expect(host.ping(2)).toBeDefined();
});

test("throws as a port does once the board is gone", () => {
  const wire = new SimulatedTransport();
  wire.lost = true;
  expect(() => wire.send(0, 0)).toThrow(PortError);
  expect(() => wire.receive(0, 0)).toThrow(PortError);
  expect(() => wire.discard()).toThrow(PortError);
});

test("a broadcast ping is answered by every servo in turn", () => {
  const host = new Host(new SimulatedTransport());
  host.send(BROADCAST_ID, Instruction.ping);
  expect(host.replies(6).map(({ id }) => id)).toEqual(ALL);
});
