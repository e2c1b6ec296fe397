/** The page's part of the configuration. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, parseConfig } from "../../src/config/config.ts";
import { listenAddress, loadWebConfig, type WebConfig } from "../../src/config/web.ts";
import { thrown } from "../support/thrown.ts";

const file = join(mkdtempSync(join(tmpdir(), "so101-web-config-")), "config.toml");

function load(text: string) {
  writeFileSync(file, text);
  return loadWebConfig(file);
}

const DEFAULTS: WebConfig = { enabled: true, listen: "0.0.0.0:8101", read: "everybody", names: [] };

test("without a file, or without its part of it, the page is for everybody to read on port 8101", () => {
  expect(loadWebConfig("/nowhere/config.toml")).toEqual(DEFAULTS);
  expect(load("")).toEqual(DEFAULTS);
  expect(load("[teleoperation]\nrate_hz = 150\n")).toEqual(DEFAULTS);
});

test("each key is taken", () => {
  const text =
    '[web]\nenabled = false\nlisten = "[::1]:80"\nread = "claimed"\nnames = ["Arms.Example.ORG"]\n';
  const wanted: WebConfig = {
    enabled: false,
    listen: "[::1]:80",
    read: "claimed",
    names: ["arms.example.org"],
  };
  expect(load(text)).toEqual(wanted);
  expect(parseConfig(text, file).web).toEqual(wanted);
});

test("what is wrong elsewhere in the file keeps no page from being served: it is where that is shown", () => {
  expect(load('[teleoperation]\nrate_hz = "fast"\n[web]\nread = "claimed"\n').read).toBe("claimed");
});

describe("a wrong value is told as that of any other key", () => {
  test.each([
    ["enabled", '"no"', "true or false"],
    ["listen", "8101", "an address and a port"],
    ["listen", '"8101"', "an address and a port"],
    ["listen", '"0.0.0.0:0"', "an address and a port"],
    ["listen", '"0.0.0.0:65536"', "an address and a port"],
    ["listen", '"::1:80"', "an address and a port"],
    ["listen", '"http://0.0.0.0:80"', "an address and a port"],
    ["listen", '"0.0.0.0:80\\n"', "an address and a port"],
    ["read", '"nobody"', '"everybody" or "claimed"'],
    ["names", '"arms.example.org"', "a list of up to 16 names"],
    ["names", JSON.stringify(Array(17).fill("a")), "a list of up to 16 names"],
  ])("%s = %s", (key, value, why) => {
    const text = `[web]\n${key} = ${value}\n`;
    for (const read of [() => load(text), () => parseConfig(text, file)]) {
      const { message } = thrown(ConfigError, read);
      expect(message).toStartWith(`${file}: web.${key} is `);
      expect(message).toContain(`, but must be ${why}`);
    }
  });

  test.each(["a b", "arms:8101", "", ".", "*", "ärm", "http://arms", "a".repeat(254)])(
    "a name %j",
    (name) => {
      const { message } = thrown(ConfigError, () => load(`[web]\nnames = ["ok", ${JSON.stringify(name)}]\n`));
      expect(message).toContain("web.names.1 is ");
      expect(message).toContain("must be a name of this machine");
    },
  );

  test("a key that is none, with what may be meant", () => {
    expect(thrown(ConfigError, () => load("[web]\nlist = 1\n")).message).toContain("is listen meant?");
  });

  test("no TOML, with its line", () => {
    expect(thrown(ConfigError, () => load("[web]\nread = = 1\n")).message).toContain("line 2");
  });
});

test("of a further pair's file it is no part", () => {
  const { message } = thrown(ConfigError, () => parseConfig("[web]\nenabled = true\n", "left.toml", "left"));
  expect(message).toContain("main pair's config.toml");
});

test.each(["0.0.0.0:0", "[::]:65535", "localhost:1", "raspberrypi.local:8101"])(
  "%s can be listened at",
  (text) => {
    expect(listenAddress(text)).toBeDefined();
  },
);
