import { expect, test } from "bun:test";
import fc from "fast-check";
import { encodePacket, Instruction, PacketDecoder } from "../../src/feetech/packet.ts";

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

/** Feeds bytes in pieces of the given sizes and collects what is found; at the end the line falls silent. */
function decode(bytes: number[], pieces: number[] = [bytes.length], paramCount = -1): Packet[] {
  const decoder = new PacketDecoder();
  const found: Packet[] = [];
  const take = (): void => {
    const { id, code, params, paramCount: count } = decoder;
    found.push({ id, code, params: [...decoder.bytes.subarray(params, params + count)] });
  };
  let at = 0;
  for (let piece = 0; at < bytes.length; piece++) {
    const chunk = bytes.slice(at, at + Math.max(1, pieces[piece % pieces.length] ?? 1));
    decoder.bytes.set(chunk, decoder.end);
    decoder.received(chunk.length);
    at += chunk.length;
    while (decoder.next(paramCount)) take();
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

test("an endless stream of noise never outgrows the buffer", () => {
  const decoder = new PacketDecoder();
  for (let round = 0; round < 1000; round++) {
    decoder.bytes.fill(0xff, decoder.end, decoder.end + 100);
    decoder.received(100);
    while (decoder.next());
    expect(decoder.end).toBeLessThanOrEqual(decoder.bytes.length - 100);
  }
});
