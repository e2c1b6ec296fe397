/** Prints the manual's table of late replies: what a pair makes of them, and what LeRobot's loop does. */
import type { GoalFigures, ReplyDelays } from "../src/sim/testing/slow-links.ts";
import { measureLeRobot, measurePair } from "./links/measure.ts";

/** What is added to each reply of both arms, ms. A cable's own round trip is 0.125 here. */
const delays: readonly ReplyDelays[] = [
  { leader: 0.125, follower: 0.125 },
  { leader: 1, follower: 1 },
  { leader: 5, follower: 5 },
  { leader: 8, follower: 8 },
  { leader: 16, follower: 16 },
  { leader: 20, follower: 20 },
  { leader: 50, follower: 50 },
  { leader: 0.125, follower: 5 },
  { leader: 0.125, follower: 11 },
  { leader: 0.125, follower: 16 },
  { leader: 2, follower: 2, jitter: 8 },
];

const percent = (share: number) => `${(100 * share).toFixed(share === 1 ? 0 : 1)} %`;
const cells = ({ goalsPerS, exact, amplitude }: GoalFigures) => [
  goalsPerS.toFixed(0),
  percent(exact),
  percent(amplitude),
];

const rows = [
  ["leader, follower", "goals a second", "exact", "amplitude", "alignments", "LeRobot", "exact", "amplitude"],
  Array<string>(8).fill("---"),
];
for (const each of delays) {
  const ours = await measurePair(each);
  const up = each.jitter === undefined ? "" : ` and 0 to ${each.jitter} more`;
  const figures = ours === undefined ? ["never follows", "", "", ""] : [...cells(ours), `${ours.alignments}`];
  rows.push([`${each.leader}, ${each.follower} ms${up}`, ...figures, ...cells(measureLeRobot(each))]);
}
for (const row of rows) console.log(`| ${row.join(" | ")} |`);
