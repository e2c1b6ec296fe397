import { expect, test } from "bun:test";
import { ConfigError, defaultConfig } from "../../src/config/config.ts";
import { pairSettings } from "../../src/daemon/pair-settings.ts";
import { reload } from "../../src/daemon/reload.ts";

const present = pairSettings(defaultConfig);

test("what is not tied to open ports is taken over", () => {
  const { settings, notices } = reload(present, () => ({ ...present, rateHz: 100, holdForS: 5 }));
  expect(settings).toEqual({ ...present, rateHz: 100, holdForS: 5 });
  expect(notices.map(({ code }) => code)).toEqual(["settings.reloaded"]);
});

test("ports, ids and the calibrations' folder stay, and that is said by their keys", () => {
  const arms = { leader: { port: "/dev/x", id: "blue" }, follower: present.arms.follower };
  const { settings, notices } = reload(present, () => ({ ...present, arms, calibrationDir: "/c" }));
  expect(settings).toEqual(present);
  expect(notices[1]).toMatchObject({
    severity: "warning",
    code: "settings.kept",
    message:
      "leader.port, leader.id, calibration_dir changed in the configuration: that takes effect at the next start",
  });
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
      code: "settings.refused",
      message: "the configuration stays as it was: one; two",
    },
  ]);
});
