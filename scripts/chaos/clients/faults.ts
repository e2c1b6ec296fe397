/** What clients do to a pair that takes targets from them, and what may befall a pair while one drives. */
import { askService } from "../../../src/api/client.ts";
import { JOINTS } from "../../../src/sim/arm/joints.ts";
import type { SimClient } from "../../../src/sim/control/client.ts";
import type { Random } from "../../random.ts";
import type { Fault } from "../fault.ts";
import { replayFaults } from "./replays.ts";
import { type ClientDraw, type ClientVictims, LIES_STILL_MS, whileLeaderRests } from "./victims.ts";
import { type Lie, often, WireClient } from "./wire-client.ts";

/** A client moves all joints by so much to each side, in steps, so often a second: at less than the aligning speed. */
const SWING_STEPS = 100;
const SWINGS_PER_S = 0.5;

let named = 0;
const newName = () => `chaos-${named++}`;

/** What a client does while it is there. */
type Conduct = (
  client: WireClient,
  at: (seconds: number) => readonly number[],
  signal: AbortSignal,
) => Promise<void>;

/** Clients that connect one after the other until their time is over, each of which does the same. */
function clients(
  victims: ClientVictims,
  about: Pick<Fault, "kind" | "text" | "forMs">,
  conduct: Conduct,
  count = 1,
): Fault {
  const one = async (signal: AbortSignal) => {
    // Who was made to leave may not come again for a while: then it is somebody else.
    let who = newName();
    while (!signal.aborted) {
      const client = await WireClient.ask(victims.control, who, victims.given);
      if (client?.isTaken) await conduct(client, await swingFrom(victims.client), signal);
      else who = newName();
      client?.vanish();
      await Bun.sleep(50);
    }
  };
  return whileLeaderRests(victims, about, async (signal) => {
    await Promise.all(Array.from({ length: count }, () => one(signal)));
  });
}

/** Where all joints are to be after so many seconds: around where the follower is now. */
async function swingFrom(client: SimClient): Promise<(seconds: number) => readonly number[]> {
  const { follower } = await client.request({ do: "state" });
  const middle = JOINTS.map((joint) => Math.round(follower.joints[joint].position));
  return (seconds) => {
    const swing = Math.round(SWING_STEPS * Math.sin(2 * Math.PI * SWINGS_PER_S * seconds));
    return middle.map((position) => Math.min(Math.max(position + swing, 0), 4095));
  };
}

/** Sends as it should, until it is over. */
function honest(rateHz: number): Conduct {
  return async (client, at, signal) => {
    const fromMs = performance.now();
    await often(
      rateHz,
      signal,
      () => client.target(at((performance.now() - fromMs) / 1e3)) && client.isTaken,
    );
  };
}

/** A client that lies in this way, each now and then or always. */
function lying(random: Random, rateHz: number, share: number, lie: (count: number) => Lie): Conduct {
  return async (client, at, signal) => {
    const fromMs = performance.now();
    let count = 0;
    await often(rateHz, signal, () => {
      const positions = at((performance.now() - fromMs) / 1e3);
      return client.target(positions, random.chance(share) ? lie(count++) : {}) && client.isTaken;
    });
  };
}

/** Positions that no joint has. */
const NO_POSITIONS = [-1, 4096, 32_767, -32_768];

const LIES: Readonly<Record<string, (random: Random) => (count: number) => Lie>> = {
  "times that are none": (random) => () => ({
    sentUs: random.of([Number.NaN, Number.POSITIVE_INFINITY, -1, 0, Number.MAX_VALUE]),
  }),
  "positions that are none": (random) => () => ({
    positions: JOINTS.map(() => random.of([...NO_POSITIONS, 2048])),
  }),
  "jumps anywhere": (random) => () => ({ positions: JOINTS.map(() => random.whole(0, 4095)) }),
  "two poses in turn": (random) => {
    const poses = [0, 1].map(() => JOINTS.map(() => random.whole(0, 4095)));
    return (count) => ({ positions: poses[count % 2]! });
  },
  "another epoch": (random) => () => ({
    epoch: Array.from({ length: 16 }, () => random.whole(0, 15).toString(16)).join(""),
    positions: JOINTS.map(() => random.whole(0, 4095)),
  }),
  "old numbers": (random) => () => ({
    sequence: random.of([0, 1, 2 ** 31, 2 ** 32 - 1]),
    positions: JOINTS.map(() => random.whole(0, 4095)),
  }),
  "another version": (random) => () => ({ version: random.of([0, 2, 255]) }),
  "odd lengths": (random) => () => ({ length: random.of([1, 2, 24, 35, 37, 40, 256]) }),
};

/** Faults of clients, of replays, and of a pair while one of them drives. */
export const CLIENT_FAULTS: Readonly<Record<string, ClientDraw>> = {
  client(random, victims) {
    const rateHz = random.of([10, 30, 100, 200]);
    const forMs = random.between(1_000, 5_000);
    const text = `a client at ${rateHz} Hz for ${Math.round(forMs)} ms`;
    return clients(victims, { kind: "client", text, forMs }, honest(rateHz));
  },
  vanishing(random, victims) {
    const forMs = random.between(2_000, 6_000);
    const [sendsMs, goneMs] = [random.between(20, 1_500), random.between(0, 1_500)];
    const text = `clients that vanish after ${Math.round(sendsMs)} ms, ${Math.round(goneMs)} ms apart`;
    return clients(victims, { kind: "vanishing client", text, forMs }, async (client, at, signal) => {
      await honest(100)(client, at, AbortSignal.any([signal, AbortSignal.timeout(sendsMs)]));
      client.vanish();
      await Bun.sleep(goneMs);
    });
  },
  silent(random, victims) {
    const forMs = random.between(2_000, 7_000);
    const [sendsMs, silentMs] = [random.between(100, 1_500), random.between(200, 2_500)];
    const text = `a client that sends for ${Math.round(sendsMs)} ms and is silent for ${Math.round(silentMs)} ms`;
    return clients(victims, { kind: "silent client", text, forMs }, async (client, at, signal) => {
      while (!signal.aborted && client.isTaken) {
        await honest(100)(client, at, AbortSignal.any([signal, AbortSignal.timeout(sendsMs)]));
        await Bun.sleep(Math.min(silentMs, forMs));
      }
    });
  },
  flooding(random, victims) {
    const forMs = random.between(500, 3_000);
    const each = random.of([10, 100, 400]);
    const text = `a client that sends ${each} at once, 500 times a second, for ${Math.round(forMs)} ms`;
    return clients(victims, { kind: "flooding client", text, forMs }, async (client, at, signal) => {
      const fromMs = performance.now();
      await often(500, signal, () => {
        const positions = at((performance.now() - fromMs) / 1e3);
        for (let count = 0; count < each; count++) if (!client.target(positions)) return false;
        return client.isTaken;
      });
    });
  },
  lying(random, victims) {
    const what = random.of(Object.keys(LIES));
    const share = random.of([0.05, 0.5, 1]);
    const rateHz = random.of([30, 200]);
    const forMs = random.between(1_000, 4_000);
    const text = `a client that lies (${what}, ${share * 100} % of ${rateHz} Hz) for ${Math.round(forMs)} ms`;
    const conduct = lying(random, rateHz, share, LIES[what]!(random));
    return clients(victims, { kind: `lying client: ${what}`, text, forMs }, conduct);
  },
  several(random, victims) {
    const count = random.whole(2, 4);
    const forMs = random.between(1_000, 4_000);
    const text = `${count} clients at once for ${Math.round(forMs)} ms`;
    return clients(victims, { kind: "clients at once", text, forMs }, honest(100), count);
  },
  /** The local leader is moved while a client drives: it takes over. */
  "takeover by the leader"(random, victims) {
    const forMs = random.between(2_500, 5_000);
    const afterMs = random.between(500, 2_000);
    const text = `the leader moves ${Math.round(afterMs)} ms after a client has come`;
    return clients(victims, { kind: "takeover by the leader", text, forMs }, async (client, at, signal) => {
      const moves = setTimeout(() => {
        void victims.client.request({ do: "motion", arm: "leader", play: "wave" }).catch(() => {});
      }, afterMs);
      await honest(100)(client, at, signal);
      clearTimeout(moves);
    });
  },
  /** Somebody bumps into the table while a client drives: the leader is pushed, and lies still again. */
  bump(random, victims) {
    const forMs = random.between(2_000, 4_000);
    const by = random.of([-1, 1]) * random.whole(60, 300);
    const joint = random.of(JOINTS);
    const text = `${joint} of the leader is pushed by ${by} while a client drives`;
    return clients(victims, { kind: "bumped table", text, forMs }, async (client, at, signal) => {
      const pushes = setTimeout(() => void bump(victims.client, joint, by).catch(() => {}), 700);
      await honest(100)(client, at, signal);
      clearTimeout(pushes);
    });
  },
  /** Somebody pauses or releases, and resumes, while a client drives. */
  paused(random, victims) {
    const wish = random.of(["pause", "release"] as const);
    const forMs = random.between(2_000, 4_000);
    const afterMs = random.between(200, 1_500);
    const text = `a ${wish} ${Math.round(afterMs)} ms after a client has come, and a resume`;
    const about = { kind: `${wish} while a client drives`, text, forMs };
    const fault = clients(victims, about, honest(100));
    let asked: Promise<unknown> | undefined;
    return {
      ...fault,
      async begin() {
        await fault.begin();
        asked = Bun.sleep(LIES_STILL_MS + afterMs).then(() => ask(victims.control, wish));
      },
      async end() {
        await asked;
        await ask(victims.control, "resume");
        await fault.end();
      },
    };
  },
  ...replayFaults,
};

async function bump(client: SimClient, joint: (typeof JOINTS)[number], by: number): Promise<void> {
  const { leader } = await client.request({ do: "state" });
  const position = Math.min(Math.max(leader.joints[joint].position + by, 0), 4095);
  await client.request({ do: "push", arm: "leader", joint, position, speed: 3_000, force: true });
}

/** Asks the service for something, if it is there: a wish that is lost is asked for again. */
async function ask(control: string, wish: "pause" | "release" | "resume"): Promise<void> {
  for (let tries = 0; tries < 5; tries++) {
    try {
      await askService([control], { do: wish });
      return;
    } catch {
      await Bun.sleep(200);
    }
  }
}
