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
import { steps } from "../../../src/feetech/units.ts";

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

const encoders = fc.integer({ min: 0, max: 4095 }).map(steps);
const offsets = fc.integer({ min: -2047, max: 2047 }).map(steps);

describe("homing as LeRobot does it", () => {
  test.each(LEROBOT_HOMING)("an encoder at %i gets the offset %i", (encoder, offset) => {
    expect(homingOffsetAt(steps(encoder))).toBe(steps(offset));
  });

  test("wherever a joint stands, with its new offset it reads 2047 there", () => {
    fc.assert(
      fc.property(encoders, (encoder) => {
        const offset = homingOffsetAt(encoder);
        if (encoder === 4095) expect(offset).toBeUndefined();
        else expect(positionAt(encoder, offset!)).toBe(MIDDLE);
      }),
    );
  });

  test("the encoder is found whatever offset the servo has had", () => {
    fc.assert(
      fc.property(encoders, offsets, (encoder, offset) => {
        expect(encoderAt(positionAt(encoder, offset), offset)).toBe(encoder);
      }),
    );
  });
});

describe("whether a joint is at rest", () => {
  test("the trembling of a hand is rest, across the seam too", () => {
    expect(isAtRest([2000, 2005, 1998].map(steps))).toBe(true);
    expect(isAtRest([4094, 1, 4090].map(steps))).toBe(true);
  });

  test("a slow move is not", () => {
    expect(isAtRest([2000, 2006, 2013].map(steps))).toBe(false);
    expect(isAtRest([4090, 4095, 8].map(steps))).toBe(false);
  });
});

test("the shortest way from one reading to another passes the seam where that is nearer", () => {
  expect(shortestWay(steps(4090), steps(5))).toBe(steps(11));
  expect(shortestWay(steps(5), steps(4090))).toBe(steps(-11));
  expect(shortestWay(steps(1000), steps(3000))).toBe(steps(2000));
});
