/** Who drives, decided step by step. */
import { beforeEach, expect, test } from "bun:test";
import { Driver, type DriverSight } from "../../../src/teleop/driving/driver.ts";
import type { DriveChange } from "../../../src/teleop/reporting/events.ts";

let told: string[];
let driver: Driver;
let sight: DriverSight;

beforeEach(() => {
  told = [];
  driver = new Driver((session, change: DriveChange) =>
    told.push(`${session} ${change.is}${change.is === "over" ? `: ${change.why}` : ""}`),
  );
  sight = {
    ...{ nowUs: 0, session: 0, targetUs: Number.NEGATIVE_INFINITY, mayDrive: true },
    ...{ resumes: 0, motion: "still", wasMoved: false },
  };
});

/** At a time, s, it is seen so; what was not named is as before. A target that is "now" has just come. */
function see(
  atS: number,
  { target, ...what }: Partial<DriverSight> & { readonly target?: "now" } = {},
): void {
  Object.assign(sight, what, { nowUs: atS * 1e6 });
  if (target === "now") sight.targetUs = atS * 1e6;
  driver.take(sight);
}

test("a session without a target changes nothing, however long it is there", () => {
  see(0, { session: 1 });
  see(100);
  expect(driver.who).toBe("leader");
  expect(told).toEqual([]);
});

test("a target counts only while the pair is to run", () => {
  see(1, { session: 1, target: "now", mayDrive: false });
  expect(driver.who).toBe("leader");
  see(1.1, { mayDrive: true });
  expect(driver.who).toBe("client");
});

test("a client is held after 0.5 s, and kept for 10 s from then", () => {
  see(1, { session: 1, target: "now" });
  see(1.5);
  expect(driver.held).toBeUndefined();
  see(1.51);
  expect(driver.held).toBe("silent");
  see(11.5);
  expect(driver.who).toBe("client");
  see(11.6);
  expect(driver.who).toBe("nobody");
  expect(told).toEqual(["1 driving", "1 holding", "1 over: silent"]);
});

test("a leader that is bumped meanwhile keeps no place for a client that is silent", () => {
  see(1, { session: 1, target: "now" });
  see(1.51);
  see(9, { motion: "moving" });
  see(9.5, { motion: "still" });
  see(11.5);
  expect(driver.who).toBe("client");
  see(11.6);
  expect(driver.who).toBe("nobody");
  expect(told).toEqual(["1 driving", "1 holding", "1 over: silent"]);
});

test("one that is over does not drive again by a target, another session does", () => {
  see(1, { session: 1, target: "now" });
  see(2, { mayDrive: false });
  see(3, { mayDrive: true, target: "now" });
  expect(driver.who).toBe("nobody");
  see(4, { session: 2, target: "now" });
  expect(driver.who).toBe("client");
});

test("who asks to go on takes the follower from a client that is held, and not from one that drives", () => {
  see(1, { session: 1, target: "now" });
  see(1.1, { resumes: 1 });
  expect(driver.who).toBe("client");
  see(2);
  see(2.1, { resumes: 2 });
  expect(driver.who).toBe("leader");
  expect(told.at(-1)).toBe("1 over: asked");
});

test("a pause and a wish to go on that are seen together are both heeded", () => {
  see(1, { session: 1, target: "now" });
  see(1.1, { session: 0, resumes: 1 });
  expect(told.at(-1)).toBe("1 over: ended");
  expect(driver.who).toBe("leader");
});

test("the leader is held for before it takes over, also where its motion has lasted when it is seen", () => {
  see(1, { session: 1, target: "now" });
  see(1.1, { motion: "lasting" });
  expect(driver.held).toBe("leader moves");
  see(1.2);
  expect(driver.who).toBe("leader");
});

test("a client that has fallen silent while the leader was bumped is held on, for 10 s from then", () => {
  see(1, { session: 1, target: "now" });
  see(1.1, { motion: "moving" });
  see(3, { motion: "still" });
  expect(driver.held).toBe("silent");
  see(12.9);
  expect(driver.who).toBe("client");
  see(13.1);
  expect(driver.who).toBe("nobody");
});

test("after it nobody drives until the leader is moved", () => {
  see(1, { session: 1, target: "now" });
  see(1.1, { session: 0 });
  see(100);
  expect(driver.who).toBe("nobody");
  see(101, { wasMoved: true });
  expect(driver.who).toBe("leader");
});
