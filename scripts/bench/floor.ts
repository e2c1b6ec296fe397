/**
 * The floor of the benchmark: the two transfers of a tick in a bare loop over libc, without any logic.
 * Nothing is decoded, checked or counted: what the product takes longer is what the product adds.
 * Shares no code with the product but the way to real-time priority.
 *
 * Usage: floor LEADER FOLLOWER RATE_HZ
 */
import { runOnTime } from "../../src/linux/scheduling.ts";
import { IDS, Moment, openPort, readPositions, readWord, sealGoals, setGoal, writeGoals } from "./bare.ts";

const [leaderPath, followerPath, rate] = process.argv.slice(-3) as [string, string, string];
const leader = openPort(leaderPath);
const follower = openPort(followerPath);

// The goals are where the follower is: a goal energises a joint, and none of them may move.
readPositions(follower);
for (let joint = 0; joint < IDS.length; joint++) setGoal(joint, readWord(joint));
sealGoals();

runOnTime();
console.log(JSON.stringify({ event: "state", to: "following" }));

const due = new Moment();
due.set();
const periodNs = 1e9 / Number(rate);
for (;;) {
  readPositions(leader);
  writeGoals(follower);
  due.add(periodNs);
  due.await();
}
