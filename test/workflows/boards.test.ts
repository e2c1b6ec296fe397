import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programsIn } from "../../src/host/programs.ts";
import { sayNoBoard } from "../../src/workflows/boards.ts";

const folder = mkdtempSync(join(tmpdir(), "so101-no-udev-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("where udev cannot be asked no cable is blamed", () => {
  const programs = programsIn([folder]);
  const said = sayNoBoard("plug in the arm's USB board", programs);
  expect(said).toStartWith("boards cannot be listed: udevadm is not installed here (a container?); ");
  expect(said).not.toContain("cable");
  writeFileSync(join(folder, "udevadm"), "#!/bin/sh\n", { mode: 0o755 });
  expect(sayNoBoard("plug in the arm's USB board", programs)).not.toContain("udevadm");
});
