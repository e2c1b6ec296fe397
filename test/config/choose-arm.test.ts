import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ArmChoice,
  calibrationDirFor,
  chooseArm,
  chooseFiledArm,
  pairConfig,
} from "../../src/config/choose-arm.ts";
import { ConfigError } from "../../src/config/config.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "so101-arm-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const add = (file: string, text = "") => {
  writeFileSync(join(dir, file), text);
  return join(dir, file);
};
const main =
  'calibration_dir = "/cal"\n[leader]\nport = "/dev/a"\nid = "blue"\n[follower]\nport = "/dev/b"\n';
const choose = (choice: ArmChoice, role: "leader" | "follower" = "leader") => chooseArm(role, choice, dir);

test("an arm is the configured pair's, with the other one for its counterpart", () => {
  add("config.toml", main);
  const leader = { port: "/dev/a", id: "blue" };
  const follower = { port: "/dev/b", id: "follower" };
  const both = { calibrationDir: "/cal", normalisation: "range" } as const;
  expect(choose({})).toEqual({ role: "leader", ...leader, ...both, counterpart: follower });
  expect(choose({}, "follower")).toEqual({
    role: "follower",
    ...follower,
    ...both,
    counterpart: leader,
  });
});

test("by its file alone an arm needs no port: with an id not even a configuration", () => {
  const filed = (choice: ArmChoice) => chooseFiledArm("leader", choice, dir);
  expect(filed({ id: "green", calibrationDir: "/x" })).toEqual({
    ...{ role: "leader", id: "green", port: undefined, calibrationDir: "/x", normalisation: undefined },
  });
  expect(() => filed({})).toThrow("there is no such configuration file — give --id instead, or --config");
  add("config.toml", main);
  expect(filed({})).toMatchObject({ id: "blue", port: "/dev/a", calibrationDir: "/cal" });
  expect(filed({ id: "green" })).toMatchObject({ id: "green", port: "/dev/a", normalisation: "range" });
  add("left.toml");
  expect(filed({ id: "green" })).toMatchObject({ id: "green", port: undefined, calibrationDir: "/cal" });
  expect(filed({ pair: "left" })).toMatchObject({ id: "left-leader", port: "/dev/so101/left-leader" });
  expect(() => filed({})).toThrow("--pair left or --pair main");
});

test("the command line's word counts before the file's; its paths may be relative", () => {
  add("config.toml", main);
  expect(choose({ id: "green", calibrationDir: "other" })).toMatchObject({
    port: "/dev/a",
    id: "green",
    calibrationDir: join(process.cwd(), "other"),
  });
  expect(choose({ port: "x" })).toMatchObject({ port: join(process.cwd(), "x"), id: "blue" });
});

test("of several pairs one must be named", () => {
  add("config.toml", main);
  add("left.toml");
  expect(() => choose({})).toThrow("--pair left or --pair main");
  expect(choose({ pair: "main" }).id).toBe("blue");
  expect(choose({ pair: "left" })).toMatchObject({
    port: "/dev/so101/left-leader",
    id: "left-leader",
    counterpart: { port: "/dev/so101/left-follower", id: "left-follower" },
  });
});

test("a configuration may be anywhere, and be a further pair's", () => {
  const file = add("elsewhere.conf");
  expect(choose({ config: file })).toMatchObject({ port: "/dev/ttyUSB_leader_arm", id: "leader" });
  expect(choose({ config: file, pair: "left" })).toMatchObject({ id: "left-leader" });
});

test("with a port and an id an arm belongs to no pair and needs no file, …", () => {
  expect(choose({ port: "/dev/x", id: "x" }, "follower")).toEqual({
    role: "follower",
    port: "/dev/x",
    id: "x",
    calibrationDir: "/var/lib/so101-teleop/calibration",
  });
});

test("… unless a pair is named", () => {
  add("left.toml", 'calibration_dir = "/cal"');
  expect(choose({ pair: "left", port: "/dev/x", id: "x" })).toMatchObject({
    port: "/dev/x",
    id: "x",
    calibrationDir: "/cal",
    counterpart: { id: "left-follower" },
  });
  expect(() => choose({ pair: "right", port: "/dev/x", id: "x" })).toThrow("right.toml");
});

test("the other arm's port is not taken for this one's, whatever it is called", () => {
  const link = join(dir, "link");
  symlinkSync("/dev/null", link);
  add("config.toml", '[follower]\nport = "/dev/null"\n');
  for (const port of ["/dev/null", link]) {
    expect(() => choose({ port })).toThrow(
      `--port ${port} is the follower's port in the configuration, not the leader's`,
    );
  }
});

test.each([
  ["there is neither a file nor a port", {}, "give --port and --id instead, or --config"],
  ["a pair is named that is not there", { pair: "left" }, "--pair left: there is no configuration file"],
  ["a file is named that is not there", { config: "/none.toml" }, "/none.toml: there is no such"],
  ["a name is none", { pair: "../x" }, '--pair is "../x", but must be a name of'],
  ["an id is a path", { port: "/dev/x", id: "../x" }, "--id: "],
] as const)("wrong usage is said when %s", (_, choice, message) => {
  expect(() => choose(choice)).toThrow(message);
  expect(() => choose(choice)).toThrow(ConfigError);
});

test("calibrations are where the command line says, or the named pair's file, or the main one's", () => {
  expect(calibrationDirFor({}, dir)).toBe("/var/lib/so101-teleop/calibration");
  add("left.toml", 'calibration_dir = "/left"');
  add("config.toml", main);
  expect(calibrationDirFor({}, dir)).toBe("/cal");
  expect(calibrationDirFor({ pair: "left" }, dir)).toBe("/left");
  expect(calibrationDirFor({ pair: "left", calibrationDir: "/given" }, dir)).toBe("/given");
});

test("a pair's configuration is read with its own defaults", () => {
  add("left.toml");
  expect(pairConfig({}, dir).follower.id).toBe("left-follower");
});
