/**
 * Where the picture has an arm's parts, against numbers that NumPy has made of the URDF's table (x y z of each joint's
 * origin; roll, pitch, yaw; every joint turns about its own z), with rotations by Rodrigues' formula:
 *
 *     rows = [((0.0208, -0.0231, 0.0949), (-pi, 0, pi/2)), ((-0.0304, -0.0183, -0.0542), (-pi/2, -pi/2, 0)),
 *             ((-0.1126, -0.0280, 0), (0, 0, pi/2)), ((-0.1349, 0.0052, 0), (0, 0, -pi/2)),
 *             ((0, -0.0611, 0.0181), (pi/2, 0, pi)), ((0.0202, 0.0188, -0.0234), (pi/2, 0, 0))]
 *     def turn(axis, a):
 *         k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
 *         return np.eye(3) + np.sin(a) * k + (1 - np.cos(a)) * k @ k
 *     X, Y, Z = np.eye(3); r, p = np.eye(3), np.zeros(3)
 *     for (xyz, (roll, pitch, yaw)), q in zip(rows, angles):   # the gripper's: -0.175 + open * 1.92
 *         p = p + r @ np.array(xyz)                            # this joint's origin
 *         r = r @ turn(Z, yaw) @ turn(Y, pitch) @ turn(X, roll) @ turn(Z, q)
 *     tip = p5 + r5 @ np.array([-0.0079, -0.0002, -0.0981])    # of the fifth joint's frame, the gripper's
 */
import { expect, test } from "bun:test";
import { type Point, type Skeleton, skeletonOf } from "../../../src/web/page/now/picture/kinematics.ts";

interface Known {
  /** Of shoulder_pan, shoulder_lift, elbow_flex, wrist_flex and wrist_roll. */
  readonly degrees: readonly [number, number, number, number, number];
  readonly open: number;
  /** The origins of the six joints, then the point between the finger tips, m. */
  readonly points: readonly Point[];
}

const KNOWN: readonly Known[] = [
  {
    degrees: [0, 0, 0, 0, 0],
    open: 0,
    points: [
      [0.0208, -0.0231, 0.0949],
      [0.0025, -0.0535, 0.1491],
      [0.0025, -0.0815, 0.2617],
      [0.0025, -0.2164, 0.2669],
      [0.0206, -0.2775, 0.2669],
      [0.0394, -0.3009, 0.2871],
      [0.0204, -0.3756, 0.259],
    ],
  },
  {
    degrees: [30, -20, 45, -60, 90],
    open: 0.5,
    points: [
      [0.0208, -0.0231, 0.0949],
      [-0.01025, -0.04028, 0.1491],
      [-0.00415, -0.02971, 0.26449],
      [-0.06638, -0.1375, 0.21219],
      [-0.07573, -0.18989, 0.24723],
      [-0.07321, -0.22593, 0.24525],
      [-0.12269, -0.25543, 0.30366],
    ],
  },
  {
    degrees: [-90, 90, -90, 90, -150],
    open: 1,
    points: [
      [0.0208, -0.0231, 0.0949],
      [0.0512, -0.0414, 0.1491],
      [0.1638, -0.0414, 0.1211],
      [0.2987, -0.0414, 0.1263],
      [0.2987, -0.0233, 0.0652],
      [0.29061, -0.04968, 0.0418],
      [0.30544, -0.01918, -0.0329],
    ],
  },
];

function standing({ degrees, open }: Pick<Known, "degrees" | "open">): Skeleton {
  const [shoulder_pan, shoulder_lift, elbow_flex, wrist_flex, wrist_roll] = degrees;
  return skeletonOf({ shoulder_pan, shoulder_lift, elbow_flex, wrist_flex, wrist_roll, gripper: open });
}

test.each(KNOWN)("an arm at $degrees is drawn where its URDF has it", (known) => {
  const { spine, fixedJaw, movingJaw } = standing(known);
  const [foot, ...joints] = spine;
  // It stands on the table, below its first joint.
  expect(foot).toEqual([0.0208, -0.0231, 0]);
  for (const [index, point] of [...joints, movingJaw[0], fixedJaw[1]].entries()) {
    for (const [axis, value] of point.entries()) {
      expect(value).toBeCloseTo(known.points[index]![axis]!, 4);
    }
  }
  expect(fixedJaw[0]).toEqual(spine.at(-1)!);
});

test("the gripper's 0 to 100 % is its range: from tips that touch to a jaw turned by 1.92 rad", () => {
  const { degrees } = KNOWN[1]!;
  const closed = standing({ degrees, open: 0 });
  expect(distance(closed.movingJaw[1], closed.fixedJaw[1])).toBeLessThan(1e-9);
  // Equal steps of opening turn the tip equally far: chords of one circle, which the half angles tell apart.
  const opened = (open: number) => distance(standing({ degrees, open }).movingJaw[1], closed.movingJaw[1]);
  const radius = opened(1) / (2 * Math.sin(1.92 / 2));
  for (const open of [0.25, 0.5, 0.75]) {
    expect(opened(open)).toBeCloseTo(2 * radius * Math.sin((1.92 * open) / 2), 9);
  }
  // The tip in the plane of the hinge: the jaw's length, as the table's last row and the tip's have it.
  expect(radius).toBeCloseTo(Math.hypot(-0.0079 - 0.0202, -0.0981 + 0.0234), 9);
});

function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}
