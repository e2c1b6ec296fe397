/** Some seconds of the siege: that it works, and that the program withstands. `make siege` is the whole of it. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { ATTACKS } from "../../scripts/siege/attacks.ts";
import { needing, program, ROOT } from "../support/needs.ts";
import { programPath, run } from "../support/program.ts";

setDefaultTimeout(180_000);

const siege = (...args: string[]) =>
  run([process.execPath, join(import.meta.dir, "../../scripts/siege.ts"), ...args], {
    cwd: "/",
    env: { PATH: process.env.PATH! },
  });

/** What storms do to the control socket, storm.test.ts shows; those of the network's requests are much the same. */
const TRIED = ATTACKS.map(({ name }) => name).filter((name) => !["socket", "network"].includes(name));

// Root's tools, on machines of their own, are most of what is killed.
needing(ROOT, program("strace", "strace")).test(
  "hostile input loses nothing, hangs nothing, and lets nobody in",
  async () => {
    const { stdout, stderr, code } = await siege(
      ...["--seed", "5", "--minutes", "0.1"],
      ...TRIED.flatMap((name) => ["--only", name]),
    );
    expect({ failed: stdout.match(/^FAILED.*$/gm), stderr, code }).toEqual({
      failed: null,
      stderr: "",
      code: 0,
    });
    for (const name of TRIED) {
      expect(Number(new RegExp(`^${name} +(\\d+) +0 +0 +0`, "m").exec(stdout)![1])).toBeGreaterThan(0);
    }
  },
);

test.each([
  [["--only", "nothing"], "there is no attack nothing: "],
  [["--minutes", "0"], "--minutes is more than 0, and at most 60"],
  [["--seed", "x"], "--seed is a whole number"],
])("%p is wrong usage", async (args, says) => {
  const { stderr, code } = await siege(...args, "--program", programPath);
  expect(stderr).toContain(says);
  expect(code).toBe(2);
});
