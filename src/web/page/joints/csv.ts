/** The last ten minutes of all joints as a file for a spreadsheet. */
import { JOINTS, type JointName } from "../../../arm/joints.ts";
import type { HistoryReply, SeriesName } from "../../history/messages.ts";
import { askHistory } from "./history.ts";

/** The columns of each joint, and their units; the gripper's angles are percent of its range. */
const COLUMNS = [
  ["leader position", "steps"],
  ["leader angle", "deg"],
  ["leader temperature", "degC"],
  ["leader voltage", "V"],
  ["leader current", "mA"],
  ["leader load", "%"],
  ["follower position", "steps"],
  ["follower angle", "deg"],
  ["follower goal", "deg"],
  ["follower temperature", "degC"],
  ["follower voltage", "V"],
  ["follower current", "mA"],
  ["follower load", "%"],
] as const satisfies readonly (readonly [SeriesName, string])[];

/** Asks for all joints, one after the other, and saves them as a file. Rejects when the machine does not answer. */
export async function saveCsv(pair: string): Promise<void> {
  const replies: HistoryReply[] = [];
  for (const joint of JOINTS) replies.push(await askHistory(pair, joint, -1));
  const text = csvOf(replies);
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const name = `so101-${pair}-${replies[0]!.now.slice(0, 19).replaceAll(":", "-")}.csv`;
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** A row for each time of the first joint; of the others what they were at that time. */
function csvOf(replies: readonly HistoryReply[]): string {
  const [first] = replies as readonly [HistoryReply];
  const midnightMs = Date.parse(first.now) - first.nowMs;
  const head = JOINTS.flatMap((joint) => COLUMNS.map((column) => headOf(joint, column)));
  const rowsAt = replies.map(({ timesMs }) => new Map(timesMs.map((time, row) => [time, row])));
  const lines = first.timesMs.map((time) => {
    const cells = replies.flatMap(({ series }, index) => {
      const row = rowsAt[index]!.get(time);
      return COLUMNS.map(([name]) => (row === undefined ? "" : (series[name][row] ?? "")));
    });
    return [new Date(midnightMs + time).toISOString(), ...cells].join(",");
  });
  return [["time", ...head].join(","), ...lines, ""].join("\r\n");
}

function headOf(joint: JointName, [name, unit]: (typeof COLUMNS)[number]): string {
  const [arm, figure] = name.split(" ");
  return `${arm} ${joint} ${figure} (${joint === "gripper" && unit === "deg" ? "% of range" : unit})`;
}
