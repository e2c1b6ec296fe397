/** What `so101 status` says of who drives, and of a machine that has one arm of its pair. */
import { expect, test } from "bun:test";
import { stripVTControlCharacters } from "node:util";
import { describeStatus } from "../../../src/cli/status/describe.ts";
import { aStatus, drivenByDesk, leaderOnly } from "../../support/status.ts";

const now = new Date("2026-01-01T13:12:05.000Z");
const textOf = (status: typeof aStatus) =>
  describeStatus(status, { now }).map(stripVTControlCharacters).join("\n");

test("it says who drives the follower, and since when", () => {
  expect(textOf(drivenByDesk)).toMatch(/^driven by desk\/main since \d\d:00:05 \(3 h 12 min\)/m);
  const local = { source: "local leader", leader: null, since: "2026-01-01T13:12:00.000Z" } as const;
  expect(textOf({ ...aStatus, driver: local })).toMatch(
    /^driven by this pair's own leader since \d\d:12:00 \(5 s\)$/m,
  );
  expect(textOf(aStatus)).not.toContain("driven by");
  // After a client the follower is held until the leader is moved.
  expect(textOf({ ...aStatus, driver: { ...local, isAwaited: true } })).toMatch(
    /^driven by nobody since \d\d:12:00 \(5 s\)$/m,
  );
});

test("it says what comes of the leader of another machine: delay, gaps, drops, holds an hour, time followed", () => {
  const text = textOf(drivenByDesk);
  expect(text).toContain("desk/main: delay beyond the least p50 1.2 ms, p99 38.0 ms, longest gap 144 ms");
  // 3 in two hours; 7128 of 7200 s.
  expect(text).toContain("desk/main: followed 99.0 % of the time, 3 holds (1.5 an hour)");
  expect(text).toContain("desk/main: not acted upon: 12 old, 3 late, 0 of others; 41 missing");
});

test("what is not known of it yet is a dash", () => {
  const remote = {
    ...drivenByDesk.remote!,
    ...{ delayMs: { p50: null, p99: null }, longestGapMs: 0, holds: 0, wantedS: 0, followedS: 0 },
  };
  const text = textOf({ ...drivenByDesk, remote });
  expect(text).toContain("delay beyond the least p50 –, p99 –, longest gap 0.0 ms");
  expect(text).toContain("followed – of the time, 0 holds\n");
});

test("a name that came over the network writes nothing but itself on a terminal", () => {
  const leader = "desk\u001b[2J/main";
  const text = textOf({
    ...drivenByDesk,
    driver: { ...drivenByDesk.driver!, leader },
    remote: { ...drivenByDesk.remote!, leader },
  });
  expect(text).not.toContain("\u001b");
});

test("an arm that is on another machine has no figures here", () => {
  const ofFollower = textOf(drivenByDesk);
  expect(ofFollower).toContain("only the follower of this pair is on this machine");
  expect(ofFollower).toContain("port of the follower:");
  expect(ofFollower).not.toContain("port of the leader:");
  expect(ofFollower.match(/shoulder_pan/g)).toHaveLength(1);
  const ofLeader = textOf(leaderOnly);
  expect(ofLeader).toContain("only the leader of this pair is on this machine");
  expect(ofLeader).not.toMatch(/^follower /m);
});
