import { expect, test } from "bun:test";
import { ConfigError, defaultConfig, parseConfig } from "../../../src/config/config.ts";
import { pairSettings } from "../../../src/daemon/settings/pair-settings.ts";
import { reload } from "../../../src/daemon/settings/reload.ts";
import { sayProblem } from "../../../src/messages/problems.ts";

const present = pairSettings(defaultConfig);

test("what is not tied to open ports is taken over", () => {
  const { settings, notices } = reload(present, () => ({ ...present, rateHz: 100, holdForS: 5 }));
  expect(settings).toEqual({ ...present, rateHz: 100, holdForS: 5 });
  expect(notices.map(({ problem }) => problem.code)).toEqual(["settings.reloaded"]);
});

test("ports, ids and the calibrations' folder stay, and that is said by their keys", () => {
  const arms = { leader: { port: "/dev/x", id: "blue" }, follower: present.arms.follower };
  const { settings, notices } = reload(present, () => ({ ...present, arms, calibrationDir: "/c" }));
  expect(settings).toEqual(present);
  expect(notices[1]).toMatchObject({
    severity: "warning",
    problem: { code: "settings.kept", keys: ["leader.port", "leader.id", "calibration_dir"] },
  });
  expect(sayProblem(notices[1]!.problem, {})).toBe(
    "leader.port, leader.id, calibration_dir changed in the configuration: that takes effect at the next start",
  );
});

test("gains stay: a follower would have to be released for them", () => {
  const configured = pairSettings(parseConfig("[follower.gains.gripper]\np = 20", "/c.toml"));
  const { settings, notices } = reload(present, () => configured);
  expect(settings).toEqual(present);
  expect(notices[1]).toMatchObject({ problem: { code: "settings.kept", keys: ["follower.gains"] } });
  expect(reload(configured, () => configured)).toMatchObject({ settings: configured, notices: [{}] });
});

test("a configuration that cannot be used changes nothing, and every problem is said", () => {
  const { settings, notices } = reload(present, () => {
    throw new ConfigError("one\ntwo");
  });
  expect(settings).toBeUndefined();
  expect(notices).toEqual([
    {
      kind: "notice",
      severity: "warning",
      problem: { code: "settings.refused", problems: ["one", "two"] },
    },
  ]);
  expect(sayProblem(notices[0]!.problem, {})).toBe("the configuration stays as it was: one; two");
});

const ofNetwork = (text: string) =>
  pairSettings(parseConfig(`[network]\nbroker = "mqtts://b"\n${text}`, "/c.toml"));
const keysOf = ({ notices }: ReturnType<typeof reload>) =>
  notices.flatMap(({ problem }) => (problem.code === "settings.kept" ? problem.keys : []));

test("which arms are here, the broker and who drives stay until the next start; the hold of a remote leader does not", () => {
  const first = ofNetwork('remote_leader = "desk/main"\nfollow = "remote"');
  const longer = reload(first, () =>
    ofNetwork('remote_leader = "desk/main"\nfollow = "remote"\nhold_after_ms = 400'),
  );
  expect(keysOf(longer)).toEqual([]);
  expect(longer.settings!.remoteLeader).toEqual({ name: "desk/main", holdAfterMs: 400 });
  const other = reload(first, () => ofNetwork('remote_leader = "shelf/main"\narms = "follower"'));
  expect(keysOf(other)).toEqual(["network.arms", "network.broker", "network.remote_leader"]);
  expect(other.settings).toEqual(first);
  expect(keysOf(reload(first, () => ofNetwork("")))).toEqual(["network.follow"]);
});

test("who drives by a person's word since the start goes on, and no key is told of that", () => {
  const first = ofNetwork('remote_leader = "desk/main"');
  const present = { ...first, remoteLeader: { name: "desk/main", holdAfterMs: 250 } };
  const again = reload(present, () => ofNetwork('remote_leader = "desk/main"'), first);
  expect(again.settings).toEqual(present);
  expect(keysOf(again)).toEqual([]);
});
