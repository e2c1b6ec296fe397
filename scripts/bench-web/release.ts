/** How long it takes from a finger that has stayed on Release to the torque that goes down, and when success is shown. */
import { watchService } from "../../src/api/client.ts";
import { JOINTS } from "../../src/arm/joints.ts";
import { Instruction } from "../../src/feetech/packet.ts";
import { registers } from "../../src/feetech/registers.ts";
import type { RecordEntry } from "../../src/sim/record/entries.ts";
import { bytesOf, recordEntries } from "../../src/sim/testing/record.ts";
import { distribution } from "../bench/analysis.ts";
import { judged, type Row } from "../bench/report.ts";
import { clockOf, type PageClock } from "./clocks.ts";
import { untilNoted } from "./probe.ts";
import { notedBy, type OpenPage, type World } from "./world.ts";

/** A service follows again within it. */
const PATIENCE_MS = 20_000;
/** How long the finger stays: more than the second that it must. */
const PRESSED_MS = 1_100;

/** A release by the page. Times are of CLOCK_MONOTONIC, µs. */
interface Release {
  readonly askedUs: number;
  readonly successUs: number;
}

/** Releases from an unclaimed page, which pauses first; the follower follows again in between. */
export async function releaseRows(world: World, times: number): Promise<Row[]> {
  const opened = await world.open();
  const clock = await clockOf(opened.page);
  const releases: Release[] = [];
  for (let time = 0; time < times; time++) {
    await untilFollowing(world);
    releases.push(await release(opened, clock));
    await resume(world);
  }
  await opened.context.close();
  await world.sim.client.request({ do: "sync" });
  const entries = await recordEntries(world.sim.paths.record);
  const rampMs = releases.map(({ askedUs }) => (rampAfter(entries, askedUs) - askedUs) / 1e3);
  const aheadMs = releases.map(({ askedUs, successUs }) => (successUs - offAfter(entries, askedUs)) / 1e3);
  const { p50, p99, max } = distribution(rampMs);
  return [
    judged(`confirmation to torque ramp p50, of ${times}`, "ms", p50, {}),
    judged("confirmation to torque ramp p99", "ms", p99, { atMost: 100 }),
    judged("confirmation to torque ramp max", "ms", max, {}),
    judged("torque off to success shown: the shortest", "ms", Math.min(...aheadMs), { atLeast: 0 }),
    judged("torque off to success shown: the longest", "ms", Math.max(...aheadMs), {}),
    judged("clocks compared to within", "ms", clock.withinUs / 1e3, {}),
  ];
}

/** A finger stays on Release until the request leaves; then the page shows what came of it. */
async function release(opened: OpenPage, clock: PageClock): Promise<Release> {
  const { page } = opened;
  await page.getByRole("button", { name: /^Release/ }).click({ delay: PRESSED_MS });
  await page.evaluate(untilNoted("successMs"));
  const { askedMs, successMs } = await notedBy(opened);
  return { askedUs: clock.toUs(askedMs!), successUs: clock.toUs(successMs!) };
}

/** Resume, from another page that is claimed. Rejects with what the page would show when it is refused. */
async function resume({ web, cookie, pair }: World): Promise<void> {
  const { origin } = new URL(web.url);
  const response = await fetch(`${origin}/pairs/${pair}/buttons`, {
    method: "POST",
    headers: { origin, cookie, "content-type": "application/json" },
    body: JSON.stringify({ action: "resume" }),
  });
  const { done, text } = (await response.json()) as { done: boolean; text: string };
  if (!done) throw new Error(`it does not go on: ${text}`);
}

async function untilFollowing({ socket }: World): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  for await (const { state } of watchService([socket], 100, signal)) if (state === "following") return;
}

/** When the follower was first told of less torque since then. */
function rampAfter(entries: readonly RecordEntry[], us: number): number {
  const ramp = entries.find((entry) => isTorqueLimit(entry) && entry.t > us);
  if (ramp === undefined) throw new Error("after a release the record has no ramp of the torque");
  return ramp.t;
}

/** When the last of the follower's servos had no torque any more since then. */
function offAfter(entries: readonly RecordEntry[], us: number): number {
  const off = entries.filter((entry) => entry.t > us && isLimp(entry)).slice(0, JOINTS.length);
  if (off.length < JOINTS.length) throw new Error("after a release the record has servos with torque");
  return off.at(-1)!.t;
}

function isLimp(entry: RecordEntry): boolean {
  return entry.kind === "event" && entry.arm === "follower" && entry.event === "limp";
}

/** Whether it is a packet that writes the follower's torque limits. */
function isTorqueLimit(entry: RecordEntry): boolean {
  if (entry.kind !== "request" || entry.arm !== "follower") return false;
  const packet = bytesOf(entry);
  const isWrite = packet[4] === Instruction.write || packet[4] === Instruction.syncWrite;
  const { address } = registers.torque_limit;
  // A sync write says how many bytes each servo gets, a write has them to its end.
  const size = packet[4] === Instruction.syncWrite ? packet[6]! : packet[3]! - 3;
  return isWrite && packet[5]! <= address && packet[5]! + size > address;
}
