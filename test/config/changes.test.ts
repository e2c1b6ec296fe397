/** Changing keys of a file: whole and checked, or not at all. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Changes, withChanges } from "../../src/config/changes.ts";
import { parseConfig } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/file.ts";
import { thrown } from "../support/thrown.ts";
import { parkSection } from "./park.ts";

const shipped = readFileSync(join(import.meta.dir, "../../packaging/config.toml"), "utf8");
const change = (text: string, changes: Changes) => withChanges(text, changes, "/x/config.toml");
const problemsOf = (text: string, changes: Changes) =>
  thrown(ConfigError, () => change(text, changes)).problems;

test("keys of several sections are changed at once, and every line of the file stays", () => {
  const edited = change(shipped, {
    "teleoperation.rate_hz": 100,
    "teleoperation.on_stop": "hold",
    "health.stall_current_ma": 300,
    "follower.gains.elbow_flex.p": 24,
    "follower.gains.elbow_flex.d": 40,
  });
  const lines = edited.split("\n");
  let at = 0;
  for (const line of shipped.split("\n")) at = lines.indexOf(line, at) + 1;
  expect(at).toBeGreaterThan(0);
  const { teleoperation, health, follower } = parseConfig(edited, "x");
  expect(teleoperation).toMatchObject({ rate_hz: 100, on_stop: "hold" });
  expect(health.stall_current_ma).toBe(300);
  expect(follower.gains).toEqual({ elbow_flex: { p: 24, i: 0, d: 40 } });
  expect(edited).toContain("#rate_hz = 200\nrate_hz = 100\n");
});

test("a value that cannot be is told by its key, in the words of the file's check", () => {
  expect(problemsOf("", { "teleoperation.rate_hz": 1000, "health.stall_after_s": "x" })).toEqual([
    {
      key: "teleoperation.rate_hz",
      message: "teleoperation.rate_hz is 1000, but must be a number from 20 to 500 (Hz)",
    },
    {
      key: "health.stall_after_s",
      message: 'health.stall_after_s is "x", but must be a number from 1 to 60 (s)',
    },
  ]);
  expect(problemsOf("", { "teleoperation.start": true })[0]!.message).toBe(
    'teleoperation.start is true, but must be "at once" or "on leader motion"',
  );
});

test("what does not go together is told of the section, or of the key, that would not do", () => {
  expect(problemsOf("", { "teleoperation.on_stop": "park" }).map(({ key }) => key)).toEqual(["park"]);
  expect(problemsOf("", { "health.warn_temperature_c": 80 }).map(({ key }) => key)).toEqual(["health"]);
  expect(problemsOf("", { "teleoperation.rate_hz": 20, "teleoperation.hold_after_ms": 20 })[0]!.key).toBe(
    "teleoperation.hold_after_ms",
  );
  expect(problemsOf("", { "park.gripper": 10 }).map(({ key }) => key)).toEqual(
    ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll"].map(
      (joint) => `park.${joint}`,
    ),
  );
});

test.each([
  "teleoperation.rate",
  "rate_hz",
  "",
  "__proto__.x",
  "constructor.prototype",
  "teleoperation",
  "teleoperation.rate_hz = 3\nevil",
  "leader.port",
  "calibration_dir",
  "follower.id",
])("%j cannot be changed so, and nothing is", (key) => {
  const [problem, ...others] = problemsOf("", { "teleoperation.rate_hz": 100, [key]: "/dev/x" });
  expect(others).toEqual([]);
  expect(problem!.message).toContain("is not a key that can be changed here");
  expect(problem!.message).not.toContain("\n");
});

test("a text is one value, whatever is in it", () => {
  expect(problemsOf("", { "teleoperation.start": 'at once"\nrate_hz = 20' })[0]!.key).toBe(
    "teleoperation.start",
  );
});

test("other units of the parking pose take another pose", () => {
  const file = `${parkSection}\n`;
  const [problem] = problemsOf(file, { "teleoperation.normalisation": "degrees" });
  expect(problem!.key).toBe("teleoperation.normalisation");
  expect(problem!.message).toContain("park.wrist_roll");
  const pose = {
    "park.shoulder_pan": 1,
    "park.shoulder_lift": 2,
    "park.elbow_flex": 3,
    "park.wrist_flex": 4,
  };
  const edited = change(file, { "teleoperation.normalisation": "degrees", ...pose, "park.wrist_roll": 170 });
  expect(parseConfig(edited, "x").park!.wrist_roll).toBe(170);
  expect(change("", { "teleoperation.normalisation": "degrees" })).toContain('"degrees"');
});

test("a file that was wrong can be put right, and is not made longer by a change that changes nothing", () => {
  expect(change("[teleoperation]\nrate_hz = 1000\n", { "teleoperation.rate_hz": 100 })).toBe(
    "[teleoperation]\nrate_hz = 100\n",
  );
  expect(change(shipped, {})).toBe(shipped);
});
