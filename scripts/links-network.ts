/**
 * Follows a leader of another machine over bad links: the compiled program on two machines that are network namespaces,
 * simulated arms, and Mosquitto beside the follower: `bun scripts/links-network.ts`, as root. Prints the manual's tables.
 * Exit code 1 when something that must be reached was missed, which is said.
 *
 *   --seconds N       how long each profile is followed (600)
 *   --cut N           how long the link is cut after that (30)
 *   --only PROFILE    "clean Wi-Fi", "lossy Wi-Fi" or "Internet"
 *   --congestion CC   of TCP: cubic, a Pi's default, unless told otherwise
 *   --lanes           bare lanes alone: plain MQTT, and plain datagrams
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { PROFILES, type ProfileName } from "../src/sim/testing/link/conditions.ts";
import { congestionControls } from "../src/sim/testing/link/congestion.ts";
import { MOSQUITTO } from "../test/support/mosquitto.ts";
import { NETWORKS } from "../test/support/needs.ts";
import { missed } from "./links-network/bars.ts";
import { type LaneFigures, measureLane } from "./links-network/lanes.ts";
import { report, reportLanes } from "./links-network/report.ts";
import { type RunFigures, run } from "./links-network/run.ts";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "600" },
    cut: { type: "string", default: "30" },
    only: { type: "string" },
    congestion: { type: "string", default: "cubic" },
    lanes: { type: "boolean", default: false },
  },
});

const seconds = Number(options.seconds);
const names = (Object.keys(PROFILES) as ProfileName[]).filter(
  (name) => options.only === undefined || options.only === name,
);

for (const { isMet, name, how } of [NETWORKS, MOSQUITTO]) {
  if (isMet()) continue;
  console.error(`This needs ${name}: ${how}`);
  process.exit(1);
}
console.log(`${seconds} s each; the machine's load at the start: ${loadavg()[0]!.toFixed(1)}`);
if (options.lanes) await compareLanes();
else await followAll();

async function followAll(): Promise<void> {
  const runs: RunFigures[] = [];
  for (const profile of names) {
    progress(`${profile}, ${options.congestion}`);
    const what = { profile, seconds, cutSeconds: Number(options.cut), congestionControl: options.congestion };
    runs.push(await run(what));
  }
  console.log(report(runs));
  for (const { profile, violations, troubles } of runs) {
    for (const { rule, message, joint } of violations)
      console.error(`${profile}: ${joint}: ${rule}: ${message}`);
    for (const trouble of troubles) console.error(`${profile}: ${trouble}`);
  }
  for (const each of runs) {
    const misses = missed(each);
    if (misses.length === 0) continue;
    for (const miss of misses) console.error(`missed: ${miss}`);
    console.error(each.told.map((line) => `  ${line}`).join("\n"));
    process.exitCode = 1;
  }
}

async function compareLanes(): Promise<void> {
  const lanes: LaneFigures[] = [];
  const controls = ["cubic", "bbr"].filter((name) => congestionControls().includes(name));
  for (const profile of names) {
    for (const [lane, control] of [...controls.map((each) => ["mqtt", each] as const), ["udp"] as const]) {
      progress(`${profile}, ${lane} ${control ?? ""}`);
      lanes.push(await measureLane(lane, profile, seconds, control));
    }
  }
  console.log(reportLanes(lanes));
}

function progress(what: string): void {
  if (process.stderr.isTTY) console.error(`… ${what}`);
}
