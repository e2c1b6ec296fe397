/** What the doctor looks at on a machine that has one arm of its pair. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Check } from "../../../src/workflows/check.ts";
import { examine } from "../../../src/workflows/doctor/doctor.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "so101-doctor-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** What it finds by a configuration; no service runs, and no board is there. */
async function checksWith(network: string): Promise<Check[]> {
  const config = join(dir, "main.toml");
  const ports = (["leader", "follower"] as const).map((role) => `[${role}]\nport = "${join(dir, role)}"`);
  writeFileSync(config, `calibration_dir = "${dir}"\n${ports.join("\n")}\n[network]\n${network}\n`);
  return await Array.fromAsync(
    examine({ pair: "main", config, sockets: [join(dir, "nobody.sock")], audience: {} }),
  );
}

test.each([
  ['broker = "mqtt://desk"\narms = "leader"', ["leader"]],
  ['broker = "mqtt://desk"\narms = "follower"\nremote_leader = "desk/main"', ["follower"]],
  ["", ["leader", "follower"]],
])("with %p the arms that are looked for are: %p", async (network, arms) => {
  const areas = (await checksWith(network)).map(({ area }) => area);
  expect(areas.filter((area) => /^(leader|follower)'s port$/.test(area))).toEqual(
    arms.map((arm) => `${arm}'s port`),
  );
  const others = ["leader", "follower"].filter((arm) => !arms.includes(arm));
  for (const other of others) expect(areas.join("\n")).not.toContain(other);
});
