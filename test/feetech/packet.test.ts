import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  BROADCAST_ID,
  encodePacket,
  Instruction,
  MAX_PACKET_SIZE,
  PacketDecoder,
} from "../../src/feetech/packet.ts";

// One of 256 imitations of a packet has the right checksum: the runs must be the same every time.
fc.configureGlobal({ seed: 101 });

interface Packet {
  id: number;
  code: number;
  params: number[];
}

const byte = fc.integer({ min: 0, max: 255 });
const packet = fc.record({
  id: fc.integer({ min: 0, max: 0xfd }),
  code: byte,
  params: fc.array(byte, { maxLength: 40 }),
});
const noise = fc.array(fc.oneof(byte, fc.constant(0xff)), { maxLength: 60 });

function encode({ id, code, params }: Packet): number[] {
  const out = new Uint8Array(300);
  return [...out.subarray(0, encodePacket(out, id, code, params))];
}

/** The packet that a decoder has found. */
function packetIn({ id, code, params, paramCount, bytes }: PacketDecoder): Packet {
  return { id, code, params: [...bytes.subarray(params, params + paramCount)] };
}

/** Puts bytes where the next received ones belong. */
function receive(decoder: PacketDecoder, ...bytes: number[]): void {
  decoder.bytes.set(bytes, decoder.end);
  decoder.received(bytes.length);
}

/** Feeds bytes in pieces of the given sizes and collects what is found; at the end the line falls silent. */
function decode(
  bytes: number[],
  pieces: number[] = [bytes.length],
  paramCount = -1,
  decoder = new PacketDecoder(),
): Packet[] {
  const found: Packet[] = [];
  const take = (): number => found.push(packetIn(decoder));
  let at = 0;
  for (let piece = 0; at < bytes.length; piece++) {
    const chunk = bytes.slice(at, at + Math.max(1, pieces[piece % pieces.length] ?? 1));
    decoder.bytes.set(chunk, decoder.end);
    decoder.received(chunk.length);
    at += chunk.length;
    while (decoder.next(paramCount)) take();
    expect(decoder.bytes.length - decoder.end).toBeGreaterThanOrEqual(MAX_PACKET_SIZE);
  }
  while (decoder.nextAfterSilence(paramCount)) take();
  expect(decoder.clear()).toBe(0);
  return found;
}

test("a request is encoded as the protocol manual shows it", () => {
  const out = new Uint8Array(16);
  const size = encodePacket(out, 1, Instruction.read, [0x38, 0x02]);
  expect([...out.subarray(0, size)]).toEqual([0xff, 0xff, 0x01, 0x04, 0x02, 0x38, 0x02, 0xbe]);
});

test("the instructions are the protocol's", () => {
  expect(Instruction).toEqual({ ping: 1, read: 2, write: 3, syncRead: 0x82, syncWrite: 0x83 });
});

test("the longest packet has as many parameters as its length byte can count, and is found", () => {
  const longest = { id: 1, code: Instruction.write, params: new Array<number>(253).fill(7) };
  const bytes = encode(longest);
  expect([bytes.length, MAX_PACKET_SIZE, bytes[3]]).toEqual([259, 259, 255]);
  expect(decode(bytes)).toEqual([longest]);
});

test("a packet to every servo is one; an id beyond that is none, whatever follows", () => {
  const toAll = { id: BROADCAST_ID, code: Instruction.ping, params: [] };
  expect(encode(toAll)).toEqual([0xff, 0xff, 0xfe, 0x02, 0x01, 0xfe]);
  expect(decode(encode(toAll))).toEqual([toAll]);
  expect(decode(encode({ ...toAll, id: 0xff }))).toEqual([]);
});

test("a length that leaves no room for code and checksum is no packet's, however right the sum", () => {
  expect(decode([0xff, 0xff, 0x01, 0x01, 0xfd])).toEqual([]);
  expect(decode([0xff, 0xff, 0x01, 0x00, 0xfe])).toEqual([]);
});

test("a packet with more parameters than its length byte can count is refused", () => {
  expect(() => encodePacket(new Uint8Array(300), 1, Instruction.write, new Uint8Array(254))).toThrow(
    RangeError,
  );
});

test("any packets, joined and cut anywhere, come out as they went in", () => {
  const pieces = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 12 }), pieces, (packets, sizes) => {
      expect(decode(packets.flatMap(encode), sizes)).toEqual(packets);
    }),
  );
});

test("packets pass through a buffer of only two of the longest, which always has room for another", () => {
  const long = fc.record({
    id: fc.constant(1),
    code: byte,
    params: fc.array(byte, { minLength: 60, maxLength: 253 }),
  });
  const pieces = fc.array(fc.integer({ min: 1, max: MAX_PACKET_SIZE }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.array(fc.oneof(long, packet), { maxLength: 12 }), pieces, (packets, sizes) => {
      const decoder = new PacketDecoder(new Uint8Array(2 * MAX_PACKET_SIZE));
      expect(decode(packets.flatMap(encode), sizes, -1, decoder)).toEqual(packets);
      expect(decoder.noiseBytes).toBe(0);
    }),
  );
});

test("a packet that comes byte by byte is found, whatever was in the buffer before", () => {
  for (const stale of [0xff, 0x00, 0x01]) {
    const sent = { id: 1, code: 0, params: [0x38, 0x02] };
    const decoder = new PacketDecoder(new Uint8Array(2 * MAX_PACKET_SIZE).fill(stale));
    expect(decode(encode(sent), [1], -1, decoder)).toEqual([sent]);
  }
});

test("a packet behind any noise is found once the line is silent", () => {
  fc.assert(
    fc.property(noise, packet, (garbage, sent) => {
      expect(decode([...garbage, ...encode(sent)])).toContainEqual(sent);
    }),
    { numRuns: 2000 },
  );
});

test("a packet of the expected length behind any noise is found without waiting for silence", () => {
  fc.assert(
    fc.property(noise, packet, (garbage, sent) => {
      const decoder = new PacketDecoder();
      const bytes = [...garbage, ...encode(sent)];
      decoder.bytes.set(bytes);
      decoder.received(bytes.length);
      let last: number[] | undefined;
      while (decoder.next(sent.params.length)) {
        last = [
          decoder.id,
          decoder.code,
          ...decoder.bytes.slice(decoder.params, decoder.params + decoder.paramCount),
        ];
      }
      expect(last).toEqual([sent.id, sent.code, ...sent.params]);
    }),
    { numRuns: 2000 },
  );
});

test("a packet with one damaged byte is never taken for a right one of its length", () => {
  fc.assert(
    fc.property(packet, fc.nat(), fc.integer({ min: 1, max: 255 }), (sent, where, flip) => {
      const bytes = encode(sent);
      bytes[where % bytes.length]! ^= flip;
      // Padding behind it, so that a damaged length does not just wait for more.
      expect(decode([...bytes, ...new Array(8).fill(0)], [3], sent.params.length)).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

test("a truncated packet neither decodes nor costs the next one", () => {
  fc.assert(
    fc.property(packet, packet, fc.nat(), (cut, whole, where) => {
      const bytes = encode(cut);
      const found = decode([...bytes.slice(0, where % bytes.length), ...encode(whole)]);
      expect(found).toContainEqual(whole);
    }),
  );
});

test("bytes of two packets, interleaved, decode as neither", () => {
  const first = encode({ id: 1, code: 0, params: [10, 20] });
  const second = encode({ id: 2, code: 0, params: [30, 40] });
  const mixed = first.flatMap((value, index) => [value, second[index]!]);
  expect(decode(mixed, [5], 2)).toEqual([]);
});

test("every byte that belongs to no packet is counted", () => {
  const decoder = new PacketDecoder();
  const bytes = [1, 2, 3, ...encode({ id: 1, code: 0, params: [] }), 0xff];
  decoder.bytes.set(bytes);
  decoder.received(bytes.length);
  expect(decoder.next()).toBe(true);
  expect(decoder.next()).toBe(false);
  decoder.clear();
  expect(decoder.noiseBytes).toBe(4);
});

test("a candidate with a wrong checksum is counted once, one that is none otherwise is not", () => {
  const decoder = new PacketDecoder();
  receive(decoder, 0xff, 0xff, 0x01, 0x02, 0x00, 0x00);
  expect(decoder.next()).toBe(false);
  expect(decoder.checksumErrors).toBe(1);
  receive(decoder, 0xff, 0xff, 0x01, 0x00, 0x00, 0x00);
  expect(decoder.next()).toBe(false);
  expect(decoder.checksumErrors).toBe(1);
});

test("without a length, packets of any length are found, at once and after silence", () => {
  const [first, second] = [
    { id: 1, code: 0, params: [1, 2] },
    { id: 2, code: 0, params: [3, 4, 5] },
  ];
  const decoder = new PacketDecoder();
  receive(decoder, ...encode(first), 0xff, 0xff, 0x05, 0x14, ...encode(second));
  expect(decoder.next()).toBe(true);
  expect(packetIn(decoder)).toEqual(first);
  expect(decoder.next()).toBe(false);
  expect(decoder.nextAfterSilence()).toBe(true);
  expect(packetIn(decoder)).toEqual(second);
  expect(decoder.noiseBytes).toBe(4);
});

test("a header of an impossible id, or of another length than the expected one, is noise at once", () => {
  const ofId = new PacketDecoder();
  receive(ofId, 0xff, 0xff, 0xff);
  expect([ofId.next(), ofId.noiseBytes]).toEqual([false, 1]);
  const ofLength = new PacketDecoder();
  receive(ofLength, 0xff, 0xff, 0x01, 0x05);
  expect([ofLength.next(2), ofLength.noiseBytes]).toEqual([false, 3]);
});

test("what is cleared is forgotten, counted as noise once, and what comes next is found", () => {
  const decoder = new PacketDecoder();
  const sent = { id: 1, code: 0, params: [9] };
  receive(decoder, ...encode(sent), 0xff, 0xff, 0x01);
  expect(decoder.next()).toBe(true);
  expect([decoder.clear(), decoder.clear()]).toEqual([3, 0]);
  expect([decoder.noiseBytes, decoder.end]).toEqual([3, 0]);
  receive(decoder, ...encode(sent));
  expect([decoder.next(), decoder.next()]).toEqual([true, false]);
  expect(packetIn(decoder)).toEqual(sent);
  expect(decoder.noiseBytes).toBe(3);
});

test("an endless stream of noise never outgrows the buffer", () => {
  const decoder = new PacketDecoder();
  for (let round = 0; round < 1000; round++) {
    decoder.bytes.fill(0xff, decoder.end, decoder.end + 100);
    decoder.received(100);
    while (decoder.next());
    expect(decoder.end).toBeLessThanOrEqual(decoder.bytes.length - 100);
  }
});
