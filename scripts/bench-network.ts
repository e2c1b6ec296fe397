/**
 * Measures what following a leader of another machine adds, over a broker on loopback, beside the local pair in the same
 * run: one machine has both arms and sends its leader, another has a follower that follows that leader:
 * `bun scripts/bench-network.ts`. Prints a table. Exit code 1 when a safety rule was broken or something crashed; a target
 * that is not met is only said.
 *
 *   --seconds N       how long it follows (60)
 */
import { parseArgs } from "node:util";
import { nowUs } from "../src/linux/clock.ts";
import type { RecordEntry } from "../src/sim/record/entries.ts";
import { recordEntries } from "../src/sim/testing/record.ts";
import { checkSafety } from "../src/sim/testing/safety.ts";
import type { RunningSim } from "../src/sim/testing/start.ts";
import { MOSQUITTO, Mosquitto } from "../test/support/mosquitto.ts";
import { targetsOf } from "../test/support/targets.ts";
import { distribution } from "./bench/analysis.ts";
import { judged, print, type Row } from "./bench/report.ts";
import { startArms } from "./bench/subjects.ts";
import { type ClientFigures, desk, lab, reach, watchClient } from "./links-network/machines.ts";
import { type Followed, goalsOf, match, Readings } from "./links-network/matching.ts";

const { values: options } = parseArgs({ options: { seconds: { type: "string", default: "60" } } });
const seconds = Number(options.seconds);

const WARM_UP_MS = 3_000;
const LIMITS = { followSpeedDegPerS: 360, alignSpeedDegPerS: 45 };
/** A period. A local pair that is later at p99 has a machine that does something else. */
const BUSY_MS = 5;
/** A sample may be so late, beyond the least; on loopback that is nothing. */
const LATEST_MS = 150;

if (!MOSQUITTO.isMet()) {
  console.error(`This needs ${MOSQUITTO.name}: ${MOSQUITTO.how}`);
  process.exit(1);
}
const troubles = await measure();
for (const trouble of troubles) console.error(`bench-network: ${trouble}`);
process.exitCode = troubles.length > 0 ? 1 : 0;

/** Measures and prints; returns what was wrong, in words. */
async function measure(): Promise<string[]> {
  await using broker = await Mosquitto.start();
  await using ofDesk = await startArms("configured");
  await using ofLab = await startArms("configured");
  const pair = desk(ofDesk, "both", { broker: broker.url });
  const follower = lab(ofLab, { broker: broker.url });
  let fromUs: number;
  let clients: { leader: ClientFigures; follower: ClientFigures };
  try {
    pair.start();
    follower.start();
    await reach(pair, "following");
    await reach(follower, "following");
    await Bun.sleep(WARM_UP_MS);
    const watched = { leader: watchClient(pair), follower: watchClient(follower) };
    fromUs = nowUs();
    await Bun.sleep(seconds * 1e3);
    clients = { leader: watched.leader(), follower: watched.follower() };
  } finally {
    await follower.end("SIGTERM");
    await pair.end("SIGTERM");
  }
  const leaderRecord = await entriesOf(ofDesk);
  const local = followedIn(leaderRecord, leaderRecord, ofDesk);
  const labRecord = beside(leaderRecord, await entriesOf(ofLab));
  const remote = followedIn(leaderRecord, labRecord, ofLab);
  const span = { fromUs, toUs: fromUs + seconds * 1e6 };
  show(within(local, span), within(remote, span), clients);
  const violations = [
    ...checkSafety(leaderRecord, { ...LIMITS, targets: targetsOf(ofDesk)! }),
    ...checkSafety(labRecord, { ...LIMITS, targets: targetsOf(ofLab)!, targetsOfMs: LATEST_MS }),
  ];
  return [
    ...violations.map(({ rule, joint, message }) => `${joint}: ${rule}: ${message}`),
    ...pair.troubles,
    ...follower.troubles,
  ];
}

async function entriesOf({ client, paths }: RunningSim): Promise<RecordEntry[]> {
  await client.request({ do: "sync" });
  return recordEntries(paths.record);
}

/** The record of a pair whose leader is in one record and whose follower is in another. */
function beside(leader: readonly RecordEntry[], follower: readonly RecordEntry[]): RecordEntry[] {
  const of = (entries: readonly RecordEntry[], arm: string) =>
    entries.filter((entry) => "arm" in entry && entry.arm === arm);
  return [...of(leader, "leader"), ...of(follower, "follower")].sort((a, b) => a.t - b.t);
}

function followedIn(
  leader: readonly RecordEntry[],
  follower: readonly RecordEntry[],
  sim: RunningSim,
): Followed[] {
  const readings = new Readings(targetsOf(sim)!);
  for (const entry of leader) readings.see(entry);
  return match(
    readings.all,
    follower.flatMap((entry) => goalsOf(entry) ?? []),
  );
}

function within(followed: readonly Followed[], span: { fromUs: number; toUs: number }): Followed[] {
  return followed.filter(({ readAtUs }) => readAtUs >= span.fromUs && readAtUs < span.toUs);
}

function show(
  local: readonly Followed[],
  remote: readonly Followed[],
  { leader, follower }: { leader: ClientFigures; follower: ClientFigures },
): void {
  const took = ({ readAtUs, goalAtUs }: Followed) => (goalAtUs - readAtUs) / 1e3;
  const [here, there] = [distribution(local.map(took)), distribution(remote.map(took))];
  const localGoals = new Map(local.map(({ readAtUs, goalAtUs }) => [readAtUs, goalAtUs]));
  const more = distribution(
    remote.flatMap(({ readAtUs, goalAtUs }) => {
      const localUs = localGoals.get(readAtUs);
      return localUs === undefined ? [] : [(goalAtUs - localUs) / 1e3];
    }),
  );
  const rows: Row[] = [
    judged("local pair, p50", "ms", here.p50, {}),
    judged("local pair, p99", "ms", here.p99, {}),
    judged("over the broker, p50", "ms", there.p50, {}),
    judged("over the broker, p99", "ms", there.p99, {}),
    judged("over the broker, longest", "ms", there.max, {}),
    judged("p50 more than the local pair", "ms", there.p50 - here.p50, { atMost: 1 }),
    judged("p99 more than the local pair", "ms", there.p99 - here.p99, { atMost: 6 }),
    judged("the same sample later, p50", "ms", more.p50, {}),
    judged("the same sample later, p99", "ms", more.p99, {}),
    judged("samples followed, local pair", "/s", local.length / seconds, {}),
    judged("samples followed, over the broker", "/s", remote.length / seconds, {}),
    ...Object.entries({ leader, follower }).flatMap(([who, { cpu, residentMB, proportionalMB }]) => [
      judged(`${who}'s client, CPU`, "% of a core", cpu, { atMost: 8 }),
      judged(`${who}'s client, resident memory`, "MB", residentMB, { atMost: 60 }),
      judged(`${who}'s client, PSS`, "MB", proportionalMB, {}),
    ]),
  ];
  print(`Leader's last byte to the follower's goal, broker on loopback, ${seconds} s at 200 Hz`, rows);
  if (here.p99 <= BUSY_MS) return;
  console.log(
    "  Even the local pair was late by a period: the machine was busy, and these figures say little.",
  );
}
