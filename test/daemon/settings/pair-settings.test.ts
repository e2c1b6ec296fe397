import { expect, test } from "bun:test";
import { parseConfig } from "../../../src/config/config.ts";
import { pairSettings } from "../../../src/daemon/settings/pair-settings.ts";
import { parkPose, parkSection } from "../../config/park.ts";

test("a file is taken at its word", () => {
  const text = `
    calibration_dir = "/c"
    [leader]
    port = "/dev/ttyACM0"
    id = "blue"
    [follower]
    port = "/dev/ttyACM1"
    id = "red"
    [teleoperation]
    rate_hz = 62.5
    normalisation = "degrees"
    align_speed_deg_per_s = 30
    follow_speed_deg_per_s = 200
    hold_after_ms = 250
    hold_for_s = 60
    on_stop = "park"
    start = "on leader motion"
    [health]
    warn_temperature_c = 50
    slow_temperature_c = 52
    release_temperature_c = 54
    voltage_sag_percent = 10
    stall_current_ma = 800
    stall_after_s = 5
    ${parkSection}`;
  expect(pairSettings(parseConfig(text, "/x/config.toml"))).toEqual({
    arms: { leader: { port: "/dev/ttyACM0", id: "blue" }, follower: { port: "/dev/ttyACM1", id: "red" } },
    calibrationDir: "/c",
    rateHz: 62.5,
    normalisation: "degrees",
    alignSpeedDegPerS: 30,
    followSpeedDegPerS: 200,
    holdAfterMs: 250,
    holdForS: 60,
    onStop: "park",
    start: "on leader motion",
    health: {
      warnTemperatureC: 50,
      slowTemperatureC: 52,
      releaseTemperatureC: 54,
      voltageSagPercent: 10,
    },
    stall: { currentMa: 800, afterS: 5 },
    parkPose,
  });
});

test("gains that are not given are LeRobot's", () => {
  const { gains } = pairSettings(parseConfig("[follower.gains.elbow_flex]\np = 24", "/x/config.toml"));
  expect(gains?.elbow_flex).toEqual({ p: 24, i: 0, d: 32 });
  expect(gains?.gripper).toEqual({ p: 16, i: 0, d: 32 });
  expect(pairSettings(parseConfig("", "/x/config.toml")).gains).toBeUndefined();
});

const networked = (text: string): object => {
  const { armsHere, isSent, remoteLeader, remoteHoldAfterMs } = pairSettings(
    parseConfig(`[network]\nbroker = "mqtts://b"\n${text}`, "/x/config.toml"),
  );
  return { armsHere, isSent, remoteLeader, remoteHoldAfterMs };
};

test("without a broker there is nothing of a network in the settings", () => {
  const { armsHere, isSent, remoteLeader } = pairSettings(parseConfig("", "/x/config.toml"));
  expect([armsHere, isSent, remoteLeader]).toEqual([undefined, undefined, undefined]);
});

test("with a broker the leader that is here is sent, and a remote one is followed where it is said so or no other is here", () => {
  const name = "desk/main";
  expect(networked("")).toEqual({ isSent: true });
  expect(networked('arms = "leader"')).toEqual({ armsHere: "leader", isSent: true });
  expect(networked('remote_leader = "desk/main"')).toEqual({ isSent: true });
  expect(networked('remote_leader = "desk/main"\nfollow = "remote"\nhold_after_ms = 400')).toEqual({
    ...{ isSent: true, remoteLeader: { name, holdAfterMs: 400 }, remoteHoldAfterMs: 400 },
  });
  expect(networked('remote_leader = "desk/main"\narms = "follower"')).toEqual({
    ...{ armsHere: "follower", remoteLeader: { name, holdAfterMs: 250 } },
  });
});
