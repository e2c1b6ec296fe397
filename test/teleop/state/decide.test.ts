import { describe, expect, test } from "bun:test";
import { steps } from "../../../src/feetech/units.ts";
import type { Problem } from "../../../src/teleop/reporting/problem.ts";
import type { ArmCondition, ArmFacts, Conditions } from "../../../src/teleop/state/conditions.ts";
import {
  decide,
  LOOK_AGAIN_MS,
  RECHECK_EEPROM_MS,
  RECHECK_FAULT_MS,
  stateOf,
  WATCH_LEADER_MS,
  type WaitReason,
} from "../../../src/teleop/state/decide.ts";
import { problemOf } from "../../../src/teleop/state/reasons.ts";

const facts: ArmFacts = {
  torque: "off",
  positions: [1000, 1500, 2000, 2500, 3000, 3500].map(steps),
  temperaturesC: [30, 31, 32, 33, 34, 35],
  isConfigured: true,
};
const reached = (of: Partial<ArmFacts> = {}): ArmCondition => ({ is: "reached", ...facts, ...of });
const gone = (torque: ArmFacts["torque"] = "unknown"): ArmCondition => ({
  is: "out of reach",
  problem: { code: "board.missing" } as Problem,
  torque,
});
const each = (value: number) => new Array<number>(6).fill(value);

/** Two arms that may be followed, but for what is given. */
const conditions = (of: Partial<Conditions> = {}): Conditions => ({
  mode: "running",
  isParkAsked: false,
  isLendAsked: false,
  isReleaseTried: false,
  leader: reached(),
  follower: reached(),
  isConnected: true,
  heatLimits: { releaseFromC: each(65), coolBelowC: each(55) },
  isCooling: false,
  gaveUp: false,
  retryInMs: 0,
  start: "at once",
  leaderWasMoved: false,
  heldForS: 0,
  holdForS: 600,
  ...of,
});
const next = (of: Partial<Conditions>) => decide(conditions(of)).next;
const wait = (reason: WaitReason, forMs = LOOK_AGAIN_MS) => ({ do: "wait", reason, forMs }) as const;

test("EEPROM that was written has 0.3 s to settle before what it holds counts", () => {
  expect(RECHECK_EEPROM_MS).toBe(300);
});

describe("what is done next", () => {
  test("what the main thread has not looked up yet is awaited, and a follower held meanwhile is released in its time", () => {
    const awaited = { is: "awaited", torque: "unknown" } as const;
    expect(next({ leader: awaited })).toEqual(wait({ is: "awaited" }, 0));
    expect(next({ follower: awaited, leader: gone() })).toEqual(wait({ is: "out of reach" }));
    expect(next({ isConnected: false, inspection: "awaited" })).toEqual(wait({ is: "awaited" }, 0));
    const held = { leader: awaited, follower: reached({ torque: "on" }), heldForS: 600 };
    expect(decide(conditions(held)).releaseFollower).toBe("arm.held-too-long");
    expect(decide(conditions({ ...held, heldForS: 5 })).releaseFollower).toBeUndefined();
    const { leader } = conditions();
    expect(decide(conditions({ ...held, leader, isConnected: false, inspection: "awaited" }))).toMatchObject({
      releaseFollower: "arm.held-too-long",
    });
  });

  test("what has failed again and again is left alone for its pause, looked at meanwhile, and then checked", () => {
    const isConnected = false;
    expect(next({ isConnected, retryInMs: 5000 })).toEqual(wait({ is: "pausing" }));
    expect(next({ isConnected, retryInMs: 30 })).toEqual(wait({ is: "pausing" }, 30));
    expect(next({ isConnected, retryInMs: 0 })).toEqual({ do: "inspect", afterMs: 0 });
    expect(next({ isConnected, retryInMs: 5000, leader: gone() })).toEqual(wait({ is: "out of reach" }));
    expect(next({ isConnected, retryInMs: 5000, mode: "released" })).toEqual(wait({ is: "released" }));
  });

  test("what was connected and has come and gone is neither followed nor parked before its pause is over", () => {
    expect(next({ retryInMs: 5000 })).toEqual(wait({ is: "pausing" }));
    expect(next({ retryInMs: 30, isParkAsked: true, mode: "paused" })).toEqual(wait({ is: "pausing" }, 30));
    expect(next({ retryInMs: 5000, mode: "paused" })).toEqual(wait({ is: "paused", torqueOff: true }));
  });

  test("two arms that are connected and well are followed, and nobody is released", () => {
    expect(decide(conditions())).toEqual({ releaseLeader: false, next: { do: "follow" } });
  });

  test.each([
    ["leader", { leader: gone() }],
    ["follower", { follower: gone() }],
    ["both", { leader: gone(), follower: gone() }],
  ])("what is out of reach is waited for, whatever else is wanted: %s", (_, of) => {
    for (const mode of ["running", "paused", "released"] as const) {
      expect(next({ ...of, mode })).toEqual(wait({ is: "out of reach" }));
    }
  });

  test.each([
    ["paused", { is: "paused", torqueOff: true }],
    ["released", { is: "released" }],
  ] as const)("a pair that is to be %s is not even checked", (mode, reason) => {
    expect(next({ mode, isConnected: false })).toEqual(wait(reason));
    expect(next({ mode })).toEqual(wait(reason));
  });

  test("arms that are to be lent are lent once no torque is seen, whatever else is wanted", () => {
    const lent = { isLendAsked: true } as const;
    for (const mode of ["running", "paused", "released"] as const) {
      expect(next({ ...lent, mode })).toEqual({ do: "lend", torque: "off" });
    }
    expect(next({ ...lent, isConnected: false })).toEqual({ do: "lend", torque: "off" });
    expect(next({ ...lent, leader: gone() })).toEqual({ do: "lend", torque: "off" });
    const on = { ...lent, isReleaseTried: true, follower: reached({ torque: "on" }) };
    expect(decide(conditions(on))).toEqual({
      ...{ releaseLeader: false, releaseFollower: "pair.released" },
      next: wait({ is: "lending" }),
    });
    expect(next({ ...lent, follower: gone("on"), isReleaseTried: true })).toEqual(wait({ is: "lending" }));
    expect(decide(conditions({ ...lent, leader: reached({ torque: "on" }) }))).toMatchObject({
      ...{ releaseLeader: true, next: wait({ is: "lending" }) },
    });
    expect(next({ ...lent, follower: { is: "awaited", torque: "unknown" } })).toEqual(
      wait({ is: "awaited" }, 0),
    );
  });

  test("a follower that does not answer is lent as such once its release was tried", () => {
    const silent = { isLendAsked: true, follower: gone("unknown") };
    expect(next(silent)).toEqual(wait({ is: "lending" }, 0));
    expect(next({ ...silent, isReleaseTried: true })).toEqual({ do: "lend", torque: "unknown" });
  });

  test("arms that are not connected are checked, then configured, and then followed", () => {
    const found = { isConnected: false, leader: reached({ isConfigured: false }) };
    expect(next(found)).toEqual({ do: "inspect", afterMs: 0 });
    expect(next({ ...found, inspection: { faults: [], mayPass: false } })).toEqual({ do: "configure" });
    expect(next({ ...found, leader: reached(), isConnected: true })).toEqual({ do: "follow" });
  });

  test("what the checks find keeps arms from being configured", () => {
    const faults = [{ code: "calibration.missing" } as Problem];
    expect(next({ isConnected: false, inspection: { faults, mayPass: false } })).toEqual(
      wait({ is: "faulted" }, RECHECK_FAULT_MS),
    );
  });

  test("what may come of EEPROM that was written just now is checked again, whether or not it is a fault", () => {
    for (const faults of [[], [{ code: "calibration.mismatch" } as Problem]]) {
      expect(next({ isConnected: false, inspection: { faults, mayPass: true } })).toEqual({
        do: "inspect",
        afterMs: RECHECK_EEPROM_MS,
      });
    }
  });

  test("arms whose EEPROM does not keep a value are not checked again by itself", () => {
    expect(next({ isConnected: false, gaveUp: true })).toEqual(wait({ is: "faulted" }, RECHECK_FAULT_MS));
    const inspection = { faults: [], mayPass: false };
    expect(next({ isConnected: false, gaveUp: true, inspection })).toEqual(
      wait({ is: "faulted" }, RECHECK_FAULT_MS),
    );
  });

  test.each(["leader", "follower"] as const)("a %s that was reset is checked again", (role) => {
    expect(next({ [role]: reached({ isConfigured: false }) })).toEqual({ do: "inspect", afterMs: 0 });
  });
});

describe("heat", () => {
  const at = (...temperaturesC: number[]) => reached({ temperaturesC });

  test("from the limit on the follower is not followed, and the hottest joint is named", () => {
    expect(next({ follower: at(30, 64, 30, 30, 30, 30) })).toEqual({ do: "follow" });
    expect(next({ follower: at(30, 65, 30, 30, 30, 30) })).toEqual(
      wait({ is: "cooling", joint: 1, celsius: 65, coolBelowC: 55 }),
    );
    expect(next({ follower: at(66, 65, 30, 70, 69, 30) })).toMatchObject({
      reason: { joint: 3, celsius: 70 },
    });
  });

  test("after a release the follower is not followed before it is cool", () => {
    const isCooling = true;
    expect(next({ isCooling, follower: at(55, 30, 30, 30, 30, 30) })).toEqual(
      wait({ is: "cooling", joint: 0, celsius: 55, coolBelowC: 55 }),
    );
    expect(next({ isCooling, follower: at(54, 30, 30, 30, 30, 30) })).toEqual({ do: "follow" });
  });

  test("of a joint counts by its own limit", () => {
    const heatLimits = { releaseFromC: [65, 47, 65, 65, 65, 65], coolBelowC: each(40) };
    expect(next({ heatLimits, follower: at(48, 46, 30, 30, 30, 30) })).toEqual({ do: "follow" });
    expect(next({ heatLimits, follower: at(30, 47, 30, 30, 30, 30) })).toMatchObject({
      reason: { is: "cooling", joint: 1, coolBelowC: 40 },
    });
  });

  test("of the leader, which has no torque, is no reason to wait", () => {
    expect(next({ leader: at(80, 80, 80, 80, 80, 80) })).toEqual({ do: "follow" });
  });

  test("is not judged while nobody knows the servos' limits", () => {
    const { heatLimits: _, ...unknown } = conditions({ follower: at(90, 90, 90, 90, 90, 90) });
    expect(decide(unknown).next).toEqual({ do: "follow" });
  });
});

describe("the leader", () => {
  test.each([-1, 4096, 32_767])(
    "whose servo reports %i, which is no position, is not followed",
    (position) => {
      const positions = facts.positions.with(2, steps(position));
      expect(next({ leader: reached({ positions }) })).toEqual(
        wait({ is: "no position", joint: 2, position }),
      );
    },
  );

  test.each([0, 4095])("whose servo reports %i is followed", (position) => {
    expect(next({ leader: reached({ positions: facts.positions.with(2, steps(position)) }) })).toEqual({
      do: "follow",
    });
  });

  test("must be moved first where that is configured, unless the follower has its torque", () => {
    const start = "on leader motion";
    expect(next({ start })).toEqual(wait({ is: "leader awaited" }, WATCH_LEADER_MS));
    expect(next({ start, leaderWasMoved: true })).toEqual({ do: "follow" });
    expect(next({ start, follower: reached({ torque: "on" }) })).toEqual({ do: "follow" });
    expect(next({ start, follower: reached({ torque: "unknown" }) })).toEqual({ do: "follow" });
  });
});

describe("who is released", () => {
  const released = (of: Partial<Conditions>) => decide(conditions(of)).releaseFollower;

  test("a leader whose torque is on, wherever the pair waits", () => {
    const releasesLeader = (of: Partial<Conditions>) => decide(conditions(of)).releaseLeader;
    expect(releasesLeader({ leader: reached({ torque: "on" }), mode: "paused" })).toBe(true);
    expect(releasesLeader({ leader: gone("on") })).toBe(true);
    expect(releasesLeader({ leader: gone("unknown") })).toBe(false);
    expect(releasesLeader({ leader: gone("off") })).toBe(false);
    expect(releasesLeader({ leader: reached({ torque: "off" }), mode: "paused" })).toBe(false);
  });

  test("not a leader that is configured or followed next: it loses its torque with that", () => {
    const leader = reached({ torque: "on" });
    expect(decide(conditions({ leader })).releaseLeader).toBe(false);
    const inspection = { faults: [], mayPass: false };
    expect(decide(conditions({ leader, isConnected: false, inspection })).releaseLeader).toBe(false);
  });

  test("a follower that somebody wants released, unless its torque is surely off", () => {
    const mode = "released";
    expect(released({ mode, follower: reached({ torque: "on" }) })).toBe("pair.released");
    expect(released({ mode, follower: gone("unknown") })).toBe("pair.released");
    expect(released({ mode, follower: gone("on"), heldForS: 700 })).toBe("pair.released");
    expect(released({ mode, follower: reached({ torque: "off" }) })).toBeUndefined();
  });

  test("a follower that is too hot, and has its torque", () => {
    const hot = (torque: ArmFacts["torque"]) => reached({ torque, temperaturesC: each(66) });
    expect(released({ follower: hot("on") })).toBe("servo.cooling");
    expect(released({ follower: hot("on"), heldForS: 600 })).toBe("servo.cooling");
    expect(released({ follower: hot("off") })).toBeUndefined();
  });

  test("a follower that was held for so long as it may be", () => {
    const held = (heldForS: number, of: Partial<Conditions> = {}) =>
      released({ mode: "paused", follower: reached({ torque: "on" }), heldForS, ...of });
    expect(held(599.9)).toBeUndefined();
    expect(held(600)).toBe("arm.held-too-long");
    expect(held(5, { holdForS: 5 })).toBe("arm.held-too-long");
    expect(held(600, { follower: reached({ torque: "off" }) })).toBeUndefined();
    expect(held(600, { follower: gone("unknown") })).toBeUndefined();
    expect(held(600, { mode: "running", leader: gone() })).toBe("arm.held-too-long");
  });

  test("nobody who is followed, however long", () => {
    expect(released({ follower: reached({ torque: "on" }), heldForS: 1e6 })).toBeUndefined();
  });
});

describe("a pair whose follower is to be parked", () => {
  const asked = { isParkAsked: true };

  test.each(["running", "paused", "released"] as const)("parks, whatever else is wanted: %s", (mode) => {
    expect(next({ ...asked, mode })).toEqual({ do: "park" });
  });

  test("is checked and configured first, and needs no pose of the leader", () => {
    expect(next({ ...asked, mode: "released", isConnected: false })).toMatchObject({ do: "inspect" });
    const inspection = { faults: [], mayPass: false };
    expect(next({ ...asked, isConnected: false, inspection })).toEqual({ do: "configure" });
    const leader = reached({ positions: each(-1).map(steps) });
    expect(next({ ...asked, leader, start: "on leader motion" })).toEqual({ do: "park" });
  });

  test("waits for an arm that is missing, for a fault, and for a servo that must cool", () => {
    expect(next({ ...asked, leader: gone() })).toMatchObject({ reason: { is: "out of reach" } });
    expect(next({ ...asked, isConnected: false, gaveUp: true })).toMatchObject({ reason: { is: "faulted" } });
    const follower = reached({ temperaturesC: each(66) });
    expect(next({ ...asked, follower })).toMatchObject({ reason: { is: "cooling" } });
  });
});

describe("the state in which a pair waits", () => {
  test("is told by the reason", () => {
    expect(stateOf({ is: "paused", torqueOff: false })).toBe("holding");
    expect(stateOf({ is: "paused", torqueOff: true })).toBe("waiting");
    expect(stateOf({ is: "faulted" })).toBe("faulted");
    for (const is of ["out of reach", "released", "leader awaited"] as const) {
      expect(stateOf({ is })).toBe("waiting");
    }
    expect(stateOf({ is: "cooling", joint: 0, celsius: 66, coolBelowC: 55 })).toBe("waiting");
    expect(stateOf({ is: "no position", joint: 0, position: -1 })).toBe("waiting");
  });

  const arms = { leader: { role: "leader", id: "blue" }, follower: { role: "follower", id: "red" } } as const;

  test("is told with the arm and the joint that it is about", () => {
    expect(problemOf({ is: "cooling", joint: 3, celsius: 66, coolBelowC: 55 }, arms)).toEqual({
      code: "servo.cooling",
      arm: arms.follower,
      joint: "wrist_flex",
      celsius: 66,
      coolBelowC: 55,
    });
    expect(problemOf({ is: "no position", joint: 5, position: -1 }, arms)).toMatchObject({
      code: "servo.no-position",
      arm: arms.leader,
      joint: "gripper",
    });
    expect(problemOf({ is: "leader awaited" }, arms)).toEqual({ code: "leader.awaited", arm: arms.leader });
  });

  test("is told elsewhere where what is missing, or wrong, was found", () => {
    expect(problemOf({ is: "out of reach" }, arms)).toBeUndefined();
    expect(problemOf({ is: "faulted" }, arms)).toBeUndefined();
  });
});
