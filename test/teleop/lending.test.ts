/** Lending both arms to another program, in virtual time: released, ports closed, taken back. */
import { describe, expect, test } from "bun:test";
import { VirtualPair } from "../support/virtual-pair.ts";

const OFF = [false, false, false, false, false, false];
const ON = [true, true, true, true, true, true];
/** By then a pair that began with everything follows. */
const FOLLOWS_S = 5;
/** A release takes a second. */
const LENT_S = FOLLOWS_S + 2;

const areOpen = (it: VirtualPair) => [it.arms.boards.leader.isOpen, it.arms.boards.follower.isOpen];

/** How many packets the arms were sent from a time on. */
const sentFrom = (it: VirtualPair, fromS: number) =>
  it.arms.record.filter(({ kind, t }) => kind === "request" && t >= it.startUs + fromS * 1e6).length;

/** What a borrower may do: each joint of the follower holds where it is. */
function energise(it: VirtualPair): void {
  for (const servo of it.arms.boards.follower.arm.servos) {
    const { present_position } = servo.values(it.clock.nowUs());
    servo.setValues({ goal_position: present_position, torque_enable: 1 });
  }
}

/** Has the arms lent from {@link FOLLOWS_S} on, until so many seconds after the start. */
function lendUntil(it: VirtualPair, untilS: number): void {
  it.at(FOLLOWS_S, () => it.memory.mailbox.requestLend());
  it.at(untilS, () => it.memory.mailbox.endLend());
}

/** When the main thread sees that the arms are lent: from its telling on they are free. */
function whenLent(it: VirtualPair, then: () => void): void {
  const look = () => {
    if (it.memory.mailbox.lentWithTorque === undefined) it.at(it.nowS + 0.01, look);
    else then();
  };
  it.at(FOLLOWS_S, look);
}

test("a follower that follows is released softly, then both ports are closed, and only then it is lent", async () => {
  using it = new VirtualPair();
  let lentAtS = 0;
  whenLent(it, () => {
    lentAtS = it.nowS;
    expect(it.memory.mailbox.lentWithTorque).toBe("off");
    expect(it.torque("follower")).toEqual(OFF);
    expect(areOpen(it)).toEqual([false, false]);
  });
  lendUntil(it, 60);
  await it.runFor(70);
  expect(lentAtS).toBeWithin(FOLLOWS_S + 1, FOLLOWS_S + 1.5);
  expect(sentFrom(it, lentAtS) - sentFrom(it, 60)).toBe(0);
  expect(it.states(FOLLOWS_S)).toEqual(["waiting", "connecting", "aligning", "following", "stopped"]);
  expect(it.enteredAt("connecting", FOLLOWS_S)).toBeWithin(60, 60.2);
  const lent = it.events.find(
    ({ event }) => event.kind === "state" && event.reasons[0]!.code === "pair.lent",
  );
  expect(lent?.event).toMatchObject({ to: "waiting", reasons: [{ stage: "lent", torque: "off" }] });
});

test.each(["paused", "released"] as const)(
  "a pair that was %s before is so again, and nothing moves",
  async (mode) => {
    using it = new VirtualPair();
    it.at(4, () => {
      it.memory.mailbox.mode = mode;
    });
    lendUntil(it, 20);
    it.at(40, () => {
      expect([it.memory.mailbox.mode, it.memory.mailbox.isObeyed]).toEqual([mode, true]);
      expect(it.torque("follower")).toEqual(OFF);
    });
    await it.runFor(41);
    expect(it.states(FOLLOWS_S)).not.toContain("aligning");
  },
);

test("a release that is asked for meanwhile is done when it is seen, not before the arms are back", async () => {
  using it = new VirtualPair();
  lendUntil(it, 20);
  const { mailbox } = it.memory;
  it.at(15, () => {
    mailbox.mode = "released";
  });
  for (let s = 15; s < 20; s += 0.1) it.at(s, () => expect(mailbox.isObeyed).toBe(false));
  it.at(21, () => expect(mailbox.isObeyed).toBe(true));
  await it.runFor(30);
  expect(it.states(20)).toEqual(["stopped"]);
});

describe("a borrower that left the follower's torque on", () => {
  test("the follower is found held, keeps its goals, and is aligned from there", async () => {
    using it = new VirtualPair();
    it.at(19, () => energise(it));
    lendUntil(it, 20);
    await it.runFor(30);
    expect(it.states(20)).toEqual(["connecting", "aligning", "following", "stopped"]);
  });

  test.each(["released", "paused"] as const)(
    "what is to be %s is released, or held where it is",
    async (mode) => {
      using it = new VirtualPair();
      it.at(10, () => {
        it.memory.mailbox.mode = mode;
      });
      it.at(19, () => energise(it));
      lendUntil(it, 20);
      it.at(25, () => {
        expect(it.torque("follower")).toEqual(mode === "released" ? OFF : ON);
        expect(it.memory.mailbox.isObeyed).toBe(true);
      });
      await it.runFor(26);
      expect(it.states(20)).toEqual(mode === "released" ? ["stopped"] : ["holding", "stopped"]);
    },
  );

  test("a leader's torque that is on is switched off", async () => {
    using it = new VirtualPair();
    it.at(19, () => it.arms.boards.leader.arm.servos[2]!.setValues({ torque_enable: 1 }));
    lendUntil(it, 20);
    await it.runFor(30);
    expect(it.torque("leader")).toEqual(OFF);
    expect(it.enteredAt("following", 20)).toBeDefined();
  });
});

describe("arms of which something is missing", () => {
  test("are lent without a board", async () => {
    using it = new VirtualPair();
    it.at(3, () => {
      it.arms.boards.follower.isPlugged = false;
    });
    whenLent(it, () => expect(it.memory.mailbox.lentWithTorque).toBe("unknown"));
    lendUntil(it, 20);
    it.at(19, () => expect(areOpen(it)).toEqual([false, false]));
    await it.runFor(25);
  });

  test("are lent without power, after a release was tried", async () => {
    using it = new VirtualPair();
    it.at(3, () => {
      it.arms.boards.follower.hasPower = false;
    });
    whenLent(it, () => expect(it.memory.mailbox.lentWithTorque).toBe("unknown"));
    lendUntil(it, 20);
    await it.runFor(25);
  });

  test("are not lent while a joint that answers keeps its torque on", async () => {
    using it = new VirtualPair();
    it.arms.boards.follower.hears = (packet) => !isTorqueOff(packet);
    lendUntil(it, 13);
    for (let s = FOLLOWS_S; s < 13; s += 0.1) {
      it.at(s, () => expect(it.memory.mailbox.lentWithTorque).toBeUndefined());
    }
    it.at(13, () => {
      it.arms.boards.follower.hears = () => true;
    });
    await it.runFor(25);
    expect(it.enteredAt("following", 13)).toBeDefined();
  });
});

test("two loans one after the other are two: what the first borrower left is released for the second", async () => {
  using it = new VirtualPair();
  const { mailbox } = it.memory;
  it.at(FOLLOWS_S, () => mailbox.requestLend());
  it.at(10, () => {
    energise(it);
    mailbox.endLend();
    mailbox.requestLend();
    expect(mailbox.lentWithTorque).toBeUndefined();
  });
  it.at(13, () => {
    expect(mailbox.lentWithTorque).toBe("off");
    expect(it.torque("follower")).toEqual(OFF);
  });
  await it.runFor(14);
});

describe("a program that is to end while the arms are lent", () => {
  test.each([
    ["stop", OFF],
    ["handOver", ON],
  ] as const)("takes them back first, once they are given back: %s", async (ending, torque) => {
    using it = new VirtualPair();
    const { mailbox } = it.memory;
    it.at(FOLLOWS_S, () => mailbox.requestLend());
    it.at(10, () => mailbox.requestEnd(ending));
    it.at(10.5, () => {
      energise(it);
      mailbox.endLend();
    });
    await it.pair.run();
    expect(it.nowS).toBeWithin(10.5, 13);
    expect(it.torque("follower")).toEqual([...torque]);
    expect(areOpen(it)).toEqual([false, false]);
    expect(it.events.at(-1)!.event).toEqual({
      kind: "stopped",
      left: ending === "stop" ? "released" : "handed over",
    });
  });

  test("ends in bounded time all the same, and says what it does not know", async () => {
    using it = new VirtualPair();
    const { mailbox } = it.memory;
    it.at(FOLLOWS_S, () => mailbox.requestLend());
    it.at(10, () => {
      it.arms.boards.leader.trouble = it.arms.boards.follower.trouble = "in use";
      mailbox.requestEnd("stop");
    });
    it.at(11, () => mailbox.endLend());
    await it.pair.run();
    expect(it.nowS).toBeWithin(11, 14);
    expect(it.events.at(-1)!.event).toEqual({ kind: "stopped", left: "in use" });
  });
});

test("settings that are read again while the arms are lent count when they are back", async () => {
  using it = new VirtualPair();
  lendUntil(it, 20);
  it.at(10, () => it.memory.mailbox.sendSettings({ ...it.settings, start: "on leader motion" }));
  it.at(19, () => expect(areOpen(it)).toEqual([false, false]));
  await it.runFor(30);
  expect(it.codes(20)).toContain("leader.awaited");
});

function isTorqueOff(packet: Uint8Array): boolean {
  return (packet[4] === 3 && packet[5] === 40) || (packet[4] === 0x83 && packet[5] === 40);
}

test("the heartbeat goes on, and samples come, while the arms are lent", async () => {
  using it = new VirtualPair();
  const { telemetry } = it.memory;
  let [beat, samples] = [0, it.memory.readSamples()];
  it.at(LENT_S, () => {
    beat = telemetry.heartbeat;
    samples = it.memory.readSamples();
  });
  it.at(LENT_S + 1, () => {
    expect(telemetry.heartbeat - beat).toBeGreaterThan(5);
    expect(samples.next()).toMatchObject({
      state: "waiting",
      follower: [null, null, null, null, null, null],
    });
  });
  lendUntil(it, 20);
  await it.runFor(25);
});
