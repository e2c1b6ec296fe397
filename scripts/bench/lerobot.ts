/**
 * The plain loop of the benchmark: what LeRobot 0.6.2 does in each turn of its teleoperation, without Python.
 * It reads the follower, reads the leader, maps in degrees, writes the goals and sleeps for the rest of the period:
 * no time grid, no real-time priority, no limit of speed, and no answer is checked. So the follower snaps to the
 * leader's pose at the start, as LeRobot's does. (LeRobot 0.3.3 did not read the follower.)
 * Shares no code with the product.
 *
 * Usage: lerobot LEADER FOLLOWER LEADER_CALIBRATION FOLLOWER_CALIBRATION RATE_HZ
 */
import { readFileSync } from "node:fs";
import { IDS, Moment, openPort, readPositions, readWord, sealGoals, setGoal, writeGoals } from "./bare.ts";

interface Range {
  readonly range_min: number;
  readonly range_max: number;
}

const HIGHEST_READING = 4095;
const SIGN_BIT = 0x8000;
const GRIPPER = 5;

const [leaderPath, followerPath, leaderFile, followerFile, rate] = process.argv.slice(-5) as [
  ...[string, string, string, string, string],
];

/** The ranges of a calibration file, in the order of the joints, which is the file's. */
function rangesIn(path: string): Range[] {
  return Object.values(JSON.parse(readFileSync(path, "utf8")) as Record<string, Range>);
}

/** Degrees from the middle of a joint's range; of the gripper % of its range. */
function normalised(joint: number, { range_min: min, range_max: max }: Range): number {
  const word = readWord(joint);
  const raw = word & SIGN_BIT ? -(word & ~SIGN_BIT) : word;
  if (joint !== GRIPPER) return ((raw - (min + max) / 2) * 360) / HIGHEST_READING;
  return ((Math.min(max, Math.max(min, raw)) - min) / (max - min)) * 100;
}

/** The word that brings a joint there. */
function goalWord(joint: number, value: number, { range_min: min, range_max: max }: Range): number {
  const goal = Math.trunc(
    joint === GRIPPER
      ? (Math.min(100, Math.max(0, value)) / 100) * (max - min) + min
      : (value * HIGHEST_READING) / 360 + (min + max) / 2,
  );
  return goal < 0 ? SIGN_BIT | -goal : goal;
}

const leader = openPort(leaderPath);
const follower = openPort(followerPath);
const leaderRanges = rangesIn(leaderFile);
const followerRanges = rangesIn(followerFile);
const observed = new Float64Array(IDS.length);

console.log(JSON.stringify({ event: "state", to: "following" }));

const due = new Moment();
const periodNs = 1e9 / Number(rate);
for (;;) {
  due.set();
  readPositions(follower);
  for (let joint = 0; joint < IDS.length; joint++)
    observed[joint] = normalised(joint, followerRanges[joint]!);
  readPositions(leader);
  for (let joint = 0; joint < IDS.length; joint++) {
    setGoal(joint, goalWord(joint, normalised(joint, leaderRanges[joint]!), followerRanges[joint]!));
  }
  sealGoals();
  writeGoals(follower);
  due.add(periodNs);
  due.await();
}
