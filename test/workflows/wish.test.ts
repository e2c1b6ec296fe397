/** What a release or a pause that is told to be done means: nothing drives the follower until somebody says go on. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../scripts/random.ts";
import { type ApiError, askService } from "../../src/api/client.ts";
import type { Status } from "../../src/api/protocol.ts";
import { JOINTS } from "../../src/arm/joints.ts";
import { type ApiSubject, serveApi } from "../../src/daemon/api/server.ts";
import { statusOf } from "../../src/daemon/api/status.ts";
import { EventHistory } from "../../src/daemon/events/event-history.ts";
import { tell } from "../../src/daemon/events/told.ts";
import { Lending } from "../../src/daemon/lending.ts";
import { Instruction } from "../../src/feetech/packet.ts";
import { registers } from "../../src/feetech/registers.ts";
import type { Mode } from "../../src/teleop/state/states.ts";
import { askFor, outcomeOf } from "../../src/workflows/wish.ts";
import { nearPose as parkPose } from "../config/park.ts";
import { aDrive } from "../support/drive.ts";
import { aStatus, leaderOnly } from "../support/status.ts";
import { type Choices, VirtualPair } from "../support/virtual-pair.ts";

const wishes = { released: "release", paused: "pause" } as const;

/** Others than the one whom a test is about: they ask for nothing any more once that one has. */
interface Others {
  ask(what: Mode | "park"): void;
}

interface Story {
  readonly choices?: Choices;
  readonly play?: (it: VirtualPair, others: Others) => void;
}

/** What a pair goes through within six seconds: every state that it can be in, and what wants to drive it again later. */
const stories: Readonly<
  Record<string, { choices?: Choices; play?: (it: VirtualPair, others: Others) => void }>
> = {
  "from nothing to following": {},
  "arms that must be configured first": { choices: { scene: "calibrated" } },
  "a calibration that is missing, and comes, with a follower that holds": {
    choices: { uncalibrated: true },
    play: (it) => {
      for (const servo of it.arms.boards.follower.arm.servos) servo.setValues({ torque_enable: 1 });
      it.at(4, () => it.saveCalibrations());
    },
  },
  "a leader that is to be moved first, and is": {
    choices: { settings: { start: "on leader motion" } },
    play: (it) => {
      for (let ms = 500; ms < 6_000; ms += 500) {
        it.at(ms / 1e3, () => {
          it.arms.boards.leader.arm.servo("elbow_flex").actuator.motor.position += 100;
        });
      }
    },
  },
  "a leader's board that comes and goes": {
    play: (it) => {
      for (let s = 0.3; s < 9; s += 0.7) it.at(s, () => plug(it, "leader", Math.round(s * 10) % 2 === 0));
      it.at(9.5, () => plug(it, "leader", true));
    },
  },
  "a leader that falls silent again and again": {
    play: (it) => {
      for (let s = 0.5; s < 9; s += 1.1) {
        it.at(s, () => power(it, "leader", false));
        it.at(s + 0.4, () => power(it, "leader", true));
      }
    },
  },
  "a follower's servo that loses its power again and again": {
    play: (it) => {
      for (let s = 0.4; s < 8; s += 0.9) {
        it.at(s, () => {
          const servo = it.arms.boards.follower.arm.servo("wrist_flex");
          servo.powerDown(it.clock.nowUs());
          servo.powerUp(it.clock.nowUs(), { silentMs: 20 });
        });
      }
    },
  },
  "a follower that is on its way to its parking pose": {
    choices: { settings: { parkPose, alignSpeedDegPerS: 20 } },
    play: (it, others) => it.at(0.5, () => others.ask("park")),
  },
  "a person who goes on and pauses again and again": {
    play: (it, others) => {
      const modes = ["paused", "running", "released", "running"] as const;
      for (let i = 0; i < 30; i++) it.at(0.5 + i * 0.17, () => others.ask(modes[i % modes.length]!));
    },
  },
};

function plug(it: VirtualPair, role: "leader" | "follower", isPlugged: boolean): void {
  it.arms.boards[role].isPlugged = isPlugged;
}

function power(it: VirtualPair, role: "leader" | "follower", hasPower: boolean): void {
  it.arms.boards[role].hasPower = hasPower;
}

/** When the follower was sent a goal, or its torque came on, s. */
function drivenAt(it: VirtualPair): number[] {
  const goals = it.arms.record.flatMap((entry) => {
    if (entry.kind !== "request" || entry.arm !== "follower") return [];
    return writesGoal(Uint8Array.fromHex(entry.hex)) ? (entry.t - it.startUs) / 1e6 : [];
  });
  return [...energisedAt(it), ...goals];
}

function energisedAt(it: VirtualPair): number[] {
  return it.arms.record.flatMap((entry) => {
    const isOn = entry.kind === "event" && entry.arm === "follower" && entry.event === "energised";
    return isOn ? (entry.t - it.startUs) / 1e6 : [];
  });
}

function writesGoal(packet: Uint8Array): boolean {
  const [, , , length, instruction, address] = packet as unknown as number[];
  const size = instruction === Instruction.syncWrite ? packet[6]! : length! - 3;
  if (instruction !== Instruction.syncWrite && instruction !== Instruction.write) return false;
  const goal = registers.goal_position.address;
  return address! <= goal + 1 && address! + size > goal;
}

/** Plays a story for twelve seconds; at `atS` somebody asks for the mode, and whoever looks at the status knows when it is done. */
async function played({ choices, play }: Story, mode: "released" | "paused", atS: number, random: Random) {
  using it = new VirtualPair(choices);
  const { settings, memory } = it;
  const history = new EventHistory();
  it.heard = (event) => history.take(tell(event, [], {}));
  const reading = { at: new Date(), refused: [], kept: [] };
  const lending = new Lending(memory, () => {});
  const sources = {
    pair: "main",
    startedAt: new Date(),
    settings,
    reading,
    memory,
    history,
    calibrations: {},
    lending,
    ...aDrive(memory, settings),
  };
  let hasAsked = false;
  play?.(it, {
    ask(what) {
      if (hasAsked) return;
      if (what === "park") memory.mailbox.requestPark();
      else memory.mailbox.mode = what;
    },
  });
  let doneAtS = Number.POSITIVE_INFINITY;
  it.at(atS, () => {
    hasAsked = true;
    memory.mailbox.mode = mode;
  });
  // A client may look in the same moment, and whenever else.
  for (let s = atS + 1e-6; s < atS + 5; s += random.between(0, 0.02)) {
    it.at(s, () => {
      if (doneAtS < s) return;
      const torque = outcomeOf(wishes[mode], [statusOf(sources)]);
      if (torque === "unknown") return;
      doneAtS = s;
      expect(it.torque("follower").some(Boolean)).toBe(torque === "on");
    });
  }
  await it.runFor(12);
  const changes = it.events.flatMap(({ atS: at, event }) => (event.kind === "state" ? at : []));
  return { doneAtS, driven: drivenAt(it), moments: [...energisedAt(it), ...changes].filter((s) => s < 6) };
}

describe.each(Object.entries(stories))("%s", (_, story) => {
  test.each(["released", "paused"] as const)("and somebody asks for it to be %s", async (mode) => {
    const random = new Random(mode.length);
    // What is asked in the moment in which the pair does something else is the hardest.
    const { moments } = await played(story, mode, Number.POSITIVE_INFINITY, random);
    expect(moments.length).toBeGreaterThan(0);
    for (let round = 0; round < 4; round++) {
      const atS = Math.max(random.of(moments) + random.between(-0.03, 0.01), 0.01);
      const { doneAtS, driven } = await played(story, mode, atS, random);
      const later = driven.filter((s) => s > doneAtS && s < 12);
      expect({ atS, doneAtS, later }).toEqual({ atS, doneAtS, later: [] });
      expect(doneAtS).toBeLessThan(atS + 5);
    }
  });
});

/** One that has been asked for a release: where it has the follower, its torque is as given. */
const released = (torqueOn: boolean | null, of: Partial<Status> = {}): Status => {
  const { leader, follower } = aStatus.arms;
  const joints = JOINTS.map((joint) => [joint, { ...follower.joints[joint], torqueOn }]);
  const arms = { leader, follower: { ...follower, joints: Object.fromEntries(joints) } };
  return { ...aStatus, state: "waiting", mode: "released", isObeyed: torqueOn === false, arms, ...of };
};

describe("of several services that listen", () => {
  test("the one that has the arms must have released them, and the others know of it", () => {
    expect(outcomeOf("release", [released(null), released(false)])).toBe("off");
    expect(outcomeOf("release", [released(null, { mode: "running" }), released(false)])).toBe("unknown");
    expect(outcomeOf("release", [released(null), released(true)])).toBe("unknown");
    expect(outcomeOf("release", [released(null), released(null)])).toBe("unknown");
    expect(outcomeOf("release", [released(false, { isObeyed: false })])).toBe("unknown");
  });

  test("a pause is done when the one that has the arms holds them", () => {
    const paused = { mode: "paused", isObeyed: true } as const;
    expect(
      outcomeOf("pause", [released(null, paused), released(true, { ...paused, state: "holding" })]),
    ).toBe("on");
    expect(
      outcomeOf("pause", [released(null, paused), released(true, { ...paused, state: "following" })]),
    ).toBe("unknown");
    expect(outcomeOf("pause", [released(null, paused)])).toBe("unknown");
    expect(outcomeOf("pause", [released(false, paused)])).toBe("off");
  });

  test("one of version 0.1 does not say whether it has done as was asked: its state and the torque do", () => {
    const { isObeyed: _, ...old } = released(false);
    expect(outcomeOf("release", [old])).toBe("off");
  });
});

describe("of the system's socket and a user's", () => {
  let dir: string;
  const servers: { close(): void }[] = [];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "so101-wish-"));
  });
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
    rmSync(dir, { recursive: true });
  });

  /** A service that has the arms, or one that another program keeps from them. */
  async function serve(name: string, arms: "has the arms" | "has none"): Promise<string> {
    let mode: Mode = "running";
    const isOff = () => arms === "has the arms" && mode === "released";
    const take = (wished: Mode) => {
      mode = wished;
      return arms === "has none" ? "so101 (pid 7) has /dev/x open" : undefined;
    };
    const status = () => released(isOff() ? false : null, { mode, isObeyed: isOff() });
    const subject = { status, release: () => take("released"), resume: () => take("running") };
    const path = join(dir, name);
    servers.push(await serveApi(path, subject as unknown as ApiSubject));
    return path;
  }
  const never = new AbortController().signal;

  test("both are asked, whichever has the arms", async () => {
    const sockets = [await serve("system", "has none"), await serve("user", "has the arms")];
    expect(await askFor("release", sockets, never)).toBe("off");
    const statuses = await Promise.all(sockets.map((path) => askService([path], { do: "status" })));
    expect(statuses.map((status) => status?.mode)).toEqual(["released", "released"]);
  });

  test("it is a failure when none has them, and says why", async () => {
    const sockets = [await serve("system", "has none"), join(dir, "nobody")];
    const error = await askFor("release", sockets, never).catch((thrown: ApiError) => thrown);
    expect(error).toMatchObject({ problem: { kind: "refused", reason: "so101 (pid 7) has /dev/x open" } });
  });

  test("nobody listens at either", async () => {
    const paths = [join(dir, "a"), join(dir, "b")];
    const error = await askFor("release", paths, never).catch((thrown: ApiError) => thrown);
    expect(error).toMatchObject({ problem: { kind: "not running", paths } });
  });
});

test("a machine that has the leader alone has done it once it sends no positions", () => {
  const alone = (fields: Partial<Status>) => [{ ...leaderOnly, ...fields }];
  expect(outcomeOf("pause", alone({ state: "leading", mode: "running" }))).toBe("unknown");
  expect(outcomeOf("pause", alone({ state: "leading", mode: "paused" }))).toBe("unknown");
  expect(outcomeOf("pause", alone({ state: "waiting", mode: "paused" }))).toBe("elsewhere");
  expect(outcomeOf("release", alone({ state: "waiting", mode: "released" }))).toBe("elsewhere");
  // Beside it a service with a follower: that one is what is asked about.
  const released = { ...aStatus, state: "waiting", mode: "released", isObeyed: true } as Status;
  expect(outcomeOf("release", [...alone({ state: "waiting", mode: "released" }), released])).toBe("unknown");
});
