import { expect, test } from "bun:test";
import {
  freeMegabytes,
  hasPackage,
  kernelCommandLine,
  packageArchitecture,
  runningPrograms,
  unitProperties,
} from "../../src/host/machine.ts";
import { needing, program } from "../support/needs.ts";

test("what this machine is can be asked, and nothing throws where it cannot", () => {
  expect(kernelCommandLine()).toBe(
    new TextDecoder().decode(Bun.spawnSync(["cat", "/proc/cmdline"]).stdout).trim(),
  );
  expect(runningPrograms().has("bun")).toBe(true);
  expect(freeMegabytes("/")).toBeGreaterThan(0);
  expect(freeMegabytes("/nowhere")).toBeUndefined();
});

needing(program("dpkg", "dpkg")).test("dpkg knows its architecture and its packages", () => {
  expect(packageArchitecture()).toMatch(/^(amd64|arm64)$/);
  expect(hasPackage("dpkg")).toBe(true);
  expect(hasPackage("so101-no-such-package")).toBe(false);
});

test("a unit's properties are undefined or what systemd says", async () => {
  const properties = await unitProperties("so101-no-such.service", ["LoadState"]);
  if (properties !== undefined) expect(properties.LoadState).toBe("not-found");
});
