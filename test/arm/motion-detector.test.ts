import { expect, test } from "bun:test";
import { MotionDetector } from "../../src/arm/motion-detector.ts";
import { steps } from "../../src/feetech/units.ts";

const still = [2000, 2000, 2000, 2000, 2000, 2000].map(steps);

/** Shows the detector an arm whose elbow is moved by so many steps. */
function move(detector: MotionDetector<string>, arm: string, by: number, from = 2000): void {
  for (let at = 0; at <= Math.abs(by); at += 10) {
    detector.see(arm, still.with(2, steps((((from + Math.sign(by) * at) % 4096) + 4096) % 4096)));
  }
}

test("the arm that is moved is named, with its joint", () => {
  const detector = new MotionDetector<string>();
  detector.see("left", still);
  move(detector, "right", 300);
  expect(detector.moved).toEqual({ arm: "right", joint: "elbow_flex" });
});

test("a joint that passes the seam of its encoder has moved by the way that it went", () => {
  const detector = new MotionDetector<string>();
  move(detector, "right", 100, 4050);
  expect(detector.moved).toBeUndefined();
  move(detector, "right", 300, 4050);
  expect(detector.moved?.arm).toBe("right");
});

test("a push against the table, which both arms feel, names neither; the one that goes on moving is named", () => {
  const detector = new MotionDetector<string>();
  move(detector, "left", 200);
  move(detector, "right", 200);
  expect(detector.moved).toBeUndefined();
  move(detector, "right", 500);
  expect(detector.moved?.arm).toBe("right");
});

test("lost replies, garbage and a glitch are no motion", () => {
  const detector = new MotionDetector<string>();
  detector.see("left", still);
  detector.see("left", [undefined, steps(5000), steps(-3), steps(3900), undefined, steps(2000)]);
  detector.see("left", still);
  expect(detector.moved).toBeUndefined();
});

test("an arm that went away and came back elsewhere was not moved", () => {
  const detector = new MotionDetector<string>();
  detector.see("left", still);
  detector.forget("left");
  detector.see("left", still.with(1, steps(2900)));
  expect(detector.moved).toBeUndefined();
});
