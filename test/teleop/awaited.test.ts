/** The pair beside a main thread that looks things up for it: it uses what is so when it connects, and waits for nobody. */
import { describe, expect, test } from "bun:test";
import { VirtualPair } from "../support/virtual-pair.ts";

const ON = [true, true, true, true, true, true];
const OFF = [false, false, false, false, false, false];
const FOLLOWS_S = 5;

/** A pair whose leader goes away while it follows, and comes back to a main thread that does not get on any more. */
function stuck(withWhat: "ports" | "files", settings = {}): VirtualPair {
  const it = new VirtualPair({ settings });
  it.at(FOLLOWS_S, () => {
    it.stuckWith = withWhat;
    it.arms.boards.leader.isPlugged = false;
  });
  it.at(FOLLOWS_S + 1, () => {
    it.arms.boards.leader.isPlugged = true;
  });
  return it;
}

/** Goes on reading, and answers. */
function goOn(it: VirtualPair): void {
  it.stuckWith = undefined;
  it.answer();
}

describe.each(["ports", "files"] as const)("a main thread that is stuck with %s", (withWhat) => {
  test("keeps nobody: a held follower stays held, both arms are looked at, and signs of life go on", async () => {
    using it = stuck(withWhat);
    const beats: number[] = [];
    for (let second = FOLLOWS_S + 2; second <= FOLLOWS_S + 60; second++) {
      it.at(second, () => {
        beats.push(it.memory.telemetry.heartbeat);
        expect(it.torque("follower")).toEqual(ON);
      });
    }
    it.at(FOLLOWS_S + 61, () => goOn(it));
    await it.runFor(FOLLOWS_S + 70);
    const perSecond = beats.slice(1).map((beat, index) => beat - beats[index]!);
    expect(Math.min(...perSecond)).toBeGreaterThanOrEqual(5);
    expect(it.states(FOLLOWS_S)).toEqual(["waiting", "connecting", "aligning", "following", "stopped"]);
    expect(
      it.codes(FOLLOWS_S).filter((code) => code === "board.missing" || code === "arm.back"),
    ).toHaveLength(2);
    expect(it.enteredAt("aligning", FOLLOWS_S)).toBeWithin(FOLLOWS_S + 61, FOLLOWS_S + 61.3);
  });

  test("does not keep the follower from being released after its time", async () => {
    using it = stuck(withWhat, { holdForS: 20 });
    it.at(FOLLOWS_S + 19, () => expect(it.torque("follower")).toEqual(ON));
    it.at(FOLLOWS_S + 22, () => expect(it.torque("follower")).toEqual(OFF));
    await it.runFor(FOLLOWS_S + 30);
    expect(it.codes(FOLLOWS_S)).toContain("arm.held-too-long");
  });

  test.each(["released", "paused"] as const)("and what was asked of the pair before: %s", async (mode) => {
    using it = stuck(withWhat);
    it.at(FOLLOWS_S + 10, () => {
      it.memory.mailbox.mode = mode;
    });
    it.at(FOLLOWS_S + 11.5, () => expect(it.torque("follower")).toEqual(mode === "released" ? OFF : ON));
    await it.runFor(FOLLOWS_S + 20);
    if (mode === "released") expect(it.codes(FOLLOWS_S)).toContain("pair.released");
    else expect(it.states(FOLLOWS_S)).not.toContain("aligning");
  });

  test("does not keep the pair from ending", async () => {
    using it = stuck(withWhat);
    await it.runFor(FOLLOWS_S + 10);
    expect(it.states().at(-1)).toBe("stopped");
    expect(it.torque("follower")).toEqual(OFF);
    expect(it.nowS).toBeLessThan(FOLLOWS_S + 12);
  });

  test("leaves a pair that starts where it is, and a request to park asked", async () => {
    using it = new VirtualPair();
    it.stuckWith = withWhat;
    it.at(1, () => it.memory.mailbox.requestPark());
    it.at(10, () => expect(it.memory.mailbox.isParkAsked).toBe(true));
    await it.runFor(11);
    expect(it.codes()).toEqual([...(withWhat === "files" ? ["pair.connecting"] : []), "pair.stopped"]);
  });
});

describe("what is used is what is on disk when the arms are connected", () => {
  /** Files that are not those of the arms. */
  const spoil = (it: VirtualPair) => {
    it.arms.boards.follower.arm.servos[1]!.setValues({ homing_offset: 1 });
    it.saveCalibrations();
    it.arms.boards.follower.arm.servos[1]!.setValues({ homing_offset: 0 });
  };

  test("files that change while the pair follows are looked at when it connects the next time", async () => {
    using it = new VirtualPair();
    it.arms.boards.follower.arm.servos[1]!.setValues({ homing_offset: 0 });
    it.saveCalibrations();
    // The way to the leader's pose is long.
    const follows = 15;
    it.at(follows, () => spoil(it));
    it.at(follows + 10, () => {
      expect(it.states(follows)).toEqual([]);
      it.arms.boards.leader.isPlugged = false;
    });
    it.at(follows + 11, () => {
      it.arms.boards.leader.isPlugged = true;
    });
    it.at(follows + 20, () => it.saveCalibrations());
    await it.runFor(follows + 30);
    const after = ["waiting", "connecting", "faulted", "connecting", "aligning", "following"] as const;
    expect(it.states(follows)).toEqual([...after, "stopped"]);
    expect(it.enteredAt("aligning", follows + 20)).toBeWithin(follows + 20, follows + 20.5);
  });

  test("an answer that comes when it is not awaited any more is of no use, and is asked for again", async () => {
    using it = new VirtualPair();
    it.stuckWith = "files";
    it.at(1, () => {
      it.memory.mailbox.mode = "paused";
    });
    // Read while the pair is paused: of files that are others by the time that it goes on.
    it.at(2, () => goOn(it));
    it.at(3, () => spoil(it));
    it.at(100, () => {
      it.memory.mailbox.mode = "running";
    });
    await it.runFor(105);
    expect(it.states()).toEqual(["connecting", "waiting", "connecting", "faulted", "stopped"]);
    expect(it.codes()).toContain("calibration.mismatch");
  });

  test("nothing is asked, and nobody called, while the pair follows", async () => {
    using it = new VirtualPair();
    let calls = 0;
    const { answer } = it;
    it.answer = () => {
      calls++;
      answer.call(it);
    };
    it.at(FOLLOWS_S, () => {
      expect(calls).toBe(1);
    });
    it.at(FOLLOWS_S + 59, () => expect(calls).toBe(1));
    await it.runFor(FOLLOWS_S + 60);
  });
});
