import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { replaceFile } from "../../src/linux/files.ts";

let folder: string;
afterEach(() => rmSync(folder, { recursive: true }));

test("what a killed program has left of a file is gone after the next writing of that file, and nothing else", () => {
  folder = mkdtempSync(join(tmpdir(), "so101-sweep-"));
  const uuid = "0b2f6a4c-3f0e-4a55-9c1e-7d8f0a1b2c3d";
  const put = (name: string, ageS: number) => {
    const atS = Date.now() / 1e3 - ageS;
    writeFileSync(join(folder, name), "");
    utimesSync(join(folder, name), atS, atS);
    return name;
  };
  put(`.config.toml.${uuid}`, 2 * 3600);
  const kept = [
    put(`.config.toml.${uuid.replace("0", "1")}`, 60), // of a program that still writes
    put(`.left.toml.${uuid}`, 2 * 3600),
    put(".config.toml.swp", 2 * 3600),
  ];
  replaceFile(join(folder, "config.toml"), "x = 1\n");
  expect(readdirSync(folder).toSorted()).toEqual([...kept, "config.toml"].toSorted());
});
