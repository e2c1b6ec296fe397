import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { run } from "../support/program.ts";

setDefaultTimeout(180_000);

test.each([
  ["random faults break no safety rule, crash nothing, and heal in time", ["--minutes", "0.5"]],
  ["clients that vanish, flood and lie break no safety rule either", ["--minutes", "0.3", "--clients"]],
])("%s", async (_, options) => {
  const script = join(import.meta.dir, "../../scripts/chaos.ts");
  const command = [process.execPath, script, "--seed", "5", ...options, "--untimed"];
  const { stdout, stderr, code } = await run(command, { cwd: "/", env: { PATH: process.env.PATH! } });
  expect({ code, stderr, failed: /^FAILED.*/m.exec(stdout)?.[0] }).toEqual({
    code: 0,
    stderr: "",
    failed: undefined,
  });
  expect(stdout).toContain("0 violations of the safety rules, 0 crashes");
  expect(Number(/(\d+) episodes/.exec(stdout)![1])).toBeGreaterThan(1);
});
