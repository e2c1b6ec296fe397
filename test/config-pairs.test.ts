import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, parseConfig } from "../src/config.ts";
import { chooseArm, pairConfig } from "../src/config-arm.ts";
import { onlyPair, pairConfigPath } from "../src/config-pairs.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "so101-pairs-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const add = (file: string, text = "") => writeFileSync(join(dir, file), text);

test("the main pair's file is config.toml, another's has its name", () => {
  expect(pairConfigPath("main", dir)).toBe(join(dir, "config.toml"));
  expect(pairConfigPath("left", dir)).toBe(join(dir, "left.toml"));
});

test.each(["", "../left", "config", "a b", "-x"])("%j is no pair's name", (name) => {
  expect(() => pairConfigPath(name, dir)).toThrow(ConfigError);
});

test("without a name the only pair is meant, and with several a name must be given", () => {
  expect(onlyPair(dir)).toBe("main");
  add("left.toml");
  add("config.toml.dpkg-old");
  expect(onlyPair(dir)).toBe("left");
  add("config.toml");
  expect(() => onlyPair(dir)).toThrow("--pair left or --pair main");
});

test("a further pair has links and ids of its own, unless its file says otherwise", () => {
  const config = parseConfig('[leader]\nid = "blue"\n', "left.toml", "left");
  expect(config.leader).toEqual({ port: "/dev/so101/left-leader", id: "blue" });
  expect(config.follower).toEqual({ port: "/dev/so101/left-follower", id: "left-follower" });
  expect(parseConfig("", "config.toml").follower).toEqual({
    port: "/dev/ttyUSB_follower_arm",
    id: "follower",
  });
});

test("a pair that was named and is not there is said", () => {
  expect(() => pairConfig({ pair: "left" }, dir)).toThrow(
    `there is no configuration file ${join(dir, "left.toml")}`,
  );
});

test("the arm of a command is the configured pair's, with the command line's word in place of the file's", () => {
  add(
    "config.toml",
    'calibration_dir = "/cal"\n[leader]\nport = "/dev/a"\nid = "blue"\n[follower]\nport = "/dev/b"\n',
  );
  expect(chooseArm("leader", {}, dir)).toEqual({
    role: "leader",
    port: "/dev/a",
    id: "blue",
    calibrationDir: "/cal",
    counterpart: { port: "/dev/b", id: "follower" },
  });
  expect(chooseArm("leader", { id: "green", calibrationDir: "/other" }, dir)).toMatchObject({
    port: "/dev/a",
    id: "green",
    calibrationDir: "/other",
  });
});

test("with a port and an id an arm belongs to no pair, and needs no file", () => {
  expect(chooseArm("follower", { port: "/dev/x", id: "x" }, dir)).toEqual({
    role: "follower",
    port: "/dev/x",
    id: "x",
    calibrationDir: "/var/lib/so101-teleop/calibration",
  });
});

test("the other arm's port is not taken for this one's", () => {
  add("config.toml", '[leader]\nport = "/dev/a"\n[follower]\nport = "/dev/b"\n');
  expect(() => chooseArm("leader", { port: "/dev/b" }, dir)).toThrow("the follower's port");
});

test("neither a file nor a port: both ways out are named", () => {
  expect(() => chooseArm("leader", {}, dir)).toThrow("give --port and --id instead, or --config");
});
