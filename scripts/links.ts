/** Prints the manual's table of late replies: what a pair makes of them, and what LeRobot's loop does. */
import { type GoalFigures, MEASURED_DELAYS, type ReplyDelays } from "../src/sim/testing/slow-links.ts";
import { measureLeRobot, measurePair } from "./links/measure.ts";

/** What the tests hold, and as much as the default `hold_after_ms` just allows for. */
const delays: readonly ReplyDelays[] = [...MEASURED_DELAYS, { leader: 50, follower: 50 }];

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
