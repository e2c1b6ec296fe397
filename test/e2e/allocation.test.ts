import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { startSim } from "../../src/sim/testing/start.ts";

setDefaultTimeout(60_000);
const TICKS = 12_000;
/** The collector runs when so much was allocated: one object of 16 bytes a tick is enough by far. */
const COLLECT_EVERY_BYTES = 100_000;

/** How often the collector ran in {@link TICKS} ticks of the control loop on simulated arms that stand still. */
async function collections(task: "hot" | "remote" | "driven" | "recorded" | "allocating"): Promise<number> {
  await using sim = await startSim({ arms: "configured", motion: "still", wireTime: false, usbDelayUs: 0 });
  const script = join(import.meta.dir, "../support/hot-loop.ts");
  const child = Bun.spawn(
    [process.execPath, script, task, `${TICKS}`, sim.paths.leader, sim.paths.follower],
    {
      env: { ...process.env, BUN_JSC_logGC: "1", BUN_JSC_gcMaxHeapSize: `${COLLECT_EVERY_BYTES}` },
      stderr: "pipe",
    },
  );
  const log = await new Response(child.stderr).text();
  expect(await child.exited).toBe(0);
  const during = /^begin$(.*)^end$/ms.exec(log);
  return during![1]!.split("START").length - 1;
}

test("the control loop allocates nothing while nothing changes", async () => {
  expect(await collections("hot")).toBe(0);
});

test("nor with a leader of another machine", async () => {
  expect(await collections("remote")).toBe(0);
});

test("nor with a client in the leader's place, which is watched", async () => {
  expect(await collections("driven")).toBe(0);
});

test("nor while somebody records", async () => {
  expect(await collections("recorded")).toBe(0);
});

test("… which one small object a tick would show", async () => {
  expect(await collections("allocating")).toBeGreaterThan(0);
});
