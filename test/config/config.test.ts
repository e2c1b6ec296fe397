import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import {
  ConfigError,
  configFor,
  defaultConfig,
  loadConfig,
  parseConfig,
  withOverrides,
} from "../../src/config/config.ts";
import { thrown } from "../support/thrown.ts";
import { parkSection } from "./park.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "so101-config-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const shipped = join(import.meta.dir, "../../packaging/config.toml");

const parse = (text: string) => parseConfig(text, "/x/config.toml");

const problems = (action: () => unknown): string[] => thrown(ConfigError, action).message.split("\n");

test("an empty file gives the defaults", () => {
  expect(parse("")).toEqual(defaultConfig);
  expect(parse("[leader]\n[teleoperation]\n")).toEqual(defaultConfig);
  expect(defaultConfig).toEqual({
    calibration_dir: "/var/lib/so101-teleop/calibration",
    leader: { port: "/dev/ttyUSB_leader_arm", id: "leader" },
    follower: { port: "/dev/ttyUSB_follower_arm", id: "follower" },
    teleoperation: {
      rate_hz: 200,
      normalisation: "range",
      align_speed_deg_per_s: 45,
      follow_speed_deg_per_s: 360,
      hold_after_ms: 100,
      hold_for_s: 600,
      on_stop: "relax",
      start: "at once",
    },
    drive: { local_leader_wins: true },
    health: {
      warn_temperature_c: 55,
      slow_temperature_c: 60,
      release_temperature_c: 65,
      voltage_sag_percent: 15,
      stall_current_ma: 0,
      stall_after_s: 3,
    },
    web: { enabled: true, listen: "0.0.0.0:8101", read: "everybody", names: [] },
    lerobot: {},
    network: {
      ...{ arms: "both", follow: "local", hold_after_ms: 250 },
      ...{ allow_commands: false, home_assistant: false },
    },
  });
});

test("the file that is installed shows every key with its default, each explained in the line before it", () => {
  const text = readFileSync(shipped, "utf8");
  expect(loadConfig(shipped)).toEqual(defaultConfig);
  const uncommented = text.replace(/^#(?=\w+ = )/gm, "");
  expect(Bun.TOML.parse(uncommented)).toEqual(defaultConfig);
  for (const [, before] of text.matchAll(/^(.*)\n#\w+ = /gm)) expect(before).toMatch(/^# ./);
});

test("the parking pose that the installed file shows can be used as it is", () => {
  const text = readFileSync(shipped, "utf8")
    .replace(/^# {3}/gm, "")
    .replace(/^#on_stop = .*/m, 'on_stop = "park"');
  expect(Object.keys(parse(text).park!)).toHaveLength(6);
});

test("the gains that the installed file shows can be used as they are, and the others are LeRobot's", () => {
  const text = readFileSync(shipped, "utf8").replace(/^# {3}(\[follower\.gains.*\n)# {3}(p = .*)$/m, "$1$2");
  expect(parse(text).follower.gains).toEqual({ elbow_flex: { p: 24, i: 0, d: 32 } });
  const given = parse("[follower.gains.gripper]\nd = 0");
  expect(withOverrides(given, { rate: 100 }).follower.gains).toEqual({ gripper: { p: 16, i: 0, d: 0 } });
});

for (const [what, text, expected] of [
  [
    "a rate beyond the range",
    "[teleoperation]\nrate_hz = 1000",
    "teleoperation.rate_hz is 1000, but must be a number from 20 to 500 (Hz)",
  ],
  [
    "a rate that is a text",
    '[teleoperation]\nrate_hz = "200"',
    'teleoperation.rate_hz is "200", but must be a number from 20 to 500 (Hz)',
  ],
  [
    "a rate that is no number",
    "[teleoperation]\nrate_hz = nan",
    "teleoperation.rate_hz is NaN, but must be a number from 20 to 500 (Hz)",
  ],
  [
    "an endless hold",
    "[teleoperation]\nhold_for_s = inf",
    "teleoperation.hold_for_s is Infinity, but must be a number from 1 to 86400 (s)",
  ],
  ["a date", "[teleoperation]\nrate_hz = 1979-05-27", "but must be a number from 20 to 500 (Hz)"],
  [
    "an unknown word",
    '[teleoperation]\non_stop = "drop"',
    'teleoperation.on_stop is "drop", but must be "relax" or "hold" or "park"',
  ],
  [
    "a relative port",
    '[leader]\nport = "ttyACM0"',
    'leader.port is "ttyACM0", but must be an absolute path such as "/dev/ttyACM0"',
  ],
  [
    "an id that is a path",
    '[leader]\nid = "../x"',
    'leader.id is "../x", but must be a plain file name: an arm\'s id names a file and cannot be a path',
  ],
  ["an empty id", '[leader]\nid = ""', 'leader.id is "", but must be a plain file name'],
  ["a section that is a value", "leader = 3", "leader is 3, but must be a section of keys"],
  [
    "a mistyped key",
    "[teleoperation]\nrate_hx = 100",
    "teleoperation.rate_hx is not a known key: is rate_hz meant?",
  ],
  [
    "the beginning of a key",
    "[teleoperation]\nalign = 100",
    "teleoperation.align is not a known key: is align_speed_deg_per_s meant?",
  ],
  ["a mistyped section", "[folower]\nid = 'x'", "folower is not a known key: is follower meant?"],
  [
    "a key in the wrong section",
    "rate_hz = 100",
    "rate_hz is not a known key: it belongs to [teleoperation]",
  ],
  [
    "a key of the top in a section",
    '[leader]\ncalibration_dir = "/c"',
    "leader.calibration_dir is not a known key: it belongs at the top, before any section",
  ],
  [
    "a gain beyond its range",
    "[follower.gains.gripper]\np = 3",
    "follower.gains.gripper.p is 3, but must be a whole number from 4 to 64",
  ],
  [
    "a gain that is a part",
    "[follower.gains.elbow_flex]\ni = 0.5",
    "follower.gains.elbow_flex.i is 0.5, but must be a whole number from 0 to 8",
  ],
  [
    "gains of a mistyped joint",
    "[follower.gains.elbow]\np = 20",
    "follower.gains.elbow is not a known key: is elbow_flex meant?",
  ],
  [
    "a mistyped gain",
    "[follower.gains.elbow_flex]\nkp = 20",
    "follower.gains.elbow_flex.kp is not a known key",
  ],
  [
    "gains of a leader",
    "[leader.gains.gripper]\np = 8",
    "leader.gains is not a known key: it belongs to [follower]",
  ],
  ["a key that resembles none", "zzz = 1", "zzz is not a known key"],
  ["a key that every object has", "constructor = 1", "constructor is not a known key"],
  [
    "parking without a pose",
    '[teleoperation]\non_stop = "park"',
    'park is missing, but teleoperation.on_stop is "park": it must give a pose for each joint',
  ],
  ["a pose without a joint", parkSection.replace(/wrist_roll.*\n/, ""), "park.wrist_roll is missing"],
  [
    "a pose with another joint",
    `${parkSection}\nwrist = 1`,
    "park.wrist is not a known key: is wrist_flex meant?",
  ],
  [
    "a pose out of the range",
    parkSection.replace("-99", "-101"),
    "park.shoulder_lift is -101, but must be a number from -100 to 100 (% of its range, as normalisation is by range)",
  ],
  [
    "a gripper out of its range",
    parkSection.replace("gripper = 5", "gripper = -5"),
    "park.gripper is -5, but must be a number from 0 to 100 (% of its range)",
  ],
  [
    "a hold shorter than two ticks",
    "[teleoperation]\nrate_hz = 20\nhold_after_ms = 99",
    "teleoperation.hold_after_ms is 99, but must be at least two ticks, which is 100 ms at 20 Hz",
  ],
  [
    "one port for both arms",
    '[leader]\nport = "/dev/ttyUSB_follower_arm"',
    'follower.port is "/dev/ttyUSB_follower_arm", but must not be the same as /x/config.toml: leader.port',
  ],
] as const) {
  test(`${what} is refused by its key`, () => {
    const [first, ...others] = problems(() => parse(text));
    expect(first).toStartWith("/x/config.toml: ");
    expect(first).toContain(expected);
    expect(others).toEqual([]);
  });
}

test("a pose in degrees has a whole turn", () => {
  const text = `[teleoperation]\nnormalisation = "degrees"\n${parkSection.replace("-99", "-179")}`;
  expect(parse(text).park?.shoulder_lift).toBe(-179);
  expect(problems(() => parse(text.replace("-179", "-181")))[0]).toContain("a number from -180 to 180 (°");
});

test("several problems are a line each", () => {
  expect(
    problems(() => parse('[teleoperation]\nrate_hz = 1\non_stop = 2\n[leader]\nport = ""')),
  ).toHaveLength(3);
});

for (const [text, line] of [
  ["a = 1\nb = = 2\nc = 3\n", 2],
  ["[leader\n", 1],
  ["\n\n# all is well\n[leader]\r\nport = \r\nid = 'x'\r\n", 5],
  ['[leader]\nport = "/dev\nid = "x"', 2],
  ["[leader]\n[follower]\n[leader]\n", 3],
  ["[teleoperation]\nrate_hz = 1\nrate_hz = 2", 3],
  ["a = [\n1,\n2\n]\nb = x", 5],
  ["a = 99999999999999999999", 1],
  ["\0", 1],
] as const) {
  test(`what is no TOML is refused by its line: ${JSON.stringify(text)}`, () => {
    const [only, ...others] = problems(() => parse(text));
    expect(only).toMatch(new RegExp(`^/x/config.toml: line ${line}: [A-Z]`));
    expect(others).toEqual([]);
  });
}

test("no file, a folder and a file of another kind are said", () => {
  expect(problems(() => loadConfig(join(folder, "none.toml")))[0]).toContain(
    "there is no such configuration file",
  );
  expect(problems(() => loadConfig(folder))).toEqual([`${folder}: not a file`]);
  expect(problems(() => loadConfig("/dev/zero"))).toEqual(["/dev/zero: not a file"]);
  const large = join(folder, "large.toml");
  writeFileSync(large, "#".repeat(1_000_000));
  expect(problems(() => loadConfig(large))[0]).toContain("too large");
});

test("the command line's word counts before the file's", () => {
  const config = withOverrides(parse('[leader]\nid = "blue"\n[teleoperation]\nhold_after_ms = 150'), {
    leader: "/dev/a",
    follower: "b",
    followerId: "red",
    calibrationDir: "c",
    rate: 500,
  });
  expect(config.leader).toEqual({ port: "/dev/a", id: "blue" });
  expect(config.follower).toEqual({ port: join(process.cwd(), "b"), id: "red" });
  expect(config.calibration_dir).toBe(join(process.cwd(), "c"));
  expect(config.teleoperation).toEqual({ ...defaultConfig.teleoperation, rate_hz: 500, hold_after_ms: 150 });
  expect(withOverrides(config, {})).toEqual(config);
});

test("an absurd option is refused by its own name, with the allowed range", () => {
  expect(problems(() => withOverrides(defaultConfig, { rate: 5000 }))).toEqual([
    "--rate is 5000, but must be a number from 20 to 500 (Hz)",
  ]);
  expect(problems(() => withOverrides(defaultConfig, { rate: Number.NaN }))[0]).toStartWith(
    "--rate is NaN, ",
  );
  expect(problems(() => withOverrides(defaultConfig, { leaderId: "a/b" }))[0]).toStartWith(
    '--leader-id is "a/b", ',
  );
  expect(problems(() => withOverrides(defaultConfig, { leader: "/dev/a", follower: "/dev/x/../a" }))).toEqual(
    ['--follower is "/dev/a", but must not be the same as --leader'],
  );
  expect(problems(() => withOverrides(defaultConfig, { follower: defaultConfig.leader.port }))).toEqual([
    '--follower is "/dev/ttyUSB_leader_arm", but must not be the same as leader.port',
  ]);
});

test("with both ports and ids given the main pair's file need not be there; one that is named must", () => {
  const missing = join(folder, "none.toml");
  const empty = join(folder, "empty");
  const whole = { leader: "/dev/a", follower: "/dev/b", leaderId: "blue", followerId: "red" };
  expect(configFor({}, whole, empty).leader).toEqual({ port: "/dev/a", id: "blue" });
  expect(problems(() => configFor({}, { ...whole, leaderId: undefined }, empty))[0]).toContain("no such");
  expect(problems(() => configFor({ config: missing }, whole, empty))[0]).toContain("no such");
  expect(problems(() => configFor({ pair: "left" }, whole, empty))[0]).toContain(
    "left.toml: there is no such",
  );
  writeFileSync(join(folder, "config.toml"), "[teleoperation]\nrate_hz = 60");
  expect(configFor({}, whole, folder).teleoperation.rate_hz).toBe(60);
  expect(configFor({}, {}, folder).leader).toEqual(defaultConfig.leader);
});

test("a pair is configured by the file of its name, with ports and ids of its own", () => {
  writeFileSync(join(folder, "config.toml"), "[teleoperation]\nrate_hz = 60");
  writeFileSync(join(folder, "left.toml"), "[teleoperation]\nrate_hz = 90");
  const { leader, teleoperation } = configFor({ pair: "left" }, { leaderId: "blue" }, folder);
  expect(teleoperation.rate_hz).toBe(90);
  expect(leader).toEqual({ port: "/dev/so101/left-leader", id: "blue" });
  expect(configFor({ pair: "main" }, {}, folder).teleoperation.rate_hz).toBe(60);
  const elsewhere = { pair: "left", config: join(folder, "config.toml") };
  expect(configFor(elsewhere, {}).follower.id).toBe("left-follower");
  expect(problems(() => configFor({ pair: "../left" }, {}))[0]).toStartWith(
    '--pair is "../left", but must be',
  );
});

test("hostile text is a configuration within the bounds or refused, and nothing else happens", () => {
  const text = readFileSync(shipped, "utf8").replace(/^#(?=\w+ = )/gm, "");
  const value = fc.oneof(
    fc.string(),
    fc.double().map(String),
    fc.json(),
    fc.constantFrom("[[", "{a=1}", "'''", "1e9"),
  );
  const key = fc.constantFrom(...text.match(/^\w+(?= = )/gm)!, "__proto__", "park", "toString");
  const hostile = fc.oneof(
    fc.string(),
    fc.tuple(key, value).map(([name, put]) => `${name} = ${put}`),
    fc
      .tuple(key, value)
      .map(([name, put]) => text.replace(new RegExp(`^${name} = .*$`, "m"), () => `${name} = ${put}`)),
    fc
      .tuple(fc.nat(text.length), fc.nat(80), fc.string())
      .map(([at, length, put]) => text.slice(0, at) + put + text.slice(at + length)),
    fc.nat(5000).map((depth) => `a = ${"[".repeat(depth)}`),
  );
  fc.assert(
    fc.property(hostile, (given) => {
      try {
        const { rate_hz } = parse(given).teleoperation;
        expect(rate_hz >= 20 && rate_hz <= 500).toBe(true);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        expect(error.message).toStartWith("/x/config.toml: ");
      }
    }),
    { numRuns: 500 },
  );
});
