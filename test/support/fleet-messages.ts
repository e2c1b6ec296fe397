/** What machines say of themselves at a broker, for tests of who reads it. */
import type { FleetWatch } from "../../src/remote/fleet/watch.ts";

const TIME = "2026-11-26T09:00:00.000Z";

/** A status as a pair says it, with these fields in place of its own. */
export function statusMessage(fields: object = {}): Buffer {
  return Buffer.from(
    JSON.stringify({
      ...{ v: 1, online: true, instance: "a1", time: TIME, program: "0.2.0", startedAt: TIME },
      ...{
        state: "following",
        since: TIME,
        why: "the follower has reached the leader's pose",
        mode: "running",
      },
      ...{ armsHere: "both", driver: { source: "local leader", leader: null, since: TIME } },
      ...{ rateHz: 200, configuredRateHz: 200, temperatureC: 31, alarms: [], ...fields },
    }),
  );
}

/** Has a pair, `desk/main`, say its status now. */
export function say(watch: FleetWatch, name: string, fields: object = {}): void {
  watch.take(`so101/${name}/status`, statusMessage(fields), false);
}

/** Has a pair be gone, as the broker says it of one whose connection is lost. */
export function lose(watch: FleetWatch, name: string): void {
  watch.take(`so101/${name}/status`, Buffer.from('{"v":1,"online":false}'), false);
}
