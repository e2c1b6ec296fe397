/** The pair as a whole, on simulated arms in virtual time: every edge of its states, and what leads along it. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { JOINTS } from "../../src/arm/joints.ts";
import type { GainsByJoint } from "../../src/arm/servos/baseline.ts";
import { MissingEdge } from "../../src/teleop/state/machine.ts";
import { VirtualPair } from "../support/virtual-pair.ts";

// Much virtual time, on machines that are busy.
setDefaultTimeout(60_000);

const OFF = [false, false, false, false, false, false];
const ON = [true, true, true, true, true, true];
/** By then a pair that began with everything follows. */
const FOLLOWS_S = 5;

describe("from nothing to following", () => {
  test("two arms that are there are connected, aligned and followed, and released at the end", async () => {
    using it = new VirtualPair();
    await it.runFor(6);
    expect(it.states()).toEqual(["connecting", "aligning", "following", "stopped"]);
    expect(it.torque("follower")).toEqual(OFF);
  });

  test.each(["leader", "follower"] as const)(
    "a %s's board that is plugged in later is found",
    async (role) => {
      using it = new VirtualPair();
      it.arms.boards[role].isPlugged = false;
      it.at(30, () => {
        it.arms.boards[role].isPlugged = true;
      });
      await it.runFor(40);
      expect(it.states()).toEqual(["waiting", "connecting", "aligning", "following", "stopped"]);
      expect(it.codes()[0]).toBe("board.missing");
      expect(it.enteredAt("aligning")).toBeWithin(30, 30.5);
    },
  );

  test.each(["leader", "follower"] as const)("a %s that is switched on later is found", async (role) => {
    using it = new VirtualPair();
    it.arms.boards[role].hasPower = false;
    it.at(30, () => {
      it.arms.boards[role].hasPower = true;
    });
    await it.runFor(40);
    expect(it.states()).toEqual(["waiting", "connecting", "aligning", "following", "stopped"]);
    expect(it.codes()[0]).toBe("bus.silent");
    expect(it.enteredAt("aligning")).toBeWithin(30, 30.5);
  });

  test("what is missing is told once, however long it is missing, and each thing for itself", async () => {
    using it = new VirtualPair();
    it.arms.boards.leader.isPlugged = false;
    it.at(10, () => {
      it.arms.boards.follower.isPlugged = false;
    });
    await it.runFor(60);
    expect(it.codes()).toEqual([
      "board.missing",
      "board.missing",
      "board.missing",
      "board.missing",
      "pair.stopped",
    ]);
    expect(it.events.map(({ event }) => event.kind)).toEqual([
      "state",
      "reasons",
      "notice",
      "state",
      "stopped",
    ]);
  });

  test("arms that are not configured are, before any torque comes on", async () => {
    using it = new VirtualPair({ scene: "calibrated" });
    await it.runFor(8);
    expect(it.states()).toEqual(["connecting", "aligning", "following", "stopped"]);
    const configured = it.arms.record.findIndex(
      (entry) => entry.kind === "event" && entry.event === "eeprom",
    );
    const torque = it.arms.record.findIndex((entry) => entry.kind === "event" && entry.event === "energised");
    expect(configured).toBeWithin(0, torque);
  });

  test("the follower has the gains that are configured, which is said once", async () => {
    const lerobot = { p: 16, i: 0, d: 32 };
    const gains = {
      ...Object.fromEntries(JOINTS.map((joint) => [joint, lerobot])),
      elbow_flex: { ...lerobot, p: 24 },
    };
    using it = new VirtualPair({ settings: { gains: gains as GainsByJoint } });
    it.at(FOLLOWS_S, () => {
      it.arms.boards.follower.isPlugged = false;
    });
    it.at(FOLLOWS_S + 1, () => {
      it.arms.boards.follower.isPlugged = true;
    });
    await it.runFor(FOLLOWS_S + 5);
    const written = it.arms.record.flatMap((entry) =>
      entry.kind === "event" && entry.event === "eeprom"
        ? [[entry.arm, entry.joint, entry.register, entry.after]]
        : [],
    );
    expect(written).toEqual([["follower", "elbow_flex", "p_coefficient", 24]]);
    const told = it.events.flatMap(({ event }) =>
      event.kind === "notice" && event.problem.code === "servo.gains" ? [event] : [],
    );
    expect(told).toMatchObject([
      { severity: "info", problem: { gains: [{ joint: "elbow_flex", p: 24, i: 0, d: 32 }] } },
    ]);
    expect(it.states().at(-2)).toBe("following");
  });

  test("an arm with an STS3250 and 12 V servos is followed, and that is said", async () => {
    using it = new VirtualPair();
    const { servos } = it.arms.boards.follower.arm;
    servos[1]!.setValues({ model_number: 2825 });
    for (const servo of servos) {
      servo.setValues({ max_voltage_limit: 140 });
      servo.actuator.voltage = 121;
    }
    await it.runFor(6);
    expect(it.states()).toEqual(["connecting", "aligning", "following", "stopped"]);
    expect(it.codes()).toContain("servo.models");
    expect(it.codes()).not.toContain("servo.voltage");
  });

  test("a port that may not be opened, or is another program's, is waited for", async () => {
    for (const trouble of ["denied", "in use"] as const) {
      using it = new VirtualPair();
      it.arms.boards.leader.trouble = trouble;
      it.at(20, () => {
        it.arms.boards.leader.trouble = undefined;
      });
      await it.runFor(30);
      expect(it.states()).toEqual(["waiting", "connecting", "aligning", "following", "stopped"]);
      expect(it.codes()[0]).toBe(trouble === "denied" ? "port.denied" : "port.busy");
    }
  });

  test("a servo that does not answer is named, and waited for", async () => {
    using it = new VirtualPair();
    it.arms.boards.follower.arm.faultsOf("wrist_flex").silent = true;
    it.at(5, () => {
      it.arms.boards.follower.arm.faultsOf("wrist_flex").silent = false;
    });
    await it.runFor(12);
    expect(it.states()).toEqual(["waiting", "connecting", "aligning", "following", "stopped"]);
    expect(it.codes()[0]).toBe("bus.joints-missing");
  });
});

describe("a servo that answers to another id", () => {
  /** What reads and pings went to the follower from a time on, by their ids. */
  const asked = (it: VirtualPair, fromS: number, toS = 60) =>
    it.arms.record.flatMap((entry) =>
      entry.kind === "request" &&
      entry.arm === "follower" &&
      entry.t >= it.startUs + fromS * 1e6 &&
      entry.t < it.startUs + toS * 1e6
        ? Number.parseInt(entry.hex.slice(4, 6), 16)
        : [],
    );

  test("is looked for once, when the trouble has lasted 5 s, and named", async () => {
    using it = new VirtualPair();
    it.arms.boards.follower.arm.servo("wrist_flex").setValues({ id: 100 });
    await it.runFor(60);
    expect(it.codes().slice(0, 3)).toEqual(["bus.joints-missing", "servo.wrong-id", "servo.wrong-id"]);
    expect(it.codes()).toHaveLength(5);
    const named = it.events.find(({ event }) => event.kind === "notice");
    expect(named!.atS).toBeWithin(5, 8);
    expect(asked(it, 0).filter((id) => id === 100)).toHaveLength(1);
    expect(asked(it, 0, 5).filter((id) => id > 6 && id < 0xfe)).toEqual([]);
  });

  test("is followed as soon as it has its own, also while it is looked for", async () => {
    using it = new VirtualPair();
    const servo = it.arms.boards.follower.arm.servo("wrist_flex");
    servo.setValues({ id: 253 });
    // Nobody answers a broadcast: each id is tried, which takes a second or two.
    it.arms.boards.follower.hears = (packet) => packet[2] !== 0xfe || packet[4] !== 0x01;
    it.at(9, () => {
      expect(asked(it, 5)).toContain(12);
      expect(asked(it, 5)).not.toContain(253);
      servo.setValues({ id: 4 });
    });
    await it.runFor(14);
    expect(it.states()).toEqual(["waiting", "connecting", "aligning", "following", "stopped"]);
    expect(it.enteredAt("aligning")).toBeWithin(9, 9.5);
  });

  test("is not looked for while the arm holds", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => it.arms.boards.follower.arm.servo("wrist_flex").setValues({ id: 100 }));
    await it.runFor(30);
    expect(it.codes(FOLLOWS_S)).toContain("bus.joints-missing");
    expect(asked(it, FOLLOWS_S).filter((id) => id > 6 && id < 0xfe)).toEqual([]);
    expect(it.codes(FOLLOWS_S)).not.toContain("servo.wrong-id");
  });
});

describe("faults", () => {
  test("an arm without a calibration is a fault, cleared by the file without a restart", async () => {
    using it = new VirtualPair({ uncalibrated: true });
    it.at(60, () => it.saveCalibrations());
    await it.runFor(70);
    expect(it.states()).toEqual(["connecting", "faulted", "connecting", "aligning", "following", "stopped"]);
    expect(it.codes()).toContain("calibration.missing");
    expect(it.enteredAt("aligning")).toBeWithin(60, 60.5);
  });

  test("servos that do not match their file are a fault only when they still do not after a while", async () => {
    using it = new VirtualPair();
    const { servos } = it.arms.boards.follower.arm;
    const { homing_offset } = servos[1]!.values(it.clock.nowUs());
    servos[1]!.setValues({ homing_offset: 0 });
    it.at(0.2, () => servos[1]!.setValues({ homing_offset }));
    await it.runFor(6);
    expect(it.states()).toEqual(["connecting", "aligning", "following", "stopped"]);
  });

  test("servos that never match their file are a fault, and never get their torque", async () => {
    using it = new VirtualPair();
    it.arms.boards.follower.arm.servos[1]!.setValues({ homing_offset: 0 });
    await it.runFor(20);
    expect(it.states()).toEqual(["connecting", "faulted", "stopped"]);
    expect(it.codes()).toContain("calibration.mismatch");
    expect(it.torque("follower")).toEqual(OFF);
  });

  test("a servo of another model is a fault", async () => {
    using it = new VirtualPair();
    it.arms.boards.leader.arm.servos[3]!.setValues({ model_number: 9 });
    await it.runFor(3);
    expect(it.states()).toEqual(["connecting", "faulted", "stopped"]);
    expect(it.codes()).toContain("servo.wrong-model");
  });

  test("other faults take the place of those told before, each told once", async () => {
    using it = new VirtualPair();
    const { servos } = it.arms.boards.leader.arm;
    servos[3]!.setValues({ model_number: 9 });
    it.at(5, () => servos[3]!.setValues({ model_number: 777 }));
    it.at(5, () => servos[2]!.setValues({ model_number: 8 }));
    await it.runFor(20);
    expect(it.states()).toEqual(["connecting", "faulted", "stopped"]);
    const faults = it.events.filter(({ event }) => event.kind === "notice" && event.severity === "fault");
    expect(faults.length).toBe(1);
  });

  test("a board that is pulled while the pair is faulted is waited for", async () => {
    using it = new VirtualPair({ uncalibrated: true });
    it.at(5, () => {
      it.arms.boards.follower.isPlugged = false;
    });
    await it.runFor(10);
    expect(it.states()).toEqual(["connecting", "faulted", "waiting", "stopped"]);
  });

  test("a pair that is faulted can be paused", async () => {
    using it = new VirtualPair({ uncalibrated: true });
    it.at(5, () => {
      it.memory.mailbox.mode = "paused";
    });
    it.at(8, () => {
      it.memory.mailbox.mode = "running";
    });
    await it.runFor(10);
    // Its follower has no torque: nothing is held.
    expect(it.states()).toEqual(["connecting", "faulted", "waiting", "connecting", "faulted", "stopped"]);
  });
});

describe("losses", () => {
  test("a leader that is silent for a moment is held for, then aligned with", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => {
      for (const faults of it.arms.boards.leader.arm.faults) faults.silent = true;
    });
    it.at(FOLLOWS_S + 0.5, () => {
      for (const faults of it.arms.boards.leader.arm.faults) faults.silent = false;
    });
    await it.runFor(10);
    expect(it.states(FOLLOWS_S)).toEqual(["holding", "aligning", "following", "stopped"]);
    expect(it.enteredAt("holding")).toBeWithin(FOLLOWS_S + 0.09, FOLLOWS_S + 0.15);
    expect(it.codes(FOLLOWS_S)[0]).toBe("leader.silent");
  });

  test("a leader that stays silent is looked for from its board on", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => {
      it.arms.boards.leader.hasPower = false;
    });
    it.at(FOLLOWS_S + 10, () => {
      it.arms.boards.leader.hasPower = true;
    });
    await it.runFor(20);
    expect(it.states(FOLLOWS_S)).toEqual([
      "holding",
      "waiting",
      "connecting",
      "aligning",
      "following",
      "stopped",
    ]);
    expect(it.enteredAt("waiting")).toBeWithin(FOLLOWS_S + 1, FOLLOWS_S + 2);
  });

  test("a leader that lost its power while it was held for is configured again", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => {
      it.arms.boards.leader.hasPower = false;
    });
    it.at(FOLLOWS_S + 0.4, () => {
      it.arms.boards.leader.hasPower = true;
    });
    await it.runFor(12);
    expect(it.states(FOLLOWS_S)).toEqual(["holding", "connecting", "aligning", "following", "stopped"]);
  });

  test("a leader that is gone while the follower still aligns is held for", async () => {
    using it = new VirtualPair();
    it.at(0.5, () => {
      for (const faults of it.arms.boards.leader.arm.faults) faults.silent = true;
    });
    it.at(0.9, () => {
      for (const faults of it.arms.boards.leader.arm.faults) faults.silent = false;
    });
    await it.runFor(6);
    expect(it.states()).toEqual(["connecting", "aligning", "holding", "aligning", "following", "stopped"]);
  });

  test("a follower's servo that falls silent leads to waiting, and back", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => {
      it.arms.boards.follower.arm.faultsOf("elbow_flex").silent = true;
    });
    it.at(FOLLOWS_S + 3, () => {
      it.arms.boards.follower.arm.faultsOf("elbow_flex").silent = false;
    });
    await it.runFor(14);
    expect(it.states(FOLLOWS_S)).toEqual(["waiting", "connecting", "aligning", "following", "stopped"]);
    expect(it.codes(FOLLOWS_S)[0]).toBe("servo.silent");
  });

  test("a follower's servo that loses its power for a moment gets no goal before it is configured", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => it.arms.boards.follower.arm.servos[2]!.powerDown(it.clock.nowUs()));
    it.at(FOLLOWS_S + 0.02, () => it.arms.boards.follower.arm.servos[2]!.powerUp(it.clock.nowUs()));
    await it.runFor(12);
    expect(it.states(FOLLOWS_S)).toEqual(["waiting", "connecting", "aligning", "following", "stopped"]);
    expect(["servo.reset", "servo.silent"]).toContain(it.codes(FOLLOWS_S)[0]!);
  });

  test.each(["leader", "follower"] as const)("a %s's board that is pulled is waited for", async (role) => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => {
      it.arms.boards[role].isPlugged = false;
    });
    it.at(FOLLOWS_S + 5, () => {
      it.arms.boards[role].isPlugged = true;
    });
    await it.runFor(16);
    expect(it.states(FOLLOWS_S)).toEqual(["waiting", "connecting", "aligning", "following", "stopped"]);
    expect(it.codes(FOLLOWS_S)[0]).toBe("board.missing");
    expect(it.enteredAt("aligning", FOLLOWS_S)).toBeWithin(FOLLOWS_S + 5, FOLLOWS_S + 5.5);
  });

  test("a program that did not run for a while holds, and aligns", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => it.clock.suspend(30));
    await it.runFor(12);
    expect(it.states(FOLLOWS_S)).toEqual(["holding", "aligning", "following", "stopped"]);
    const [stalled] = it.events.filter(({ event }) => event.kind === "state" && event.to === "holding");
    expect(stalled!.event).toMatchObject({ reasons: [{ code: "program.stalled", forMs: 30_000 }] });
  });

  test("one lost reply, or three in a row of each arm, are made up for", async () => {
    using it = new VirtualPair();
    for (let lost = 0; lost < 20; lost++) {
      it.at(FOLLOWS_S + lost * 0.2, () => {
        it.arms.boards.leader.lose = 1 + (lost % 3);
      });
      it.at(FOLLOWS_S + lost * 0.2 + 0.1, () => {
        it.arms.boards.follower.lose = 1;
      });
    }
    await it.runFor(12);
    expect(it.states()).toEqual(["connecting", "aligning", "following", "stopped"]);
    expect(it.memory.telemetry.counter("leaderMisses")).toBeGreaterThan(5);
  });
});

describe("somebody beside the arms", () => {
  test("has it held, and go on", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => {
      it.memory.mailbox.mode = "paused";
    });
    it.at(FOLLOWS_S + 20, () => {
      it.memory.mailbox.mode = "running";
    });
    await it.runFor(30);
    expect(it.states(FOLLOWS_S)).toEqual(["holding", "aligning", "following", "stopped"]);
    expect(it.enteredAt("holding")).toBeWithin(FOLLOWS_S, FOLLOWS_S + 0.05);
  });

  test("has it released, and go on", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => {
      it.memory.mailbox.mode = "released";
    });
    it.at(FOLLOWS_S + 20, () => {
      expect(it.torque("follower")).toEqual(OFF);
      it.memory.mailbox.mode = "running";
    });
    await it.runFor(30);
    expect(it.states(FOLLOWS_S)).toEqual(["waiting", "aligning", "following", "stopped"]);
    expect(it.codes(FOLLOWS_S).filter((code) => code === "pair.released").length).toBe(2);
  });

  test("has it released while a servo is silent: it is tried until that has confirmed it, and each told once", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => {
      it.arms.boards.follower.arm.faultsOf("elbow_flex").silent = true;
    });
    it.at(FOLLOWS_S + 1, () => {
      it.memory.mailbox.mode = "released";
    });
    it.at(FOLLOWS_S + 20, () => {
      it.arms.boards.follower.arm.faultsOf("elbow_flex").silent = false;
    });
    await it.runFor(FOLLOWS_S + 25);
    const told = it.events.flatMap(({ event }) =>
      event.kind === "notice" && event.problem.code === "pair.released" ? [event] : [],
    );
    expect(told).toMatchObject([
      { severity: "warning", problem: { stage: "done", unconfirmed: ["elbow_flex"] } },
      { severity: "info", problem: { stage: "done", unconfirmed: [] } },
    ]);
    expect(it.torque("follower")).toEqual(OFF);
  });

  test("has the follower released also while the leader is missing, at once", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => {
      it.arms.boards.leader.isPlugged = false;
    });
    it.at(10, () => {
      expect(it.torque("follower")).toEqual(ON);
      it.memory.mailbox.mode = "released";
    });
    it.at(12, () => expect(it.torque("follower")).toEqual(OFF));
    await it.runFor(14);
    expect(it.states(FOLLOWS_S)).toEqual(["waiting", "stopped"]);
  });

  test("may change the settings, with which it aligns", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => it.memory.mailbox.sendSettings({ ...it.settings, rateHz: 100 }));
    it.at(FOLLOWS_S, () => it.memory.mailbox.sendSettings({ ...it.settings, rateHz: 50 }));
    await it.runFor(9);
    expect(it.states(FOLLOWS_S)).toEqual(["aligning", "following", "stopped"]);
    const ticks = it.memory.telemetry.counter("ticks");
    expect(ticks).toBeWithin(FOLLOWS_S * 200, FOLLOWS_S * 200 + 5 * 60);
  });

  test("moves the leader by hand to begin, where that is configured", async () => {
    using it = new VirtualPair({ settings: { start: "on leader motion" } });
    it.at(30, () => it.arms.boards.leader.hand.play("wave", it.clock.nowUs()));
    await it.runFor(40);
    expect(it.states()).toEqual(["connecting", "waiting", "aligning", "following", "stopped"]);
    expect(it.codes()).toContain("leader.awaited");
    expect(it.enteredAt("aligning")).toBeWithin(30, 34);
  });

  test("need not move the leader again where the follower is still held", async () => {
    using it = new VirtualPair({ settings: { start: "on leader motion" } });
    it.at(1, () => it.arms.boards.leader.hand.play("wave", it.clock.nowUs()));
    it.at(12, () => it.arms.boards.leader.hand.play("still", it.clock.nowUs()));
    it.at(15, () => it.clock.suspend(10));
    await it.runFor(20);
    expect(it.states(14)).toEqual(["holding", "aligning", "following", "stopped"]);
  });
});

describe("what must not last", () => {
  test("a follower that is held is released after its bound, in whatever state", async () => {
    using it = new VirtualPair({ settings: { holdForS: 60 } });
    it.at(FOLLOWS_S, () => {
      it.memory.mailbox.mode = "paused";
    });
    it.at(FOLLOWS_S + 59, () => expect(it.torque("follower")).toEqual(ON));
    it.at(FOLLOWS_S + 62, () => expect(it.torque("follower")).toEqual(OFF));
    await it.runFor(80);
    expect(it.codes()).toContain("arm.held-too-long");
    // What has no torque holds nothing.
    expect(it.states(FOLLOWS_S)).toEqual(["holding", "waiting", "stopped"]);
    expect(it.enteredAt("waiting", FOLLOWS_S)).toBeWithin(FOLLOWS_S + 60, FOLLOWS_S + 62);
  });

  test("… and follows again when it is resumed", async () => {
    using it = new VirtualPair({ settings: { holdForS: 60 } });
    it.at(FOLLOWS_S, () => {
      it.memory.mailbox.mode = "paused";
    });
    it.at(FOLLOWS_S + 70, () => {
      it.memory.mailbox.mode = "running";
    });
    await it.runFor(80);
    expect(it.states(FOLLOWS_S + 65)).toEqual(["aligning", "following", "stopped"]);
  });

  test("an hour of waiting passes without a word, and an hour of holding", async () => {
    using it = new VirtualPair({ settings: { holdForS: 86_400 } });
    it.at(FOLLOWS_S, () => {
      it.arms.boards.leader.isPlugged = false;
    });
    const HOUR = 3_600;
    await it.runFor(HOUR);
    expect(it.codes(10)).toEqual(["pair.stopped"]);
  });

  test("a follower that is too hot is released until it is cool, and followed again", async () => {
    using it = new VirtualPair();
    const { actuator } = it.arms.boards.follower.arm.servos[3]!;
    it.at(FOLLOWS_S, () => {
      actuator.temperature = 66;
    });
    it.at(FOLLOWS_S + 3, () => expect(it.torque("follower")).toEqual(OFF));
    it.at(FOLLOWS_S + 10, () => {
      actuator.temperature = 56;
    });
    it.at(FOLLOWS_S + 20, () => {
      actuator.temperature = 54;
    });
    await it.runFor(32);
    expect(it.states(FOLLOWS_S)).toEqual(["waiting", "aligning", "following", "stopped"]);
    expect(it.enteredAt("aligning", FOLLOWS_S)).toBeWithin(FOLLOWS_S + 20, FOLLOWS_S + 20.5);
    expect(it.codes(FOLLOWS_S)).toContain("servo.cooling");
  });

  test("a follower that is too hot at first does not get its torque", async () => {
    using it = new VirtualPair();
    it.arms.boards.follower.arm.servos[0]!.actuator.temperature = 66;
    await it.runFor(5);
    expect(it.states()).toEqual(["connecting", "waiting", "stopped"]);
    const torque = it.arms.record.filter((entry) => entry.kind === "event" && entry.event === "energised");
    expect(torque).toEqual([]);
  });

  test("a warm follower moves at the aligning speed", async () => {
    using it = new VirtualPair();
    it.arms.boards.follower.arm.servos[0]!.actuator.temperature = 61;
    await it.runFor(6);
    expect(it.states()).toEqual(["connecting", "aligning", "following", "stopped"]);
    expect(it.codes()).toContain("servo.too-hot");
  });

  test("a leader whose torque is on is released when it waits, and told", async () => {
    using it = new VirtualPair();
    it.arms.boards.follower.isPlugged = false;
    for (const servo of it.arms.boards.leader.arm.servos) servo.setValues({ torque_enable: 1 });
    await it.runFor(3);
    expect(it.torque("leader")).toEqual(OFF);
    expect(it.codes()).toContain("leader.torque-on");
  });

  test("a leader that gets torque while it is followed loses it, and that is told once", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => it.arms.boards.leader.arm.servos[1]!.setValues({ torque_enable: 1 }));
    await it.runFor(FOLLOWS_S + 2);
    expect(it.torque("leader")).toEqual(OFF);
    expect(it.codes().filter((code) => code === "leader.torque-on").length).toBe(1);
    expect(it.states(FOLLOWS_S)).toEqual(["stopped"]);
  });

  test("a leader's servo that reports no position is waited for", async () => {
    using it = new VirtualPair();
    const { actuator } = it.arms.boards.leader.arm.servos[4]!;
    it.at(1, () => it.arms.boards.leader.arm.servos[4]!.setValues({ phase: 12 | 16 }));
    it.at(1, () => {
      actuator.motor.position += 5_000;
    });
    await it.runFor(10);
    expect(it.codes()).toContain("servo.no-position");
    expect(it.states().at(-2)).toBe("waiting");
  });
});

describe("the end", () => {
  const left = ({ events }: VirtualPair) => {
    const { event } = events.at(-1)!;
    return event.kind === "stopped" ? event.left : undefined;
  };

  test.each([
    ["relax", "stop", "released", OFF],
    ["hold", "stop", "held", ON],
    ["relax", "handOver", "handed over", ON],
    ["hold", "stopQuickly", "held", ON],
  ] as const)("on_stop = %s, asked to %s: the follower is %s", async (onStop, ending, wanted, torque) => {
    using it = new VirtualPair({ settings: { onStop } });
    it.at(FOLLOWS_S, () => it.memory.mailbox.requestEnd(ending));
    await it.runFor(20);
    expect(left(it)).toBe(wanted);
    expect(it.torque("follower")).toEqual([...torque]);
  });

  const parkPose = {
    shoulder_pan: 0,
    shoulder_lift: 0,
    elbow_flex: 0,
    wrist_flex: 0,
    wrist_roll: 0,
    gripper: 20,
  };

  test("with on_stop = park the follower is led to the pose slowly, and released there", async () => {
    using it = new VirtualPair({ settings: { onStop: "park", parkPose } });
    await it.runFor(FOLLOWS_S);
    expect(left(it)).toBe("parked");
    expect(it.torque("follower")).toEqual(OFF);
  });

  test("a second request cuts parking short", async () => {
    using it = new VirtualPair({ settings: { onStop: "park", parkPose } });
    it.at(FOLLOWS_S, () => it.memory.mailbox.requestEnd("stop"));
    it.at(FOLLOWS_S + 0.2, () => it.memory.mailbox.requestEnd("stopQuickly"));
    await it.runFor(30);
    expect(left(it)).toBe("released");
    expect(it.nowS).toBeLessThan(FOLLOWS_S + 3);
  });

  test("a follower that is not connected may hold, when it did", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => {
      it.arms.boards.follower.isPlugged = false;
    });
    await it.runFor(8);
    expect(left(it)).toBe("not connected");
    expect(it.codes()).toContain("arm.may-hold");
  });

  test("a follower that was never there needs no word", async () => {
    using it = new VirtualPair();
    it.arms.boards.follower.isPlugged = false;
    await it.runFor(8);
    expect(left(it)).toBe("not connected");
    expect(it.codes()).not.toContain("arm.may-hold");
  });

  test("servos that do not answer when they are released are told of", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => {
      it.memory.mailbox.requestEnd("stop");
      for (const faults of it.arms.boards.follower.arm.faults) faults.silent = true;
    });
    await it.runFor(20);
    expect(left(it)).toBe("in doubt");
    expect(it.codes()).toContain("arm.may-hold");
  });

  test("what is asked while arms are configured comes before they are followed", async () => {
    using it = new VirtualPair({ scene: "calibrated" });
    await it.runFor(0.1);
    expect(it.states()).toEqual(["connecting", "stopped"]);
    expect(it.torque("follower")).toEqual(OFF);
  });
});

describe("the samples", () => {
  test("tell each tick, and what is seen while the pair waits", async () => {
    using it = new VirtualPair();
    const reader = it.memory.readSamples();
    it.at(3, () => {
      it.memory.mailbox.mode = "paused";
    });
    const samples: unknown[] = [];
    it.at(2, () => {
      for (let sample = reader.next(); sample !== undefined; sample = reader.next()) samples.push(sample);
    });
    await it.runFor(4);
    expect(samples.length).toBeGreaterThan(350);
    expect(samples.at(-1)).toMatchObject({ leader: it.positions("leader") });
    let last = reader.next();
    for (let sample = last; sample !== undefined; sample = reader.next()) last = sample;
    expect(last).toMatchObject({ state: "holding" });
  });
});

describe("what is told while following", () => {
  /** Has the leader's hand bring a joint to a reading. */
  const lead = (it: VirtualPair, joint: number, to: number, stepsPerS = 1_000) => {
    const { actuator } = it.arms.boards.leader.arm.servos[joint]!;
    actuator.motor.push(actuator.shaftAt(to), stepsPerS);
  };

  test("something that stops a joint, and that it is free again", async () => {
    using it = new VirtualPair();
    const { actuator } = it.arms.boards.follower.arm.servos[2]!;
    it.at(FOLLOWS_S, () => actuator.motor.block(actuator.motor.position - 40));
    it.at(FOLLOWS_S, () => lead(it, 2, it.positions("leader")[2]! - 700));
    it.at(FOLLOWS_S + 4, () => actuator.motor.block(undefined));
    await it.runFor(20);
    const alarms = it.events.flatMap(({ event }) => (event.kind === "alarm" ? event : []));
    expect(
      alarms.map(({ change, severity, problem }) => [change, severity, problem.code, problem.joint]),
    ).toEqual([
      ["raised", "warning", "joint.obstructed", "elbow_flex"],
      // 20° ahead of where it is, it presses with 92 % of its torque: that overloads a servo within 2 s.
      ["raised", "warning", "servo.overload", "elbow_flex"],
      ["cleared", "info", "joint.obstructed", "elbow_flex"],
      ["cleared", "info", "servo.overload", "elbow_flex"],
    ]);
    expect(it.states(FOLLOWS_S)).toEqual(["stopped"]);
  });

  test("no obstacle where a slow loop sees a waving joint twice at the same place", async () => {
    // Six servos in turn at 25 Hz: each is read every 240 ms, and waves once in two readings.
    using it = new VirtualPair({ settings: { rateHz: 25 } });
    for (const { actuator } of it.arms.boards.follower.arm.servos) actuator.motor.lagS = 0.15;
    const { actuator } = it.arms.boards.leader.arm.servos[0]!;
    const middle = actuator.position;
    for (let atS = FOLLOWS_S + 1; atS < FOLLOWS_S + 20; atS += 0.02) {
      const at = middle + 284.5 * Math.sin(2 * Math.PI * 2.1 * (atS - FOLLOWS_S - 1));
      it.at(atS, () => actuator.motor.push(actuator.shaftAt(at), 6_000));
    }
    await it.runFor(FOLLOWS_S + 20);
    expect(it.codes(FOLLOWS_S)).toEqual(["pair.stopped"]);
  });

  test("nothing any more of what stopped a joint before a pause, and does not after it", async () => {
    using it = new VirtualPair();
    const { actuator } = it.arms.boards.follower.arm.servos[2]!;
    const at = it.positions("leader")[2]!;
    it.at(FOLLOWS_S, () => actuator.motor.block(actuator.motor.position - 40));
    it.at(FOLLOWS_S, () => lead(it, 2, at - 700));
    it.at(FOLLOWS_S + 4, () => {
      it.memory.mailbox.mode = "paused";
    });
    it.at(FOLLOWS_S + 5, () => actuator.motor.block(undefined));
    it.at(FOLLOWS_S + 5, () => lead(it, 2, at));
    it.at(FOLLOWS_S + 7, () => {
      it.memory.mailbox.mode = "running";
    });
    await it.runFor(20);
    // That it presses for so long is an overload, too.
    const alarms = it.events.flatMap(({ event }) =>
      event.kind === "alarm" && event.problem.code !== "servo.overload" ? event : [],
    );
    expect(alarms.map(({ change, problem }) => [change, problem.code])).toEqual([
      ["raised", "joint.obstructed"],
      ["cleared", "joint.obstructed"],
    ]);
  });

  test("a full-turn joint whose leader crosses the end of its turn, once", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => lead(it, 4, 4_000, 1_000));
    it.at(FOLLOWS_S + 6, () => lead(it, 4, 4_200, 1_000));
    await it.runFor(30);
    // Once that it does, and once that it follows again.
    expect(it.codes(FOLLOWS_S).filter((code) => code === "joint.unwinds").length).toBe(2);
    expect(it.states(FOLLOWS_S)).toEqual(["stopped"]);
  });

  test("a leader that has jumped further than a hand can have moved it", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => {
      it.arms.boards.leader.arm.servos[0]!.actuator.motor.position += 600;
    });
    await it.runFor(12);
    expect(it.codes(FOLLOWS_S)).toContain("leader.jumped");
    expect(it.states(FOLLOWS_S)).toEqual(["stopped"]);
  });
});

describe("what goes wrong in between", () => {
  test("EEPROM that does not keep a value is a fault, and not worn by trying again", async () => {
    using it = new VirtualPair({ scene: "calibrated" });
    const P_COEFFICIENT = 21;
    const WRITE = 3;
    let writes = 0;
    it.arms.boards.follower.hears = (packet) => {
      const isStuck = packet[4] === WRITE && packet[5] === P_COEFFICIENT && packet[2] === 2;
      if (isStuck) writes++;
      return !isStuck;
    };
    await it.runFor(60);
    expect(it.states()).toEqual(["connecting", "faulted", "stopped"]);
    expect(it.codes()).toContain("servo.eeprom");
    expect(writes).toBeLessThanOrEqual(2);
  });

  test("EEPROM that did not keep a value is tried again once the arm was away", async () => {
    using it = new VirtualPair({ scene: "calibrated" });
    it.arms.boards.follower.hears = (packet) => !(packet[4] === 3 && packet[5] === 21);
    it.at(10, () => {
      it.arms.boards.follower.isPlugged = false;
      it.arms.boards.follower.hears = () => true;
    });
    it.at(12, () => {
      it.arms.boards.follower.isPlugged = true;
    });
    await it.runFor(25);
    expect(it.states().slice(-4)).toEqual(["connecting", "aligning", "following", "stopped"]);
  });

  test("a port that fails in use is told, opened again, and used again", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => {
      it.arms.boards.leader.failure = "failed";
    });
    it.at(FOLLOWS_S + 2, () => {
      it.arms.boards.leader.failure = undefined;
    });
    await it.runFor(15);
    expect(it.codes(FOLLOWS_S)[0]).toBe("port.failed");
    expect(it.states(FOLLOWS_S)).toEqual(["waiting", "aligning", "following", "stopped"]);
  });

  test("a servo that does not take its goal is told once, tried again, and never gets its torque", async () => {
    using it = new VirtualPair();
    const GOAL = 42;
    it.arms.boards.follower.hears = (packet) => packet[5] !== GOAL;
    it.at(20, () => {
      it.arms.boards.follower.hears = () => true;
    });
    await it.runFor(30);
    expect(it.codes().filter((code) => code === "bus.failed").length).toBe(1);
    expect(it.states()).toEqual(["connecting", "waiting", "aligning", "following", "stopped"]);
  });

  test("an arm that was reset just when something was asked is configured again before it is followed", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => {
      it.memory.mailbox.sendSettings(it.settings);
      const servo = it.arms.boards.leader.arm.servos[1]!;
      servo.powerDown(it.clock.nowUs());
      servo.powerUp(it.clock.nowUs());
    });
    await it.runFor(12);
    expect(it.states(FOLLOWS_S)).toEqual(["waiting", "connecting", "aligning", "following", "stopped"]);
    expect(it.codes(FOLLOWS_S)[0]).toBe("servo.reset");
  });

  test("servos that do not all confirm that their torque is off are named at the end", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => {
      it.memory.mailbox.requestEnd("stop");
      it.arms.boards.follower.arm.faultsOf("gripper").silent = true;
    });
    await it.runFor(20);
    const doubt = it.events.flatMap(({ event }) =>
      event.kind === "notice" && event.problem.code === "arm.may-hold" ? event.problem.doubt : [],
    );
    expect(doubt).toEqual([{ why: "not confirmed", joints: ["gripper"] }]);
  });

  test("a port that is lost while the follower is released is told", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => it.memory.mailbox.requestEnd("stop"));
    it.at(FOLLOWS_S + 0.5, () => {
      it.arms.boards.follower.isPlugged = false;
    });
    await it.runFor(20);
    expect(it.codes()).toContain("arm.may-hold");
  });

  test("a follower that cannot be asked what it needs for parking is released where it is", async () => {
    const parkPose = {
      ...{ shoulder_pan: 0, shoulder_lift: 0, elbow_flex: 0, wrist_flex: 0, wrist_roll: 0, gripper: 20 },
    };
    using it = new VirtualPair({ settings: { onStop: "park", parkPose } });
    const MAX_TORQUE_LIMIT = 16;
    it.at(FOLLOWS_S, () => {
      it.arms.boards.follower.hears = (packet) => packet[5] !== MAX_TORQUE_LIMIT;
      it.memory.mailbox.requestEnd("stop");
    });
    await it.runFor(30);
    expect(it.torque("follower")).toEqual(OFF);
    expect(it.events.at(-1)!.event).toMatchObject({ kind: "stopped", left: "released" });
  });
});

describe("a way that no edge leads, which is the program's own mistake,", () => {
  /** Makes the program go wrong once, when it has just entered following. */
  function mistaken(onMissingEdge: "throw" | "start over") {
    const it = new VirtualPair({ onMissingEdge });
    it.heard = (event) => {
      if (event.kind !== "state" || event.to !== "following") return;
      it.heard = () => {};
      throw new MissingEdge("aligning", "connecting", "pair.connecting");
    };
    return it;
  }

  test("throws in tests", async () => {
    using it = mistaken("throw");
    expect(it.runFor(20)).rejects.toThrow(MissingEdge);
  });

  test("is told in the field, and the pair starts over with the follower held meanwhile", async () => {
    using it = mistaken("start over");
    const torques: boolean[][] = [];
    it.at(4, () => torques.push(it.torque("follower")));
    await it.runFor(20);
    expect(it.codes()).toContain("program.internal-error");
    expect(it.states().slice(3)).toEqual(["waiting", "connecting", "aligning", "following", "stopped"]);
    const limp = it.arms.record.filter(
      (entry) => entry.kind === "event" && entry.arm === "follower" && entry.event === "limp",
    );
    // Only at the end.
    expect(limp.length).toBe(6);
    expect(torques).toEqual([ON]);
  });
});
