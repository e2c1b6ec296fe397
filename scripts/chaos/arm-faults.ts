/** Faults of boards, lines, servos and supplies. */
import { ARMS, type ArmName, JOINTS } from "../../src/sim/arm/joints.ts";
import type { SimRequest } from "../../src/sim/control/requests.ts";
import { type Draw, type Fault, simulated, type Victims } from "./fault.ts";

/** `release_temperature_c` of a configuration that does not set it. */
const RELEASES_FROM_C = 65;

/** A leader that is found energised is lowered within a second before it leads again. */
function whenEnergised(arm: ArmName, torqueOn: boolean): string | undefined {
  return arm === "leader" && torqueOn ? "the leader came back energised and was lowered first" : undefined;
}

/**
 * What befalls so many replies is over by then, also where a program that was stopped, or waits, has read only a few of them:
 * what the field has lasts a time and not a number of replies.
 */
const REPLIES_MS = 500;

/** A fault of so many of an arm's replies. */
function ofReplies(
  kind: string,
  victims: Victims,
  begin: SimRequest & { readonly arm: ArmName },
  end: SimRequest,
  lingersMs = 0,
): Fault {
  return simulated(kind, victims, [`replies ${begin.arm}`], begin, { end, forMs: REPLIES_MS, lingersMs });
}

/** Replies of a joint that do not come, or come damaged. */
function lossOf(what: "drop" | "corrupt", kind: string): Draw {
  return (random, victims) => {
    const [arm, joint] = [random.of(ARMS), random.of(JOINTS)];
    const begin = { do: what, arm, joint, count: random.whole(1, 12) } as const;
    return ofReplies(kind, victims, begin, { ...begin, count: 0 });
  };
}

/** Faults of the arms themselves. */
export const ARM_FAULTS: Readonly<Record<string, Draw>> = {
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
  drop: lossOf("drop", "lost replies"),
  corrupt: lossOf("corrupt", "damaged replies"),
  delay(random, victims) {
    const us = random.whole(1_000, 60_000);
    const count = random.whole(1, 10);
    const begin = { do: "delay", arm: random.of(ARMS), joint: random.of(JOINTS), us, count } as const;
    return ofReplies("late replies", victims, begin, { ...begin, count: 0 }, us / 1e3);
  },
  noise(random, victims) {
    const [arm, bytes] = [random.of(ARMS), random.whole(1, 200)];
    const noise = { do: "noise", arm, bytes } as const;
    if (random.chance(0.5)) return simulated("noise", victims, [], noise);
    const begin = { ...noise, beforeReplies: random.whole(1, 50) };
    return ofReplies("noise before replies", victims, begin, { ...noise, beforeReplies: 0 });
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
  "slow link"(random, victims) {
    const arm = random.of(ARMS);
    const ms = random.between(0, 20);
    const jitterMs = random.chance(0.5) ? random.between(0, 8) : 0;
    const begin = { do: "slow", arm, ms, jitterMs } as const;
    const fault = simulated("slow link", victims, [`link ${arm}`], begin, {
      end: { do: "slow", arm, ms: 0 },
      forMs: random.between(300, 5_000),
      lingersMs: ms + jitterMs,
    });
    return { ...fault, harmless: true };
  },
};
