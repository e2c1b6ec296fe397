/** LeRobot's part of the configuration. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changeableKeys } from "../../src/config/changes.ts";
import { ConfigError, parseConfig } from "../../src/config/config.ts";
import { lerobotAddress, loadLerobotAddress } from "../../src/config/lerobot.ts";
import { thrown } from "../support/thrown.ts";

const file = join(mkdtempSync(join(tmpdir(), "so101-lerobot-config-")), "config.toml");

function load(text: string) {
  writeFileSync(file, text);
  return loadLerobotAddress(file);
}

test("without a file, its part of it, or an address, nobody is answered", () => {
  expect(loadLerobotAddress("/nowhere/config.toml")).toBeUndefined();
  for (const text of ["", "[teleoperation]\nrate_hz = 150\n", "[lerobot]\n"])
    expect(load(text)).toBeUndefined();
});

test.each([
  ["0.0.0.0", "0.0.0.0", 5555],
  ["192.168.1.20:5565", "192.168.1.20", 5565],
  ["[::]", "::", 5555],
  ["[::1]:6000", "::1", 6000],
])("%s is an address, with LeKiwi's port where none is named", (text, hostname, port) => {
  expect(lerobotAddress(text)).toEqual({ hostname, port });
  expect(load(`[lerobot]\nlisten = "${text}"\n`)).toEqual({ hostname, port });
  expect(parseConfig(`[lerobot]\nlisten = "${text}"\n`, file).lerobot.listen).toBe(text);
});

test("each pair has its own", () => {
  const text = '[lerobot]\nlisten = "0.0.0.0:5565"\n';
  expect(parseConfig(text, file, "left").lerobot.listen).toBe("0.0.0.0:5565");
});

test("what is wrong elsewhere in the file is not its affair", () => {
  expect(load('[teleoperation]\nrate_hz = "fast"\n[lerobot]\nlisten = "0.0.0.0"\n')?.port).toBe(5555);
});

describe("a wrong value is told as that of any other key", () => {
  test.each([
    ["listen", "5555", "an address of this machine"],
    ["listen", '""', "an address of this machine"],
    ["listen", '"5555"', "an address of this machine"],
    ["listen", '"pi.local"', "an address of this machine"],
    ["listen", '"*"', "an address of this machine"],
    ["listen", '"0.0.0.0:0"', "an address of this machine"],
    ["listen", '"0.0.0.0:65533"', "an address of this machine"],
    ["listen", '"0.0.0.256"', "an address of this machine"],
    ["listen", '"::1:5555"', "an address of this machine"],
    ["listen", '"tcp://0.0.0.0:5555"', "an address of this machine"],
    ["listen", '"0.0.0.0\\n"', "an address of this machine"],
    ["listens", '"0.0.0.0"', undefined],
  ])("%s = %s", (key, value, why) => {
    const text = `[lerobot]\n${key} = ${value}\n`;
    for (const read of [() => load(text), () => parseConfig(text, file)]) {
      const { message } = thrown(ConfigError, read);
      expect(message).toStartWith(`${file}: lerobot.${key} is `);
      expect(message).toContain(why === undefined ? "lerobot.listen" : `, but must be ${why}`);
    }
  });
});

test("a page sets nothing of it", () => {
  expect(changeableKeys("range").some(({ section }) => section === "lerobot")).toBe(false);
});
