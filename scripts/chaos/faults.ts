/** What can go wrong with two arms, a machine and a program, each as something that begins and ends. */

import { ARMS, type ArmName, JOINTS } from "../../src/sim/arm/joints.ts";
import type { SimClient } from "../../src/sim/control/client.ts";
import type { SimRequest } from "../../src/sim/control/requests.ts";
import type { Program } from "./program.ts";
import type { Random } from "./random.ts";

/** A fault that was drawn: how it begins and how its cause goes away. */
export interface Fault {
  readonly kind: string;
  /** With its figures, for the report of a failure. */
  readonly text: string;
  /** From its beginning to its end, ms. */
  readonly forMs: number;
  /** For so long after its end its cause is still there: a servo that starts, a reply that is late. */
  readonly lingersMs: number;
  /** Why recovering from it takes longer by design, where it does. */
  readonly slowly?: string | undefined;
  /** Faults that would get into each other's way share one of these. */
  readonly uses: readonly string[];
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** What faults are done to. */
export interface Victims {
  readonly client: SimClient;
  readonly program: Program;
}

type Draw = (random: Random, victims: Victims) => Fault;

const nothing = async () => {};

/** `release_temperature_c` of a configuration that does not set it. */
const RELEASES_FROM_C = 65;

/** A fault that the simulator makes by one request and ends by another. */
function simulated(
  kind: string,
  { client }: Victims,
  uses: readonly string[],
  begin: SimRequest,
  {
    end,
    forMs = 0,
    lingersMs = 0,
    slowly,
  }: { end?: SimRequest; forMs?: number; lingersMs?: number; slowly?: string | undefined } = {},
): Fault {
  const ask = (request: SimRequest | undefined) => async () => {
    if (request !== undefined) await client.request(request);
  };
  const text = `${JSON.stringify(begin)}${end === undefined ? "" : ` for ${Math.round(forMs)} ms`}`;
  return { kind, text, forMs, lingersMs, uses, slowly, begin: ask(begin), end: ask(end) };
}

/** A leader that is found energised is lowered within a second before it leads again. */
function whenEnergised(arm: ArmName, torqueOn: boolean): string | undefined {
  return arm === "leader" && torqueOn ? "the leader came back energised and was lowered first" : undefined;
}

const draws: Readonly<Record<string, Draw>> = {
  pull(random, victims) {
    const arm = random.of(ARMS);
    const forMs = random.between(50, 2500);
    return simulated(
      "pull",
      victims,
      [`board ${arm}`],
      { do: "pull", arm },
      { end: { do: "plug", arm }, forMs },
    );
  },
  "pull both"(random, { client }) {
    const forMs = random.between(50, 2500);
    const both = (what: "pull" | "plug") => async () => {
      for (const arm of ARMS) await client.request({ do: what, arm });
    };
    return {
      ...{ kind: "pull both", text: `both boards pulled for ${Math.round(forMs)} ms`, forMs, lingersMs: 0 },
      uses: ARMS.map((arm) => `board ${arm}`),
      begin: both("pull"),
      end: both("plug"),
    };
  },
  power(random, victims) {
    const arm = random.of(ARMS);
    const joint = random.chance(0.5) ? random.of(JOINTS) : undefined;
    const silentMs = random.whole(0, 200);
    const forMs = random.between(20, 2000);
    const torqueOn = random.chance(0.2);
    const which = { arm, ...(joint && { joint }) };
    return simulated(
      joint ? "power of a servo" : "power of an arm",
      victims,
      [`power ${arm}`],
      { do: "power", ...which, on: false },
      {
        end: { do: "power", ...which, on: true, silentMs, torqueOn },
        forMs,
        lingersMs: silentMs,
        slowly: whenEnergised(arm, torqueOn),
      },
    );
  },
  brownout(random, victims) {
    const arm = random.of(ARMS);
    const joint = random.chance(0.5) ? random.of(JOINTS) : undefined;
    const silentMs = random.whole(20, 200);
    const torqueOn = random.chance(0.2);
    const begin = { do: "brownout", arm, ...(joint && { joint }), silentMs, torqueOn } as const;
    return simulated("brownout", victims, [`power ${arm}`], begin, {
      lingersMs: silentMs,
      slowly: whenEnergised(arm, torqueOn),
    });
  },
  drop(random, victims) {
    const begin = {
      do: "drop",
      arm: random.of(ARMS),
      joint: random.of(JOINTS),
      count: random.whole(1, 12),
    } as const;
    return simulated("lost replies", victims, [], begin);
  },
  corrupt(random, victims) {
    const begin = {
      do: "corrupt",
      arm: random.of(ARMS),
      joint: random.of(JOINTS),
      count: random.whole(1, 12),
    } as const;
    return simulated("damaged replies", victims, [], begin);
  },
  delay(random, victims) {
    const us = random.whole(1_000, 60_000);
    const count = random.whole(1, 10);
    const begin = { do: "delay", arm: random.of(ARMS), joint: random.of(JOINTS), us, count } as const;
    return simulated("late replies", victims, [], begin, { lingersMs: us / 1e3 });
  },
  slow(random, victims) {
    const arm = random.of(ARMS);
    const begin = { do: "slow", arm, ms: random.whole(1, 20), jitterMs: random.whole(0, 8) } as const;
    return simulated("slow port", victims, [`port ${arm}`], begin, {
      end: { do: "slow", arm, ms: 0 },
      forMs: random.between(500, 8000),
    });
  },
  noise(random, victims) {
    const begin = {
      ...{ do: "noise", arm: random.of(ARMS), bytes: random.whole(1, 200) },
      ...(random.chance(0.5) && { beforeReplies: random.whole(1, 50) }),
    } as const;
    return simulated("noise", victims, [], begin as SimRequest);
  },
  silent(random, victims) {
    const [arm, joint] = [random.of(ARMS), random.of(JOINTS)];
    const what = random.chance(0.5) ? "silent" : "silentFrom";
    const forMs = random.between(20, 2000);
    const begin = { do: what, arm, joint, on: true } as const;
    return simulated(what === "silent" ? "silent servo" : "loose lead", victims, [`silence ${arm}`], begin, {
      end: { do: "silentFrom", arm, joint: "shoulder_pan", on: false },
      forMs,
    });
  },
  error(random, victims) {
    const [arm, joint] = [random.of(ARMS), random.of(JOINTS)];
    const bits = random.of([1, 2, 4, 8, 32, 255]);
    const which = { do: "error", arm, joint } as const;
    return simulated(
      "error bits",
      victims,
      [`error ${arm} ${joint}`],
      { ...which, bits },
      {
        end: { ...which, bits: 0 },
        forMs: random.between(50, 2000),
      },
    );
  },
  temperature(random, victims) {
    const [arm, joint] = [random.of(ARMS), random.of(JOINTS)];
    const which = { do: "set", arm, joint } as const;
    const temperature = random.of([57, 62, 67, 69, 75]);
    return simulated(
      "heat",
      victims,
      [`heat ${arm} ${joint}`],
      { ...which, temperature },
      {
        end: { ...which, temperature: 30 },
        forMs: random.between(300, 3000),
        slowly:
          arm === "follower" && temperature >= RELEASES_FROM_C
            ? "the follower was too hot and being released"
            : undefined,
      },
    );
  },
  voltage(random, victims) {
    const arm = random.of(ARMS);
    return simulated(
      "voltage",
      victims,
      [`voltage ${arm}`],
      { do: "set", arm, voltage: random.of([36, 42, 85, 120]) },
      {
        end: { do: "set", arm, voltage: 50 },
        forMs: random.between(100, 2000),
      },
    );
  },
  overload(random, { client }) {
    const joint = random.of(JOINTS);
    const cure = random.of(["goal", "torque", "power"] as const);
    const forMs = random.between(200, 2000);
    return {
      ...{
        kind: `overload (${cure})`,
        text: `overload of ${joint}, cured by ${cure}`,
        forMs,
        lingersMs: 100,
      },
      uses: ["power follower", "overload"],
      async begin() {
        await client.request({ do: "set", arm: "follower", joint, overloadCure: cure });
        await client.request({ do: "overload", arm: "follower", joint });
      },
      async end() {
        await client.request({ do: "set", arm: "follower", joint, overloadCure: "goal" });
        if (cure !== "goal") await client.request({ do: "brownout", arm: "follower", joint, silentMs: 100 });
      },
    };
  },
  block(random, { client }) {
    const joint = random.of(JOINTS);
    const forMs = random.between(300, 3000);
    return {
      ...{ kind: "obstacle", text: `${joint} blocked for ${Math.round(forMs)} ms`, forMs, lingersMs: 0 },
      uses: [`block ${joint}`],
      async begin() {
        const { follower } = await client.request({ do: "state" });
        const position = follower.joints[joint].position + random.whole(-150, 150);
        await client.request({ do: "block", arm: "follower", joint, position });
      },
      end: () => client.request({ do: "block", arm: "follower", joint, position: null }).then(() => {}),
    };
  },
  yank(random, { client }) {
    const joint = random.of(JOINTS);
    const by = random.of([-1, 1]) * random.whole(300, 1500);
    const speed = random.of([3000, 8000, 1e6]);
    return {
      ...{
        kind: "yanked leader",
        text: `${joint} of the leader by ${by} at ${speed} steps/s`,
        forMs: 600,
        lingersMs: 0,
      },
      uses: ["hand"],
      async begin() {
        await client.request({ do: "motion", arm: "leader", play: "still" });
        const { leader } = await client.request({ do: "state" });
        const position = Math.min(Math.max(leader.joints[joint].position + by, 0), 4095);
        await client.request({ do: "push", arm: "leader", joint, position, speed, force: true });
      },
      end: () => client.request({ do: "motion", arm: "leader", play: "wave" }).then(() => {}),
    };
  },
  "pushed follower"(random, { client }) {
    const joint = random.of(JOINTS);
    const by = random.of([-1, 1]) * random.whole(50, 600);
    return {
      ...{
        kind: "pushed follower",
        text: `${joint} of the follower by ${by}`,
        forMs: 0,
        lingersMs: 0,
        uses: [],
      },
      async begin() {
        const { follower } = await client.request({ do: "state" });
        const position = follower.joints[joint].position + by;
        await client.request({ do: "push", arm: "follower", joint, position, speed: 1500, force: true });
      },
      end: nothing,
    };
  },
  "stopped process"(random, { program }) {
    const forMs = random.between(60, 3000);
    return {
      ...{
        kind: "stopped process",
        text: `SIGSTOP for ${Math.round(forMs)} ms`,
        forMs,
        lingersMs: 0,
        uses: ["process"],
      },
      begin: async () => program.signal("SIGSTOP"),
      end: async () => program.signal("SIGCONT"),
    };
  },
  "killed process"(random, { program }) {
    const signal = random.of(["SIGKILL", "SIGTERM", "SIGINT"] as const);
    const forMs = random.between(0, 1000);
    return {
      ...{ kind: `${signal} and restart`, text: signal, forMs, lingersMs: 0, uses: ["process"] },
      begin: () => program.end(signal),
      end: async () => program.start(),
    };
  },
  reload: (_random, { program }) => ({
    ...{ kind: "SIGHUP", text: "SIGHUP", forMs: 0, lingersMs: 0, uses: ["process"] },
    begin: async () => program.signal("SIGHUP"),
    end: nothing,
  }),
  "busy machine": (random) => {
    const forMs = random.between(200, 1500);
    const hogs: Bun.Subprocess[] = [];
    return {
      ...{
        kind: "busy machine",
        text: `busy for ${Math.round(forMs)} ms`,
        forMs,
        lingersMs: 0,
        uses: ["processor"],
      },
      async begin() {
        for (let i = 0; i < navigator.hardwareConcurrency; i++)
          hogs.push(Bun.spawn(["sh", "-c", "while :; do :; done"]));
      },
      async end() {
        for (const hog of hogs) hog.kill("SIGKILL");
        await Promise.all(hogs.map(({ exited }) => exited));
      },
    };
  },
};

/** How often each is drawn, against the others. Restarts are rare: only a process that lives shows whether it grows. */
const weights: Readonly<Record<string, number>> = {
  "killed process": 0.15,
  "busy machine": 0.3,
  "pull both": 0.5,
};

/** Draws a fault that uses nothing of `taken`. */
export function drawFault(random: Random, victims: Victims, taken: ReadonlySet<string>): Fault {
  const kinds = Object.keys(draws);
  for (;;) {
    const kind = random.of(kinds);
    if (!random.chance(weights[kind] ?? 1)) continue;
    const fault = draws[kind]!(random, victims);
    if (!fault.uses.some((use) => taken.has(use))) return fault;
  }
}
