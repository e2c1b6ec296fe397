/** Another program on a port, as LeRobot, a notebook or a monitor would be: real processes beside the compiled program. */
import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { realpathSync } from "node:fs";
import { join } from "node:path";
import type { RecordEntry } from "../../src/sim/record/entries.ts";
import { recordEntries } from "../../src/sim/testing/record.ts";
import { needing, ROOT } from "../support/needs.ts";
import { programPath } from "../support/program.ts";
import { RunningTeleoperation } from "../support/teleoperation.ts";

setDefaultTimeout(60_000);

const others: Bun.Subprocess[] = [];

afterEach(() => {
  for (const other of others.splice(0)) other.kill();
});

/** A program that has a port open and does nothing with it; no lock keeps anybody out. */
function opener(port: string): { pid: number; end(): Promise<number> } {
  const other = Bun.spawn(["sleep", "600"], { stdin: Bun.file(realpathSync(port)) });
  others.push(other);
  return {
    pid: other.pid,
    end() {
      other.kill();
      return other.exited;
    },
  };
}

async function so101(...args: string[]) {
  const child = Bun.spawn([programPath, ...args], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const stderr = await new Response(child.stderr).text();
  return { code: await child.exited, stderr };
}

/** What an arm was told between two marks of the record. */
async function toldBetween(run: RunningTeleoperation, role: string, from: string, to: string) {
  await run.sim.client.request({ do: "sync" });
  const entries: RecordEntry[] = [...(await recordEntries(run.sim.paths.record))];
  const at = (text: string) => entries.findIndex((one) => one.kind === "mark" && one.text === text);
  return entries.slice(at(from), at(to)).filter((entry) => entry.kind === "request" && entry.arm === role);
}

const mark = (run: RunningTeleoperation, text: string) => run.sim.client.request({ do: "mark", text });

test("that was there first on the leader's port, without a lock, is named and waited for; the arm hears nothing", async () => {
  const role = "leader";
  await using run = await RunningTeleoperation.start({ sim: { arms: "configured" } });
  await run.untilState("following");
  expect(await run.stop()).toBe(0);
  const path = run.sim.paths[role];
  const other = opener(path);
  await mark(run, "there");
  run.restart();
  const seen = run.events.length;
  const waiting = await run.untilState("waiting", seen);
  expect(waiting).toMatchObject({ code: `SO101-E012 ${role}.port.busy` });
  expect(waiting.why).toContain(`sleep (pid ${other.pid}) has ${path} open — end that program first`);
  await Bun.sleep(1_000);
  await mark(run, "ends");
  expect(await toldBetween(run, role, "there", "ends")).toEqual([]);
  await other.end();
  await run.untilState("following", seen);
  expect(await run.stop()).toBe(0);
});

// Who is not root cannot open a port that the program has open: Linux keeps them out.
needing(ROOT).describe("that opens a port of the pair later", () => {
  test("gets the follower's within a second, and is named", async () => {
    const role = "follower";
    await using run = await RunningTeleoperation.start({ sim: { arms: "configured" } });
    await run.untilState("following");
    const seen = run.events.length;
    const path = run.sim.paths[role];
    const openedMs = performance.now();
    const other = opener(path);
    const waiting = await run.untilState("waiting", seen);
    expect(performance.now() - openedMs).toBeLessThan(1_000);
    expect(waiting.why).toContain(`sleep (pid ${other.pid}) has ${path} open`);
    await mark(run, "given up");
    await Bun.sleep(1_500);
    await mark(run, "ends");
    expect(await toldBetween(run, role, "given up", "ends")).toEqual([]);
    await other.end();
    await run.untilState("following", seen);
    // A busy machine may make it hold on the way.
    const told = run.events.slice(seen).flatMap(({ event, to }) => (event === "state" && to ? to : []));
    expect(told.filter((state) => state !== "holding" && state !== "aligning")).toEqual([
      "waiting",
      "connecting",
      "following",
    ]);
    expect(await run.stop()).toBe(0);
  });

  test("release and a stop say why they cannot act, and exit with 1", async () => {
    await using run = await RunningTeleoperation.start({ sim: { arms: "configured" } });
    await run.untilState("following");
    const other = opener(run.sim.paths.follower);
    await run.untilState("waiting", run.events.length);
    const why = `sleep (pid ${other.pid}) has ${run.sim.paths.follower} open`;
    for (const wish of ["release", "pause"]) {
      const { stderr, code } = await so101(wish, "--socket", join(run.sim.dir, "control.sock"));
      expect(stderr).toContain(why);
      expect(code).toBe(1);
    }
    const relaxed = await so101("relax", "follower", "--port", run.sim.paths.follower, "--id", "x", "--yes");
    expect(relaxed.stderr).toContain(why);
    expect(relaxed.code).toBe(1);
    expect(await run.stop()).toBe(1);
    expect(run.events.at(-2)?.message ?? JSON.stringify(run.events.slice(-4))).toContain(why);
  });
});
