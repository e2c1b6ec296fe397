/** The pair beside another program on one of its ports, in virtual time: it gives the port up, and says to whom. */
import { describe, expect, test } from "bun:test";
import { VirtualPair } from "../support/virtual-pair.ts";

const ON = [true, true, true, true, true, true];
const OFF = [false, false, false, false, false, false];
const FOLLOWS_S = 5;
const python = { pid: 812, name: "python3" };

/** What an arm was told from a time on, as hex. */
const toldFrom = (it: VirtualPair, role: string, fromUs: number) =>
  it.arms.record.flatMap((entry) =>
    entry.kind === "request" && entry.arm === role && entry.t >= fromUs ? entry.hex : [],
  );

describe.each(["leader", "follower"] as const)("another program on the %s's port", (role) => {
  test("that comes while the pair follows gets it: nothing more is sent there, and it is named", async () => {
    using it = new VirtualPair();
    let claimedUs = 0;
    it.at(FOLLOWS_S, () => {
      claimedUs = it.clock.nowUs();
      it.memory.claims.claim(role, python);
    });
    it.at(FOLLOWS_S + 20, () => {
      expect(toldFrom(it, role, claimedUs)).toEqual([]);
      expect(it.torque("follower")).toEqual(ON);
      it.memory.claims.giveBack(role);
    });
    await it.runFor(FOLLOWS_S + 30);
    expect(it.states(FOLLOWS_S)).toEqual(["waiting", "connecting", "aligning", "following", "stopped"]);
    const [told] = it.events.filter(({ atS }) => atS >= FOLLOWS_S);
    expect(told).toMatchObject({
      event: { kind: "state", to: "waiting", reasons: [{ code: "port.busy", arm: { role }, owner: python }] },
    });
    expect(told!.atS).toBeWithin(FOLLOWS_S, FOLLOWS_S + 0.05);
    expect(it.codes(FOLLOWS_S).filter((code) => code === "port.busy")).toHaveLength(1);
    expect(it.enteredAt("following", FOLLOWS_S)).toBeDefined();
  });

  test("that comes while the arms are aligned ends that, too", async () => {
    using it = new VirtualPair({ settings: { alignSpeedDegPerS: 5 } });
    it.at(1, () => it.memory.claims.claim(role, python));
    await it.runFor(5);
    expect(it.states()).toEqual(["connecting", "aligning", "waiting", "stopped"]);
  });

  test("that was there first is waited for, and the port is not opened meanwhile", async () => {
    using it = new VirtualPair();
    it.memory.claims.claim(role, python);
    it.at(20, () => {
      expect(toldFrom(it, role, 0)).toEqual([]);
      it.memory.claims.giveBack(role);
    });
    await it.runFor(30);
    expect(it.states()).toEqual(["waiting", "connecting", "aligning", "following", "stopped"]);
  });
});

describe("goals that are not ours", () => {
  /** Gives a joint of the follower a goal past the pair, as a program does that has the port open, too. */
  const giveGoal = (it: VirtualPair, goal_position: number) =>
    it.arms.boards.follower.arm.servos[1]!.setValues({ goal_position });

  test("given to a follower that is held are another program's: it is left to that, and not told apart by name", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => {
      it.memory.mailbox.mode = "paused";
    });
    const [, shoulder] = it.arms.boards.follower.arm.servos;
    let claimedUs = 0;
    it.at(FOLLOWS_S + 5, () => {
      claimedUs = it.clock.nowUs() + 0.5e6;
      giveGoal(it, shoulder!.values(it.clock.nowUs()).goal_position + 30);
    });
    it.at(FOLLOWS_S + 9, () => expect(toldFrom(it, "follower", claimedUs)).toEqual([]));
    await it.runFor(FOLLOWS_S + 10);
    expect(it.states(FOLLOWS_S)).toEqual(["holding", "waiting", "stopped"]);
    const told = it.events.find(({ event }) => event.kind === "state" && event.to === "waiting");
    expect(told).toMatchObject({ event: { reasons: [{ code: "port.busy", owner: undefined }] } });
    expect(told!.atS).toBeWithin(FOLLOWS_S + 5, FOLLOWS_S + 5.5);
  });

  test("are not seen in pauses, releases, losses of power and new settings of our own", async () => {
    using it = new VirtualPair();
    const modes = ["paused", "running", "released", "running", "paused", "running"] as const;
    modes.forEach((mode, index) => {
      it.at(FOLLOWS_S + 5 * index, () => {
        it.memory.mailbox.mode = mode;
      });
    });
    it.at(37, () => {
      it.arms.boards.follower.hasPower = false;
    });
    it.at(38, () => {
      it.arms.boards.follower.hasPower = true;
    });
    it.at(45, () => {
      it.arms.boards.leader.isPlugged = false;
    });
    it.at(50, () => {
      it.arms.boards.leader.isPlugged = true;
    });
    it.at(55, () => it.memory.mailbox.sendSettings({ ...it.settings, alignSpeedDegPerS: 20 }));
    await it.runFor(60);
    expect(it.codes()).not.toContain("port.busy");
  });
});

describe("a follower whose port another program has", () => {
  test("cannot be released at the end: that is said, with the program's name", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => it.memory.claims.claim("follower", python));
    await it.runFor(FOLLOWS_S + 2);
    expect(it.events.slice(-3)).toMatchObject([
      {
        event: {
          kind: "notice",
          severity: "warning",
          problem: { code: "arm.may-hold", doubt: { why: "in use", owner: python } },
        },
      },
      { event: { kind: "state", to: "stopped" } },
      { event: { kind: "stopped", left: "in use" } },
    ]);
    expect(it.torque("follower")).toEqual(ON);
  });

  test("that it takes in the middle of a release is let alone, and that is said", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S + 0.5, () => it.memory.claims.claim("follower", python));
    await it.runFor(FOLLOWS_S);
    expect(it.events.at(-1)).toMatchObject({ event: { kind: "stopped", left: "in use" } });
  });

  test("is released as was asked once it is free, before anything else", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => it.memory.claims.claim("follower", python));
    it.at(FOLLOWS_S + 2, () => {
      it.memory.mailbox.mode = "released";
    });
    it.at(FOLLOWS_S + 10, () => {
      expect(it.torque("follower")).toEqual(ON);
      it.memory.claims.giveBack("follower");
    });
    await it.runFor(FOLLOWS_S + 14);
    expect(it.torque("follower")).toEqual(OFF);
    expect(it.states(FOLLOWS_S)).toEqual(["waiting", "stopped"]);
  });
});
