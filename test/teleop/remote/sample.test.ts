import { expect, test } from "bun:test";
import { epochHalves, isNewer, SAMPLE_BYTES, SampleView } from "../../../src/teleop/remote/sample.ts";

const positions = [0, 1, 2047, 2048, 4094, 4095];

function written(): Uint8Array {
  const bytes = new Uint8Array(SAMPLE_BYTES);
  const { low, high } = epochHalves("0123456789abcdef");
  new SampleView(bytes).write(4_000_000_000, low, high, 1_234_567.5, positions);
  return bytes;
}

test("a sample has at most 50 bytes, where the table says", () => {
  const bytes = written();
  expect(bytes.length).toBeLessThanOrEqual(50);
  expect(Buffer.from(bytes).toString("hex")).toBe(
    ["01010000", "00286bee", "efcdab8967452301", "0000008087d63241", "00000100ff070008fe0fff0f"].join(""),
  );
});

test("what was written is read", () => {
  const view = new SampleView(written());
  expect(view.kindOf(SAMPLE_BYTES)).toBe("sample");
  expect(view.sequence).toBe(4_000_000_000);
  expect(view.epoch).toBe("0123456789abcdef");
  expect(view.isOfEpoch(0x89abcdef, 0x01234567)).toBe(true);
  expect(view.isOfEpoch(0x89abcdee, 0x01234567)).toBe(false);
  expect(view.sentUs).toBe(1_234_567.5);
  expect(positions.map((_, joint) => view.position(joint))).toEqual(positions);
});

test("wrong sizes, kinds, versions, times and positions are no sample", () => {
  const kindOf = (change: (data: DataView) => void, length = SAMPLE_BYTES) => {
    const bytes = written();
    change(new DataView(bytes.buffer));
    return new SampleView(bytes).kindOf(length);
  };
  for (const length of [0, 1, 35, 37, 10_000]) expect(kindOf(() => {}, length)).toBe("rubbish");
  expect(kindOf((data) => data.setUint8(0, 2))).toBe("other version");
  expect(kindOf((data) => data.setUint8(1, 2))).toBe("rubbish");
  for (const time of [Number.NaN, -1, Number.POSITIVE_INFINITY, 1e300]) {
    expect(kindOf((data) => data.setFloat64(16, time, true))).toBe("rubbish");
  }
  for (const position of [-1, 4096, 32_767, -32_768]) {
    expect(kindOf((data) => data.setInt16(24 + 2 * 5, position, true))).toBe("rubbish");
  }
});

test("sequence numbers begin at 0 again", () => {
  expect(isNewer(1, 0)).toBe(true);
  expect(isNewer(0, 0)).toBe(false);
  expect(isNewer(0, 1)).toBe(false);
  expect(isNewer(0, 0xffff_ffff)).toBe(true);
  expect(isNewer(0xffff_ffff, 0)).toBe(false);
});
