/** The files that the control thread opens while arms are driven: none but their ports. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needing, program, TRACING } from "../support/needs.ts";
import { type Arms, RunningTeleoperation } from "../support/teleoperation.ts";

setDefaultTimeout(90_000);

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "so101-opens-"));
});
afterAll(() => rm(dir, { recursive: true }));

const holds = ({ follower }: Arms) =>
  Object.values(follower.joints).every(({ registers }) => registers.torque_enable === 1);

needing(program("strace", "strace"), TRACING).test(
  "an arm that comes back while the other one is held is connected without a file being opened there",
  async () => {
    const trace = join(dir, "trace");
    const opens = "trace=open,openat,openat2";
    await using run = await RunningTeleoperation.start({
      sim: { arms: "configured", motion: "still" },
      wrapper: ["strace", "-D", "-f", "-qq", "--seccomp-bpf", "-e", opens, "-o", trace],
    });
    const { client, paths } = run.sim;
    await run.untilState("following");
    for (const arm of ["leader", "follower"] as const) {
      const seen = run.events.length;
      await client.request({ do: "pull", arm });
      await run.untilState("waiting", seen);
      await client.request({ do: "plug", arm });
      await run.untilState("following", seen);
      await run.untilArms(holds, "a follower that holds");
    }
    expect(await run.stop()).toBe(0);
    // "812 openat(AT_FDCWD, "/x", O_RDWR|O_NOCTTY) = 9": who, what, how.
    const opened = [
      ...(await readFile(trace, "utf8")).matchAll(/^(\d+) +open\w*\(.*?"(.*?)", (\w[\w|]*)/gm),
    ].map(([, thread, path, flags]) => ({ thread, path: path!, flags: flags! }));
    const first = opened.findIndex(({ path, flags }) => path === paths.leader && flags.includes("O_NOCTTY"));
    const { thread } = opened[first]!;
    const inThread = opened.slice(first).filter((each) => each.thread === thread);
    const ports = inThread.filter(({ flags }) => flags.startsWith("O_RDWR|O_NOCTTY"));
    expect(ports.length).toBeGreaterThanOrEqual(4);
    // The engine's own look at how much memory it has, when it collects garbage.
    const others = inThread.filter((each) => !ports.includes(each) && each.path !== "/proc/self/statm");
    expect(others).toEqual([]);
    // The others open the files.
    expect(opened.some((each) => each.thread !== thread && /(^|\/)leader\.json$/.test(each.path))).toBe(true);
  },
);

test("a file that never ends keeps neither arm waiting: the held follower is looked after, and stays held", async () => {
  await using run = await RunningTeleoperation.start({ sim: { arms: "configured", motion: "still" } });
  const { client, paths } = run.sim;
  const fifo = join(paths.calibration, "teleoperators", "so101_leader", "leader.unfinished");
  await run.untilState("following");
  const seen = run.events.length;
  await client.request({ do: "pull", arm: "leader" });
  await run.untilState("waiting", seen);
  expect(Bun.spawnSync(["mkfifo", fifo]).success).toBe(true);
  await client.request({ do: "plug", arm: "leader" });
  // It is read whole each time that it is looked for: many times meanwhile.
  await run.untilLeaderAnswered(200);
  await run.untilArms(holds, "a follower that holds");
  // Ends the reading of whoever reads it.
  Bun.spawnSync(["timeout", "1", "sh", "-c", `exec 3<>${fifo}; rm ${fifo}`]);
  await run.untilState("following", seen);
  expect(await run.stop()).toBe(0);
});
