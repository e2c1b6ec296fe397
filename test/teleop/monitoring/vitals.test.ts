import { describe, expect, test } from "bun:test";
import { sayProblem } from "../../../src/messages/problems.ts";
import { sayEnd } from "../../../src/messages/teleop.ts";
import { Heat, Vitals } from "../../../src/teleop/monitoring/vitals.ts";
import { toldAlarms } from "../../support/told.ts";

const limits = {
  warnTemperatureC: 55,
  slowTemperatureC: 60,
  releaseTemperatureC: 65,
  voltageSagPercent: 15,
};

function vitals(role: "leader" | "follower" = "follower", ownLimitC = 70) {
  const { alarms, told, loud } = toldAlarms();
  const arm = { role, id: "red" };
  return { vitals: new Vitals(arm, limits, new Array(6).fill(ownLimitC), alarms), told, loud };
}

const NORMAL_V = 50;

describe("warmth", () => {
  test("counts when a second reading confirms it, and the hottest joint with it", () => {
    const { vitals: watch } = vitals();
    watch.take(3, 200, NORMAL_V);
    expect(watch.heat).toBe(Heat.normal);
    watch.take(3, 30, NORMAL_V);
    watch.take(3, 61, NORMAL_V);
    expect(watch.heat).toBe(Heat.normal);
    watch.take(3, 61, NORMAL_V);
    expect([watch.heat, watch.hottest]).toEqual([Heat.slow, 3]);
  });

  test("is told with the joint, the figure and what to do, once for each limit", () => {
    const { vitals: watch, loud } = vitals();
    for (const celsius of [56, 56, 57, 56, 61, 61, 62]) watch.take(0, celsius, NORMAL_V);
    expect(loud().map(({ problem }) => [problem.code, sayProblem(problem, {}).replace(/ —.*/, "")])).toEqual([
      ["servo.hot", 'follower "red": shoulder_pan (id 1) is at 56 °C'],
      [
        "servo.too-hot",
        'follower "red": shoulder_pan (id 1) is at 61 °C: the follower moves slowly until it is cooler, and is released at 65 °C',
      ],
    ]);
  });

  test("is over when it is some degrees below the limit, and that is told", () => {
    const { vitals: watch, loud } = vitals();
    for (const celsius of [56, 56, 54, 53, 52]) watch.take(5, celsius, NORMAL_V);
    expect(watch.heat).toBe(Heat.warm);
    watch.take(5, 51, NORMAL_V);
    expect(watch.heat).toBe(Heat.normal);
    expect(loud().at(-1)!.change).toBe("cleared");
    expect(sayEnd(loud().at(-1)!.problem)).toBe('follower "red": gripper (id 6) is at 51 °C again');
  });

  test("of a servo that switches itself off earlier is met earlier", () => {
    const { vitals: watch } = vitals("follower", 50);
    expect(watch.releaseFromC(0)).toBe(47);
    for (const celsius of [47, 47]) watch.take(0, celsius, NORMAL_V);
    expect(watch.heat).toBe(Heat.release);
  });

  test("after a rest is what it is then", () => {
    const { vitals: watch } = vitals();
    for (const celsius of [66, 66]) watch.take(2, celsius, NORMAL_V);
    expect([watch.heat, watch.coolBelowC(2)]).toEqual([Heat.release, 55]);
    watch.settle([30, 30, 54, 30, 30, 30]);
    expect(watch.heat).toBe(Heat.normal);
  });

  test("of a leader, which is limp, is only told", () => {
    const { vitals: watch, loud } = vitals("leader");
    for (const celsius of [66, 66]) watch.take(1, celsius, NORMAL_V);
    expect(loud().map(({ problem }) => [problem.code, problem.arm?.role])).toEqual([["servo.hot", "leader"]]);
  });
});

describe("voltage", () => {
  test("that falls by more than is allowed is told once, and once when every servo has it back", () => {
    const { vitals: watch, loud } = vitals();
    for (let joint = 0; joint < 6; joint++) watch.take(joint, 30, NORMAL_V);
    for (let round = 0; round < 5; round++) watch.take(4, 30, 42);
    expect(loud().map(({ problem }) => problem.code)).toEqual(["supply.sags"]);
    for (let joint = 0; joint < 5; joint++) watch.take(joint, 30, NORMAL_V);
    expect(loud().length).toBe(1);
    watch.take(5, 30, NORMAL_V);
    expect(loud().at(-1)!.change).toBe("cleared");
    expect(sayEnd(loud().at(-1)!.problem)).toBe('follower "red": its servos get 5.0 V again');
  });

  test("read low a single time is no sag", () => {
    const { vitals: watch, told } = vitals();
    for (let round = 0; round < 20; round++) watch.take(0, 30, round % 2 === 0 ? NORMAL_V : 30);
    expect(told).toEqual([]);
  });

  test("of another supply is usual after a while", () => {
    const { vitals: watch, told } = vitals();
    for (let round = 0; round < 100; round++) watch.take(0, 30, 120);
    for (let round = 0; round < 20_000; round++) watch.take(round % 6, 30, 74);
    expect(told.map(({ change }) => change)).toEqual(["raised", "cleared"]);
  });
});
