/** Which pairs the page shows. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configuredPairs } from "../../../src/web/pairs/configured.ts";

test("a pair that gets a configuration file is there without a restart, and gone with it", async () => {
  const dir = mkdtempSync(join(tmpdir(), "so101-pairs-"));
  const controller = new AbortController();
  const pairs = configuredPairs(controller.signal, dir);
  const become = async (names: readonly string[]) => {
    while (!Bun.deepEquals([...pairs.keys()], names)) await Bun.sleep(50);
  };
  expect([...pairs.keys()]).toEqual(["main"]);
  const main = pairs.get("main");
  for (const name of ["config", "left"]) writeFileSync(join(dir, `${name}.toml`), "");
  await become(["main", "left"]);
  expect(pairs.get("main")).toBe(main!);
  rmSync(join(dir, "left.toml"));
  await become(["main"]);
  controller.abort();
  rmSync(dir, { recursive: true });
});
