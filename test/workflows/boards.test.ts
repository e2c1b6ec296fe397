import { afterAll, afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sayNoBoard } from "../../src/workflows/boards.ts";

const path = process.env.PATH;
const folder = mkdtempSync(join(tmpdir(), "so101-no-udev-"));
afterEach(() => {
  process.env.PATH = path;
});
afterAll(() => rmSync(folder, { recursive: true }));

test("where udev cannot be asked no cable is blamed", () => {
  process.env.PATH = folder;
  const said = sayNoBoard("plug in the arm's USB board");
  expect(said).toStartWith("boards cannot be listed: udevadm is not installed here (a container?); ");
  expect(said).not.toContain("cable");
  writeFileSync(join(folder, "udevadm"), "#!/bin/sh\n", { mode: 0o755 });
  expect(sayNoBoard("plug in the arm's USB board")).not.toContain("udevadm");
});
