/** What a follower of another machine's leader does when things come at odd times, in virtual time. */
import { expect, test } from "bun:test";
import { roundTripMs } from "../../../src/feetech/round-trip.ts";
import { EPOCH, remotePair } from "../../support/remote-pair.ts";
import { OTHER_CLOCK_US } from "../../support/virtual-link.ts";

const parkPose = {
  ...{ shoulder_pan: 0, shoulder_lift: -50, elbow_flex: 50, wrist_flex: 0, wrist_roll: 0, gripper: 10 },
};

test("a follower whose leader is not to be followed is parked when somebody asks", async () => {
  const { it, settings } = remotePair({ settings: { parkPose } });
  using _ = it;
  const { remoteLeader } = settings;
  const other = { ...remoteLeader!.heard!, normalisation: "degrees" as const };
  it.memory.mailbox.sendSettings({ ...settings, remoteLeader: { ...remoteLeader!, heard: other } });
  it.at(2, () => it.memory.mailbox.requestPark());
  it.at(9, () => {
    it.memory.mailbox.mode = "running";
  });
  await it.runFor(10);
  expect(it.states()).toEqual([
    ...["connecting", "faulted", "connecting", "aligning", "waiting", "faulted", "stopped"],
  ] as never);
  expect(it.codes(2)).toContain("pair.parked");
});

test("a follower that was held too long for its leader waits without torque, and says so", async () => {
  const { it, stream } = remotePair({ settings: { holdForS: 3 } });
  using _ = it;
  stream(0.5, 5);
  stream(12, 16);
  await it.runFor(16);
  expect(it.states()).toEqual([
    ...["connecting", "waiting", "aligning", "following", "holding", "waiting", "aligning", "following"],
    "stopped",
  ] as never);
  expect(it.enteredAt("waiting", 5)!).toBeLessThan(9.5);
  expect(it.codes(8)).toContain("arm.held-too-long");
});

test("a follower that goes on after a pause says that it hears nothing of its leader", async () => {
  const { it, stream } = remotePair();
  using _ = it;
  stream(0.5, 5);
  it.at(6, () => {
    it.memory.mailbox.mode = "paused";
  });
  it.at(8, () => {
    it.memory.mailbox.mode = "running";
  });
  await it.runFor(10);
  expect(it.states(6)).toEqual(["stopped"]);
  expect(it.codes(5)).toEqual(["leader.silent", "pair.paused", "leader.away", "pair.stopped"]);
});

test("a change of the leader is told as such, not as a loss of power", async () => {
  const { it, stream, settings } = remotePair({ settings: { armsHere: "both" } });
  using _ = it;
  const { remoteLeader: _remote, ...local } = settings;
  it.memory.mailbox.sendSettings(local);
  stream(4, 12);
  it.at(5, () => it.memory.mailbox.sendSettings(settings));
  it.at(9, () => it.memory.mailbox.sendSettings(local));
  await it.runFor(13);
  const run = ["pair.connecting", "pair.aligning", "pair.following"];
  expect(it.codes()).toEqual([
    ...run,
    "drive.changed",
    ...run,
    "drive.changed",
    ...run,
    "pair.stopped",
  ] as never);
});

test("who is to be moved by hand is the leader of the other machine", async () => {
  const { it, stream } = remotePair({ settings: { start: "on leader motion" } });
  using _ = it;
  stream(0.5, 3);
  await it.runFor(3);
  const awaited = it.events.flatMap(({ event }) => {
    if (!("reasons" in event) || event.reasons[0]?.code !== "leader.awaited") return [];
    return event.reasons[0].arm?.id ?? "";
  });
  expect(awaited).toEqual(["desk/main"]);
});

test("a leader that is somewhere else after the service was stopped for a while is approached slowly", async () => {
  const { it, link, stand } = remotePair();
  using _ = it;
  const there = it.positions("leader");
  const away = there.map((position, joint) => position + (joint === 0 ? 400 : 0));
  stand(0.5, 5, there);
  // So many samples wait for a process that was stopped, until there is room for no more.
  for (let s = 5; s < 6.4; s += 0.005) {
    const sentUs = it.startUs + s * 1e6 + OTHER_CLOCK_US;
    it.at(20, () => link.sample(there, { epoch: EPOCH, sentUs }));
  }
  stand(20.001, 26, away);
  it.at(5, () => it.clock.pass(15));
  await it.runFor(26);
  const { alignSpeedDegPerS } = it.settings;
  const stepsPerS = (alignSpeedDegPerS * 4096) / 360;
  const goals = it.goals(0, 19);
  const steps = goals.map(({ goal }, index) => Math.abs(goal - (goals[index - 1]?.goal ?? goal)));
  expect(Math.max(...steps)).toBeLessThan(stepsPerS * 0.01);
  expect(it.states(19).slice(0, 2)).toEqual(["holding", "aligning"]);
});

test("what was kept on the way and comes after a cut, before what is said now, is no reason to hurry", async () => {
  const { it, link, stand } = remotePair();
  using _ = it;
  const there = it.positions("leader");
  const away = there.map((position, joint) => position + (joint === 0 ? 400 : 0));
  stand(0.5, 5, there);
  const sentUs = it.startUs + 5.1 * 1e6 + OTHER_CLOCK_US;
  for (const s of [20, 20.005]) it.at(s, () => link.sample(there, { epoch: EPOCH, sentUs }));
  stand(20.1, 26, away);
  await it.runFor(26);
  expect(it.states(19)).toEqual(["aligning", "following", "stopped"]);
  expect(it.codes(20)).toContain("leader.jumped");
  const goals = it.goals(0, 20.13);
  const steps = goals.map(({ goal }, index) => Math.abs(goal - (goals[index - 1]?.goal ?? goal)));
  expect(Math.max(...steps)).toBeLessThan(((it.settings.alignSpeedDegPerS * 4096) / 360) * 0.01);
});

test("how late samples are taken while nobody follows them is not how late they come", async () => {
  const { it, stream } = remotePair();
  using _ = it;
  stream(0.5, 20, (s) => 2 + ((s * 1000) % 3));
  it.at(5, () => {
    it.memory.mailbox.mode = "paused";
  });
  await it.runFor(20);
  expect(roundTripMs(it.memory.remoteDelays, 0.99)!).toBeLessThan(10);
  expect(it.memory.telemetry.longestGapUs).toBeLessThan(30_000);
});
