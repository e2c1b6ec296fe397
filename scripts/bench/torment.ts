/**
 * Teleoperates as the program does, while the main thread collects garbage and logs as fast as it can.
 *
 * Usage: torment LEADER FOLLOWER LEADER_ID FOLLOWER_ID CALIBRATION_DIR RATE_HZ
 */
import { writeSync } from "node:fs";
import { configFor } from "../../src/config/config.ts";
import { pairSettings } from "../../src/daemon/settings/pair-settings.ts";
import { summarise } from "../../src/daemon/summary.ts";
import { startTeleoperation } from "../../src/daemon/teleoperation.ts";
import { createMemory } from "../../src/teleop/shared/control-memory.ts";

const STDERR = 2;
const LINES_PER_TURN = 50;

const [leader, follower, leaderId, followerId, calibrationDir, rate] = process.argv.slice(-6) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const settings = pairSettings(
  configFor({}, { leader, follower, leaderId, followerId, calibrationDir, rate: Number(rate) }),
);

let running = true;
const memory = createMemory();
const teleoperation = startTeleoperation(settings, memory, (event) =>
  console.log(JSON.stringify({ event: event.kind, ...event })),
);
process.on("SIGTERM", () => teleoperation.stop());

let turns = 0;
async function torment(): Promise<void> {
  let keep: object[] = [];
  while (running) {
    for (let line = 0; line < LINES_PER_TURN; line++) {
      keep.push({ line, text: `${turns} ${line} `.repeat(40), more: new Array(100).fill(line) });
      writeSync(STDERR, `${JSON.stringify(keep.at(-1))}\n`);
    }
    Bun.gc(true);
    if (keep.length > 20_000) keep = [];
    turns++;
    await new Promise(setImmediate);
  }
}

const tormenting = torment();
await teleoperation.stopped.finally(() => {
  running = false;
});
await tormenting;
console.log(JSON.stringify({ event: "summary", turns, ...summarise(memory, "stopped") }));
process.exit(0);
