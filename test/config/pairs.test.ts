import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, parseConfig } from "../../src/config/config.ts";
import { onlyPair, pairConfigPath, pairsOrMain, pairToName } from "../../src/config/pairs.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "so101-pairs-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const add = (file: string) => writeFileSync(join(dir, file), "");

test("the main pair's file is config.toml, another's has its name", () => {
  expect(pairConfigPath("main", dir)).toBe(join(dir, "config.toml"));
  expect(pairConfigPath("left", dir)).toBe(join(dir, "left.toml"));
  expect(pairConfigPath("Left-2_b")).toBe("/etc/so101-teleop/Left-2_b.toml");
});

test.each(["", ".", "../left", "left.toml", "config", "a b", "-x", "ä", "x".repeat(65)])(
  "%j is no pair's name",
  (name) => {
    expect(() => pairConfigPath(name, dir)).toThrow(ConfigError);
  },
);

test("without a name the only pair is meant, and with several a name must be given", () => {
  expect(onlyPair(join(dir, "none"))).toBe("main");
  expect(onlyPair(dir)).toBe("main");
  add("left.toml");
  expect(onlyPair(dir)).toBe("left");
  add("config.toml");
  expect(() => onlyPair(dir)).toThrow(
    `${dir} has several pairs of arms: say which with --pair left or --pair main`,
  );
});

test("all pairs are those that have a file, or the main one where none has", () => {
  expect(pairsOrMain(join(dir, "none"))).toEqual(["main"]);
  for (const file of ["right.toml", "left.toml", "left.toml.dpkg-old"]) add(file);
  expect(pairsOrMain(dir)).toEqual(["left", "right"]);
  add("config.toml");
  expect(pairsOrMain(dir)).toEqual(["left", "main", "right"]);
});

test.each(["config.toml.dpkg-old", "notes.txt", ".hidden.toml", "a b.toml", "main.toml"])(
  "%s is not a pair's file",
  (file) => {
    add("left.toml");
    add(file);
    expect(onlyPair(dir)).toBe("left");
  },
);

test("a further pair has links and ids of its own, unless its file says otherwise", () => {
  const config = parseConfig('[leader]\nid = "blue"\n', "left.toml", "left");
  expect(config.leader).toEqual({ port: "/dev/so101/left-leader", id: "blue" });
  expect(config.follower).toEqual({ port: "/dev/so101/left-follower", id: "left-follower" });
});

test("a command that is to be pasted names the pair, but for the main one where there is no other", () => {
  expect(pairToName("main", join(dir, "none"))).toBeUndefined();
  add("config.toml");
  expect(pairToName("main", dir)).toBeUndefined();
  expect(pairToName("left", dir)).toBe("left");
  add("left.toml");
  expect(pairToName("main", dir)).toBe("main");
});

test("a folder that cannot be listed is told as that, and keeps no message from being worded", () => {
  const file = join(dir, "no-folder");
  writeFileSync(file, "");
  expect(() => onlyPair(file)).toThrow(
    new ConfigError(`${file} cannot be read: a part of its path is not a folder`),
  );
  expect(pairToName("main", file)).toBeUndefined();
});
