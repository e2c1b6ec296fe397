/** Where the parts of an SO-101 are in space, by the angles of its joints. */
import type { JointName } from "../../../../arm/joints.ts";

/** A point in space, m. */
export type Point = readonly [number, number, number];

/** Where a part is and how it is turned: the first three rows of a homogeneous matrix, row by row. */
type Pose = readonly number[];

/** How a joint stands on the part before it, at angle 0: metres, and roll, pitch, yaw in radians. It turns about its z. */
interface Mount {
  readonly joint: JointName;
  readonly at: Point;
  readonly turned: Point;
}

const QUARTER = Math.PI / 2;

/**
 * From TheRobotStudio/SO-ARM100, Simulation/SO101/so101_new_calib.urdf. Zero of a joint is the middle of its range, as in
 * LeRobot's degrees.
 */
const MOUNTS: readonly Mount[] = [
  { joint: "shoulder_pan", at: [0.0208, -0.0231, 0.0949], turned: [-Math.PI, 0, QUARTER] },
  { joint: "shoulder_lift", at: [-0.0304, -0.0183, -0.0542], turned: [-QUARTER, -QUARTER, 0] },
  { joint: "elbow_flex", at: [-0.1126, -0.028, 0], turned: [0, 0, QUARTER] },
  { joint: "wrist_flex", at: [-0.1349, 0.0052, 0], turned: [0, 0, -QUARTER] },
  { joint: "wrist_roll", at: [0, -0.0611, 0.0181], turned: [QUARTER, 0, Math.PI] },
  { joint: "gripper", at: [0.0202, 0.0188, -0.0234], turned: [QUARTER, 0, 0] },
];

/** Below the axis of shoulder_pan, on the table. */
const FOOT: Point = [MOUNTS[0]!.at[0], MOUNTS[0]!.at[1], 0];

/** Between the finger tips, in the frame of the gripper. */
const TIP: Point = [-0.0079, -0.0002, -0.0981];

/** The gripper's angle when it is closed, and when it is open, rad: from the same file. */
const GRIPPER_CLOSED = -0.175;
const GRIPPER_OPEN = 1.745;

/** How the joints of an arm stand: degrees from the middle of each range; of the gripper how far it is open, 0 to 1. */
export type Stance = Readonly<Record<JointName, number>>;

/** The points that an arm is drawn by, m: the base stands on z = 0. */
export interface Skeleton {
  /** From the base's foot over each joint's axis to the gripper. */
  readonly spine: readonly Point[];
  readonly fixedJaw: readonly [Point, Point];
  readonly movingJaw: readonly [Point, Point];
}

/** Where the parts of an arm are. */
export function skeletonOf(stance: Stance): Skeleton {
  let pose: Pose = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0];
  const spine: Point[] = [FOOT];
  const origins: Point[] = [];
  let gripper = pose;
  for (const mount of MOUNTS) {
    if (mount.joint === "gripper") gripper = pose;
    pose = turnAboutZ(placed(pose, mount), angleOf(mount.joint, stance));
    origins.push(applied(pose, [0, 0, 0]));
  }
  const hinge = origins.pop()!;
  return {
    spine: [...spine, ...origins],
    fixedJaw: [origins.at(-1)!, applied(gripper, TIP)],
    movingJaw: [hinge, applied(pose, MOVING_TIP)],
  };
}

function angleOf(joint: JointName, stance: Stance): number {
  if (joint !== "gripper") return (stance[joint] * Math.PI) / 180;
  return GRIPPER_CLOSED + stance.gripper * (GRIPPER_OPEN - GRIPPER_CLOSED);
}

/** The moving jaw's tip in its own frame: where the fixed one's is when the gripper is closed. */
const MOVING_TIP: Point = (() => {
  const still: Pose = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0];
  const closed = turnAboutZ(placed(still, MOUNTS.at(-1)!), GRIPPER_CLOSED);
  const [x, y, z] = [TIP[0] - closed[3]!, TIP[1] - closed[7]!, TIP[2] - closed[11]!];
  // A rotation's inverse is its transpose.
  return [0, 1, 2].map(
    (column) => closed[column]! * x + closed[4 + column]! * y + closed[8 + column]! * z,
  ) as unknown as Point;
})();

/** The pose of what is mounted on a part: moved, then turned as URDF has it, about x, y and z of the part. */
function placed(pose: Pose, { at, turned: [roll, pitch, yaw] }: Mount): Pose {
  const [cr, sr] = [Math.cos(roll), Math.sin(roll)];
  const [cp, sp] = [Math.cos(pitch), Math.sin(pitch)];
  const [cy, sy] = [Math.cos(yaw), Math.sin(yaw)];
  return product(pose, [
    ...[cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr, at[0]],
    ...[sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr, at[1]],
    ...[-sp, cp * sr, cp * cr, at[2]],
  ]);
}

function turnAboutZ(pose: Pose, angle: number): Pose {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return product(pose, [c, -s, 0, 0, s, c, 0, 0, 0, 0, 1, 0]);
}

function product(a: Pose, b: Pose): Pose {
  return [0, 1, 2].flatMap((row) =>
    [0, 1, 2, 3].map((column) => {
      const [x, y, z, moved] = a.slice(4 * row, 4 * row + 4) as [number, number, number, number];
      return x * b[column]! + y * b[4 + column]! + z * b[8 + column]! + (column === 3 ? moved : 0);
    }),
  );
}

function applied(pose: Pose, [x, y, z]: Point): Point {
  return [0, 1, 2].map(
    (row) => pose[4 * row]! * x + pose[4 * row + 1]! * y + pose[4 * row + 2]! * z + pose[4 * row + 3]!,
  ) as unknown as Point;
}
