/** A follower whose leader is on another machine, and a leader whose followers are, in virtual time. */
import { describe, expect, test } from "bun:test";
import { EPOCH, remotePair } from "../../support/remote-pair.ts";
import { VirtualLink } from "../../support/virtual-link.ts";
import { VirtualPair } from "../../support/virtual-pair.ts";

describe("a follower of a leader on another machine", () => {
  test("aligns once samples come, follows, holds 250 ms after the last, and aligns when they are back", async () => {
    const { it, stream } = remotePair();
    using _ = it;
    stream(1, 8);
    stream(10, 16);
    await it.runFor(16);
    expect(it.states()).toEqual([
      ...["connecting", "waiting", "aligning", "following", "holding", "aligning", "following"],
      "stopped",
    ] as never);
    expect(it.enteredAt("holding")!).toBeGreaterThan(8.24);
    expect(it.enteredAt("holding")!).toBeLessThan(8.27);
    expect(it.enteredAt("aligning", 9)!).toBeLessThan(10.1);
  });

  test("its board is the only one that is opened", async () => {
    const { it, stream } = remotePair();
    using _ = it;
    it.arms.boards.leader.trouble = "missing";
    stream(0.5, 6);
    await it.runFor(6);
    expect(it.states()).toContain("following");
    expect(it.arms.record.some((entry) => entry.kind === "request" && entry.arm === "leader")).toBe(false);
  });

  test("a sample is acted upon when it comes", async () => {
    const { it, link, stream } = remotePair();
    using _ = it;
    stream(0.5, 6);
    const startS = 8;
    stream(6, 9);
    await it.runFor(9);
    const goals = it.goals(0, startS).map(({ atS }) => atS);
    expect(goals.length).toBeGreaterThan(190);
    // Sent every 5 ms, 2 ms on the way: the goals are on that grid, and not on another.
    for (const atS of goals) {
      const lateMs = (((atS * 1e3 - 2) % 5) + 5) % 5;
      expect(Math.min(lateMs, 5 - lateMs)).toBeLessThan(1);
    }
    expect(link.sent).toEqual([]);
  });

  test.each([
    ["of another epoch", { epoch: "ffffffffffffffff" }],
    ["that is old", { epoch: EPOCH, sequence: 1 }],
    ["that comes too late", { epoch: EPOCH, afterMs: 400 }],
  ])("a sample %s is not acted upon", async (_what, how) => {
    const { it, link, stream } = remotePair();
    using _ = it;
    stream(0.5, 5);
    const away = it.positions("leader").map((position) => position + 300);
    for (let s = 5; s < 8; s += 0.005) it.at(s, () => link.sample(away, how));
    await it.runFor(8);
    expect(it.enteredAt("holding")!).toBeLessThan(5.3);
    expect(it.states(5.3)).not.toContain("aligning");
    for (const { atS, goal } of it.goals(0, 5)) {
      expect(atS).toBeLessThan(5.1);
      expect(Math.abs(goal - it.positions("follower")[0]!)).toBeLessThan(20);
    }
  });

  test("delays that grow by up to 150 ms are followed", async () => {
    const { it, stream } = remotePair();
    using _ = it;
    stream(0.5, 8, (s) => 2 + 140 * Math.abs(Math.sin(s)));
    await it.runFor(8);
    expect(it.states()).not.toContain("holding");
    expect(it.memory.telemetry.counter("remoteLate")).toBe(0);
  });

  test("says that a leader which normalises in another way is not followed, and follows once it does not", async () => {
    const { it, stream, settings } = remotePair();
    using _ = it;
    const { remoteLeader } = settings;
    const other = { ...remoteLeader!.heard!, normalisation: "degrees" as const };
    it.memory.mailbox.sendSettings({ ...settings, remoteLeader: { ...remoteLeader!, heard: other } });
    it.at(3, () => it.memory.mailbox.sendSettings(settings));
    stream(0.5, 8);
    await it.runFor(8);
    expect(it.codes()).toContain("leader.unfit");
    expect(it.enteredAt("faulted")!).toBeLessThan(1);
    expect(it.enteredAt("following")!).toBeGreaterThan(3);
  });

  test("a pair with both arms changes its leader by alignment alone", async () => {
    const { it, stream, settings } = remotePair({ settings: { armsHere: "both" } });
    using _ = it;
    const { remoteLeader: _remote, ...local } = settings;
    it.memory.mailbox.sendSettings(local);
    stream(0.5, 12);
    it.at(5, () => it.memory.mailbox.sendSettings(settings));
    it.at(9, () => it.memory.mailbox.sendSettings(local));
    await it.runFor(13);
    expect(it.states().filter((state) => state === "aligning" || state === "following")).toEqual([
      ...["aligning", "following", "aligning", "following", "aligning", "following"],
    ] as never);
    expect(it.states(5)).not.toContain("faulted");
  });
});

describe("a leader whose followers are elsewhere", () => {
  test("is read at its rate, and sent under one epoch; nothing is asked of a follower", async () => {
    const { it, link } = leadingPair();
    using _ = it;
    await it.runFor(4);
    expect(it.states()).toEqual(["connecting", "leading", "stopped"]);
    const sent = link.sent.filter(({ atUs }) => atUs - it.startUs > 2e6 && atUs - it.startUs < 3e6);
    expect(sent.length).toBeGreaterThanOrEqual(199);
    expect(new Set(link.sent.map(({ epoch }) => epoch)).size).toBe(1);
    expect(sent.at(-1)!.positions).toEqual(it.positions("leader"));
    expect(it.arms.record.some((entry) => entry.kind === "request" && entry.arm === "follower")).toBe(false);
  });

  test("is not sent while the pair is paused, and is again when it goes on", async () => {
    const { it, link } = leadingPair();
    using _ = it;
    it.at(2, () => {
      it.memory.mailbox.mode = "paused";
    });
    it.at(4, () => {
      it.memory.mailbox.mode = "running";
    });
    await it.runFor(6);
    const between = (fromS: number, toS: number) =>
      link.sent.filter(({ atUs }) => atUs > it.startUs + fromS * 1e6 && atUs < it.startUs + toS * 1e6).length;
    expect(between(2.1, 4)).toBe(0);
    const [paused] = it.events.flatMap(({ event }) =>
      "reasons" in event && event.reasons[0]?.code === "pair.paused" ? event.reasons : [],
    );
    expect(paused).toEqual({ code: "pair.paused", stage: "not sent" });
    expect(between(4.5, 5.5)).toBeGreaterThan(190);
  });

  test("waits while its board is away, and goes on when it is back", async () => {
    const { it, link } = leadingPair();
    using _ = it;
    const { leader } = it.arms.boards;
    it.at(2, () => {
      leader.isPlugged = false;
    });
    it.at(3, () => {
      leader.isPlugged = true;
    });
    await it.runFor(6);
    expect(it.states()).toEqual(["connecting", "leading", "waiting", "connecting", "leading", "stopped"]);
    expect(new Set(link.sent.map(({ epoch }) => epoch)).size).toBe(2);
  });
});

function leadingPair() {
  let link!: VirtualLink;
  const it = new VirtualPair({
    settings: { armsHere: "leader", isSent: true },
    link: (clock) => {
      link = new VirtualLink(clock);
      return link;
    },
  });
  it.arms.boards.follower.trouble = "missing";
  return { it, link };
}

test("that nobody carries samples is said once that has lasted longer than a start takes", async () => {
  const { it, link, stream } = remotePair();
  using _ = it;
  link.isThere = false;
  it.at(6, () => {
    link.isThere = true;
  });
  stream(6.5, 9);
  await it.runFor(9);
  const away = it.events.flatMap(({ atS, event }) => {
    if (!("reasons" in event) || event.reasons[0]?.code !== "leader.away") return [];
    return [[Math.round(atS), event.reasons[0].trouble?.why]];
  });
  expect(away).toEqual([
    [0, undefined],
    [3, "no client"],
    [6, undefined],
  ]);
  expect(it.states()).toContain("following");
});

describe("why nothing is heard of the leader", () => {
  const offline = JSON.stringify({ leader: "desk/main", trouble: { why: "offline" } });
  const told = ({ events }: VirtualPair, fromS: number) =>
    events.flatMap(({ atS, event }) => {
      if (atS < fromS || !("reasons" in event) || event.reasons[0]?.code !== "leader.away") return [];
      return [event.reasons[0].trouble?.why];
    });

  test("is said while nothing is; the leader is followed as soon as it is heard again, however often that was", async () => {
    const { it, stream } = remotePair();
    using _ = it;
    const lostS = [4, 8, 12, 16, 20, 24];
    stream(0.5, 4);
    for (const s of lostS) {
      it.at(s + 1, () => it.memory.troubles.send(offline));
      stream(s + 1.5, s + 4);
    }
    await it.runFor(28);
    for (const s of lostS) expect(it.enteredAt("aligning", s + 1)! - (s + 1.5)).toBeLessThan(0.1);
    expect(told(it, 4)).toEqual(lostS.map(() => "offline"));
  });

  test("ends nothing where it is told of a leader that is followed", async () => {
    const { it, stream } = remotePair();
    using _ = it;
    stream(0.5, 8);
    for (const s of [4, 5, 6]) it.at(s, () => it.memory.troubles.send(offline));
    await it.runFor(7.9);
    expect(it.states().slice(0, -1)).toEqual(["connecting", "waiting", "aligning", "following"]);
  });

  test("is not said any more once that is over, nor of another leader", async () => {
    const { it } = remotePair();
    using _ = it;
    it.at(1, () => it.memory.troubles.send(offline));
    it.at(2, () => it.memory.troubles.send(JSON.stringify({ leader: "desk/main" })));
    it.at(3, () => it.memory.troubles.send(offline.replace("desk", "lab")));
    await it.runFor(4);
    expect(told(it, 0)).toEqual([undefined, "offline", undefined]);
  });

  test("comes before what is wrong with it otherwise", async () => {
    const { it, settings } = remotePair();
    using _ = it;
    const { remoteLeader } = settings;
    const heard = { ...remoteLeader!.heard!, normalisation: "degrees" as const };
    it.memory.mailbox.sendSettings({ ...settings, remoteLeader: { ...remoteLeader!, heard } });
    it.at(1, () => it.memory.troubles.send(offline));
    await it.runFor(2);
    expect(it.enteredAt("faulted")!).toBeLessThan(1);
    expect(told(it, 1)).toEqual(["offline"]);
  });
});

test("who carries samples has that time again when it goes after a long while", async () => {
  const { it, link, stream } = remotePair();
  using _ = it;
  stream(0.5, 10);
  it.at(10, () => {
    link.isThere = false;
  });
  await it.runFor(15);
  const told = it.events.filter(
    ({ event }) =>
      "reasons" in event &&
      event.reasons[0]?.code === "leader.away" &&
      event.reasons[0].trouble !== undefined,
  );
  expect(told.map(({ atS }) => Math.round(atS))).toEqual([13]);
});
