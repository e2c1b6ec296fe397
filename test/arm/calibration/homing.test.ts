import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  encoderAt,
  homingOffsetAt,
  isAtRest,
  MIDDLE,
  positionAt,
  shortestWay,
} from "../../../src/arm/calibration/homing.ts";

/** What LeRobot's homing does: offset = position − 2047, of the position that is read with offset 0. */
const LEROBOT_HOMING: readonly (readonly [encoder: number, offset: number])[] = [
  [0, -2047],
  [574, -1473],
  [2046, -1],
  [2047, 0],
  [2048, 1],
  [3155, 1108],
  [4094, 2047],
];

const steps = fc.integer({ min: 0, max: 4095 });
const offsets = fc.integer({ min: -2047, max: 2047 });

describe("homing as LeRobot does it", () => {
  test.each(LEROBOT_HOMING)("an encoder at %i gets the offset %i", (encoder, offset) => {
    expect(homingOffsetAt(encoder)).toBe(offset);
  });

  test("wherever a joint stands, with its new offset it reads 2047 there", () => {
    fc.assert(
      fc.property(steps, (encoder) => {
        const offset = homingOffsetAt(encoder);
        if (encoder === 4095) expect(offset).toBeUndefined();
        else expect(positionAt(encoder, offset!)).toBe(MIDDLE);
      }),
    );
  });

  test("the encoder is found whatever offset the servo has had", () => {
    fc.assert(
      fc.property(steps, offsets, (encoder, offset) => {
        expect(encoderAt(positionAt(encoder, offset), offset)).toBe(encoder);
      }),
    );
  });
});

describe("whether a joint is at rest", () => {
  test("the trembling of a hand is rest, across the seam too", () => {
    expect(isAtRest([2000, 2005, 1998])).toBe(true);
    expect(isAtRest([4094, 1, 4090])).toBe(true);
  });

  test("a slow move is not", () => {
    expect(isAtRest([2000, 2006, 2013])).toBe(false);
    expect(isAtRest([4090, 4095, 8])).toBe(false);
  });
});

test("the shortest way from one reading to another passes the seam where that is nearer", () => {
  expect(shortestWay(4090, 5)).toBe(11);
  expect(shortestWay(5, 4090)).toBe(-11);
  expect(shortestWay(1000, 3000)).toBe(2000);
});
