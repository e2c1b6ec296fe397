import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Freshness } from "../../../src/teleop/remote/freshness.ts";

describe("how late a sample is", () => {
  test("is by how much its delay is beyond the least, whatever the other clock says", () => {
    for (const otherUs of [0, 5e12, -5e12]) {
      const it = new Freshness();
      const lateUs = (nowUs: number, delayUs: number) => it.beyondLeastUs(nowUs, nowUs - delayUs + otherUs);
      expect(lateUs(1_000_000, 3_000)).toBe(0);
      expect(lateUs(1_005_000, 5_000)).toBe(2_000);
      expect(lateUs(1_010_000, 2_000)).toBe(0);
      expect(lateUs(1_015_000, 160_000)).toBe(158_000);
    }
  });

  test("the least is forgotten after 10 s: a machine that was suspended, or a way that is longer now", () => {
    const it = new Freshness();
    it.beyondLeastUs(1_000_000, 1_000_000);
    const lateAt = (s: number) => it.beyondLeastUs(s * 1e6, s * 1e6 - 200_000);
    expect(lateAt(2)).toBe(200_000);
    expect(lateAt(10)).toBe(200_000);
    expect(lateAt(12)).toBe(0);
  });

  test("and at once when another leader is followed", () => {
    const it = new Freshness();
    it.beyondLeastUs(1_000_000, 1_000_000);
    it.forget();
    expect(it.beyondLeastUs(1_100_000, 500_000)).toBe(0);
  });

  test("is never less than 0, and never more than beyond the least of the last 10 s", () => {
    const samples = fc.array(fc.record({ afterUs: fc.integer({ min: 0, max: 3e6 }), delayUs: fc.integer() }));
    fc.assert(
      fc.property(samples, (all) => {
        const it = new Freshness();
        const seen: { atUs: number; delayUs: number }[] = [];
        let nowUs = 1e9;
        for (const { afterUs, delayUs } of all) {
          nowUs += afterUs;
          seen.push({ atUs: nowUs, delayUs });
          const lateUs = it.beyondLeastUs(nowUs, nowUs - delayUs);
          const least = (withinUs: number) =>
            Math.min(...seen.filter(({ atUs }) => nowUs - atUs <= withinUs).map((one) => one.delayUs));
          // The least is kept by the second: that of 9 s at least, and of no more than 10.
          expect(lateUs).toBeGreaterThanOrEqual(delayUs - least(9e6));
          expect(lateUs).toBeLessThanOrEqual(delayUs - least(10e6));
        }
      }),
    );
  });
});
