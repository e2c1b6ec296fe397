import { beforeEach, describe, expect, test } from "bun:test";
import type { LeaderArm } from "../../../src/api/protocol.ts";
import type { Calibration } from "../../../src/arm/calibration/calibration.ts";
import { JOINTS } from "../../../src/arm/joints.ts";
import { parseConfig } from "../../../src/config/config.ts";
import { Drive } from "../../../src/daemon/network/drive.ts";
import type { Reader } from "../../../src/daemon/requests/client.ts";
import { pairSettings } from "../../../src/daemon/settings/pair-settings.ts";
import type { LeaderTrouble, PairSettings } from "../../../src/teleop/settings.ts";

const BROKER = 'broker = "mqtt://broker:1883"';
const settingsOf = (network: string) => pairSettings(parseConfig(`[network]\n${network}`, "/x/config.toml"));

const joints = Array.from({ length: 6 }, () => [0, 10, 1000, 3000]) as unknown as LeaderArm["joints"];
const arm: LeaderArm = { epoch: "0011223344556677", normalisation: "range", joints };

let applied: PairSettings[];
let troubles: LeaderTrouble[];
let codes: string[];

beforeEach(() => {
  applied = [];
  troubles = [];
  codes = [];
});

function drive(network: string): Drive {
  return new Drive({
    settings: settingsOf(network),
    apply: (settings) => applied.push(settings),
    tellTrouble: (trouble) => troubles.push(trouble),
    tell: (event) => codes.push("problem" in event ? event.problem.code : event.kind),
  });
}

/** What a client of the network is told. */
function linesOf(it: Drive): { readonly lines: unknown[]; look(): void; end(): void } {
  const lines: unknown[] = [];
  const reader: Reader = {
    isBehind: false,
    say(line) {
      lines.push(JSON.parse(line).network);
      return true;
    },
  };
  const held = it.carry();
  if (typeof held === "string") throw new Error(held);
  return { lines, look: () => void held.look(reader, 0), end: () => held.ended() };
}

describe("who drives", () => {
  test.each([
    ["", null],
    [BROKER, null],
    [`${BROKER}\nremote_leader = "desk/main"`, null],
    [`${BROKER}\nremote_leader = "desk/main"\nfollow = "remote"`, "desk/main"],
    [`${BROKER}\nremote_leader = "desk/main"\narms = "follower"`, "desk/main"],
  ])("is as configured: %p", (network, leader) => {
    const it = drive(network);
    expect(it.wanted).toBe(leader);
    expect(it.status).toMatchObject({ source: leader === null ? "local leader" : "remote leader", leader });
    expect(it.settings.remoteLeader?.name ?? null).toBe(leader);
  });

  test("changes as somebody asks, until the next start, also over a reload; what was heard of another leader is not of this one", () => {
    const it = drive(`${BROKER}\nremote_leader = "desk/main"\nfollow = "remote"`);
    expect(it.heard("desk/main", { arm })).toBeUndefined();
    expect(applied.at(-1)?.remoteLeader?.heard?.epoch).toBe(arm.epoch);
    expect(it.follow("lab/left")).toBeUndefined();
    expect(applied.at(-1)?.remoteLeader).toEqual({ name: "lab/left", holdAfterMs: 250 });
    it.reconfigure(it.settings);
    expect(it.wanted).toBe("lab/left");
    expect(it.follow("local")).toBeUndefined();
    expect(applied.at(-1)?.remoteLeader).toBeUndefined();
    expect(codes).toEqual(["drive.changed", "drive.changed"]);
  });

  test("is not changed by who asks for what is so already: the follower goes on without aligning", () => {
    const it = drive(`${BROKER}\nremote_leader = "desk/main"\nfollow = "remote"`);
    expect(it.follow("desk/main")).toBeUndefined();
    expect(applied).toEqual([]);
    expect(codes).toEqual([]);
  });

  test.each([
    ["", "desk/main", "no broker"],
    [`${BROKER}\narms = "leader"`, "desk/main", "no follower"],
    [`${BROKER}\narms = "follower"\nremote_leader = "desk/main"`, "local", "no leader"],
  ])("cannot be changed to what is not there: %p, %p", (network, leader, why) => {
    const it = drive(network);
    expect(it.follow(leader)).toContain(why);
    expect(applied).toEqual([]);
    expect(codes).toEqual([]);
  });
});

describe("what the client of the network has heard", () => {
  test("is refused of a leader that is not followed, and where it can be no calibration", () => {
    const it = drive(`${BROKER}\nremote_leader = "desk/main"\nfollow = "remote"`);
    expect(it.heard("lab/main", { arm })).toContain("not followed");
    for (const wrong of [
      [0, 10, 3000, 1000],
      [2, 10, 1000, 3000],
      [0, 5000, 1000, 3000],
      [0, 10, -1, 3000],
      [0, 10, 1000, 1e9],
      [0, 10, 1000.5, 3000],
      [0, 0, 0, 4095],
    ]) {
      const impossible = { ...arm, joints: [wrong, ...joints.slice(1)] as unknown as LeaderArm["joints"] };
      expect(it.heard("desk/main", { arm: impossible })).toContain("cannot be one");
    }
    expect(applied).toEqual([]);
  });

  test("is applied when it is news, and a trouble is over when the client goes", async () => {
    const it = drive(`${BROKER}\nremote_leader = "desk/main"\nfollow = "remote"`);
    const client = linesOf(it);
    it.heard("desk/main", { arm });
    it.heard("desk/main", { arm });
    expect(applied).toHaveLength(1);
    it.heard("desk/main", { trouble: { why: "offline" } });
    expect(troubles).toEqual([{ leader: "desk/main", trouble: { why: "offline" } }]);
    client.end();
    // What changes twice in a moment is told after a moment.
    while (troubles.length < 2) await Bun.sleep(5);
    expect(troubles[1]).toEqual({ leader: "desk/main" });
  });

  test("takes nothing of what is known from a leader that is lost for a while, however often: it is the same one again", () => {
    const it = drive(`${BROKER}\nremote_leader = "desk/main"\nfollow = "remote"`);
    for (let time = 0; time < 10; time++) {
      it.heard("desk/main", { arm });
      it.heard("desk/main", { trouble: { why: "offline" } });
      expect(it.settings.remoteLeader?.heard?.epoch).toBe(arm.epoch);
    }
    expect(applied).toHaveLength(1);
  });

  test("of a trouble says nothing of another leader", () => {
    const it = drive(`${BROKER}\nremote_leader = "desk/main"\nfollow = "remote"`);
    it.heard("desk/main", { trouble: { why: "offline" } });
    it.follow("lab/left");
    it.follow("desk/main");
    expect(troubles).toEqual([
      { leader: "desk/main", trouble: { why: "offline" } },
      { leader: "lab/left" },
      { leader: "desk/main" },
    ]);
  });
});

test("the client is told what is wanted and what goes out, at once and at each change; there is one at a time", () => {
  const it = drive(`${BROKER}\nremote_leader = "desk/main"`);
  const client = linesOf(it);
  expect(it.carry()).toContain("another client");
  client.look();
  client.look();
  expect(client.lines).toEqual([{ wanted: null, holdAfterMs: 250, leader: null }]);
  it.follow("desk/main");
  client.look();
  expect(client.lines.at(-1)).toEqual({ wanted: "desk/main", holdAfterMs: 250, leader: null });
  client.end();
  linesOf(it);
  expect(drive("").carry()).toContain("no broker");
});

describe("what the client of the network is told of this pair's leader", () => {
  const calibration = Object.fromEntries(
    JOINTS.map((joint, index) => [
      joint,
      { id: index + 1, drive_mode: 0, homing_offset: 10, range_min: 1000, range_max: 3000 },
    ]),
  ) as Calibration;

  test("is as configured now, also after a reload", () => {
    const it = drive(BROKER);
    const client = linesOf(it);
    it.sends(arm.epoch, calibration);
    client.look();
    expect(client.lines).toEqual([{ wanted: null, holdAfterMs: 250, leader: arm }]);
    it.reconfigure({ ...it.settings, normalisation: "degrees", remoteHoldAfterMs: 400 });
    client.look();
    const leader = { ...arm, normalisation: "degrees" };
    expect(client.lines.at(-1)).toEqual({ wanted: null, holdAfterMs: 400, leader });
  });

  test("is nothing while another one is followed, and it is not read", () => {
    const it = drive(`${BROKER}\nremote_leader = "desk/main"`);
    const client = linesOf(it);
    it.sends(arm.epoch, calibration);
    it.follow("desk/main");
    client.look();
    expect(client.lines).toEqual([{ wanted: "desk/main", holdAfterMs: 250, leader: null }]);
    it.follow("local");
    client.look();
    expect(client.lines.at(-1)).toEqual({ wanted: null, holdAfterMs: 250, leader: arm });
  });
});
