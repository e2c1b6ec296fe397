import { expect, test } from "bun:test";
import {
  type Agreement,
  type ArmsInPose,
  comparisonOf,
  jointsNotTurned,
} from "../../../src/arm/calibration/comparison.ts";
import type { NormalisationMode } from "../../../src/arm/calibration/normalisation.ts";
import { JOINTS, type JointName, type Role } from "../../../src/arm/joints.ts";
import { steps } from "../../../src/feetech/units.ts";
import { calibrations } from "../arms.ts";

/** Where both arms stand at a share of each joint's range, the follower's elsewhere by so many degrees. */
function poseAt(
  share: number,
  follower: { readonly [joint in JointName]?: (share: number) => number } = {},
  of = calibrations,
): ArmsInPose {
  const at = (role: Role) =>
    JOINTS.map((joint) => {
      const { range_min: min, range_max: max } = of[role][joint];
      const own = role === "follower" ? follower[joint]?.(share) : undefined;
      return steps(Math.round(min + (own ?? share) * (max - min)));
    });
  return { leader: at("leader"), follower: at("follower") };
}

const byShares = (joint: JointName, deg: number) => {
  const { range_min: min, range_max: max } = calibrations.follower[joint];
  return (share: number) => share + (deg * 4096) / 360 / (max - min);
};

const agreements = (poses: [ArmsInPose, ArmsInPose], of = calibrations, mode: NormalisationMode = "range") =>
  Object.fromEntries(comparisonOf(poses, of, mode).map(({ joint, agreement }) => [joint, agreement]));

const all = (agreement: Agreement) => Object.fromEntries(JOINTS.map((joint) => [joint, agreement]));

test("arms in the same two poses agree in every joint", () => {
  const compared = comparisonOf([poseAt(0.3), poseAt(0.6)], calibrations, "range");
  for (const { agreement, apart } of compared) {
    expect(agreement).toBe("agrees");
    for (const angle of apart) expect(Math.abs(angle)).toBeLessThan(0.2);
  }
});

test("17° in both poses are an offset, 4.9° nothing that a hand could tell", () => {
  const off = { elbow_flex: byShares("elbow_flex", 17), shoulder_pan: byShares("shoulder_pan", -4.9) };
  expect(agreements([poseAt(0.3, off), poseAt(0.6, off)])).toEqual({
    ...all("agrees"),
    elbow_flex: "offset",
  });
});

test("a joint that turns the other way is inverted, wherever the two poses are", () => {
  const inverted = { gripper: (share: number) => 1 - share, wrist_flex: (share: number) => 1.1 - share };
  for (const [one, other] of [
    [0.3, 0.6],
    [0.7, 0.2],
    [0.5, 0.8],
  ] as const) {
    expect(agreements([poseAt(one, inverted), poseAt(other, inverted)])).toEqual({
      ...all("agrees"),
      gripper: "inverted",
      wrist_flex: "inverted",
    });
  }
});

test("in one pose alone an inverted joint looks like an offset, and in the middle like none", () => {
  const inverted = { gripper: (share: number) => 1 - share };
  expect(agreements([poseAt(0.3, inverted), poseAt(0.3, inverted)]).gripper).toBe("not turned");
  expect(agreements([poseAt(0.5, inverted), poseAt(0.5, inverted)]).gripper).toBe("not turned");
});

test("a joint that turns by another angle is scaled, and the arm with the smaller range is named", () => {
  const narrow = { ...calibrations.leader.elbow_flex, range_max: steps(2400) };
  const of = { ...calibrations, leader: { ...calibrations.leader, elbow_flex: narrow } };
  const poses: [ArmsInPose, ArmsInPose] = [poseAt(0.1), poseAt(0.7)];
  expect(agreements(poses, of).elbow_flex).toBe("scaled");
  const compared = comparisonOf(poses, of, "range").find(({ joint }) => joint === "elbow_flex");
  expect(compared?.sweptLess).toBe("leader");
});

test("in degrees a leader that was not swept to one end is an offset", () => {
  const narrow = { ...calibrations.leader.elbow_flex, range_max: steps(2400) };
  const of = { ...calibrations, leader: { ...calibrations.leader, elbow_flex: narrow } };
  // In degrees arms agree whose joints turn by the same angles from the middles of their ranges.
  const inDegrees = (deg: number): ArmsInPose => {
    const at = (role: Role) =>
      JOINTS.map((joint) => {
        const { range_min, range_max } = calibrations[role][joint];
        const share = joint === "gripper" ? 0.5 + deg / 180 : 0.5;
        const middle = range_min + share * (range_max - range_min);
        return steps(Math.round(joint === "gripper" ? middle : middle + (deg * 4095) / 360));
      });
    return { leader: at("leader"), follower: at("follower") };
  };
  const poses: [ArmsInPose, ArmsInPose] = [inDegrees(-20), inDegrees(20)];
  expect(agreements(poses, calibrations, "degrees")).toEqual(all("agrees"));
  expect(agreements(poses, of, "degrees")).toEqual({ ...all("agrees"), elbow_flex: "offset" });
});

test("a wrist_roll that goes across the end of its turn in one arm only agrees all the same", () => {
  const index = JOINTS.indexOf("wrist_roll");
  const place = (pose: ArmsInPose, leader: number, follower: number): ArmsInPose => ({
    leader: pose.leader.with(index, steps(leader)),
    follower: pose.follower.with(index, steps(follower)),
  });
  const poses: [ArmsInPose, ArmsInPose] = [place(poseAt(0.3), 4000, 3990), place(poseAt(0.6), 4090, 6)];
  expect(agreements([poses[0], place(poseAt(0.6), 400, 410)]).wrist_roll).toBe("agrees");
  expect(agreements(poses).wrist_roll).toBe("not turned");
});

test("joints that were turned by less than 20° in either arm were not turned", () => {
  expect(jointsNotTurned(poseAt(0.3), poseAt(0.6))).toEqual([]);
  expect(jointsNotTurned(poseAt(0.3), poseAt(0.31))).toEqual([...JOINTS]);
  expect(jointsNotTurned(poseAt(0.3), poseAt(0.6, { elbow_flex: () => 0.3 }))).toEqual([]);
});
