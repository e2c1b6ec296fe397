/** `status`, `pause`, `resume` and `release` with `--all`, on a machine of two pairs. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JOINTS } from "../../src/arm/joints.ts";
import type { RunningSim } from "../../src/sim/testing/start.ts";
import { MOUNTING, needing } from "../support/needs.ts";
import { programPath, run } from "../support/program.ts";
import { checkedArms } from "../support/simulated-arms.ts";

setDefaultTimeout(60_000);

const PAIRS = ["left", "right"] as const;
type Pair = (typeof PAIRS)[number];

/** A place of its own for the configuration ($0 has it) and the sockets. */
const APART = `
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /etc
mount -t tmpfs tmpfs /run
mkdir -p /etc/so101-teleop
cp "$0"/*.toml /etc/so101-teleop
echo ready
exec sleep infinity`;

needing(MOUNTING).describe("of two pairs", () => {
  let dir: string;
  let apart: Bun.Subprocess<"ignore", "pipe", "inherit">;
  const sims = new Map<Pair, RunningSim>();
  const services = new Map<Pair, Bun.Subprocess>();

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "so101-pairs-"));
    for (const pair of PAIRS) {
      const sim = await checkedArms({ arms: "configured", motion: "still" });
      sims.set(pair, sim);
      const arms = (["leader", "follower"] as const).map(
        (arm) => `[${arm}]\nport = ${JSON.stringify(sim.paths[arm])}\nid = "${arm}"\n`,
      );
      const text = `calibration_dir = ${JSON.stringify(sim.paths.calibration)}\n${arms.join("")}`;
      await writeFile(join(dir, `${pair}.toml`), text);
    }
    apart = Bun.spawn(["unshare", "--mount", "sh", "-euc", APART, dir], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    await apart.stdout.getReader().read();
    for (const pair of PAIRS) await start(pair);
  });

  afterAll(async () => {
    for (const service of services.values()) service.kill("SIGTERM");
    for (const service of services.values()) await service.exited;
    apart?.kill("SIGKILL");
    for (const sim of sims.values()) await sim.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const inside = (...command: string[]) => [
    "nsenter",
    "--target",
    `${apart.pid}`,
    "--mount",
    "--",
    ...command,
  ];
  const so101 = (...args: string[]) => run(inside(programPath, ...args), { cwd: "/" });

  async function start(pair: Pair): Promise<void> {
    services.set(
      pair,
      Bun.spawn(inside(programPath, "teleoperate", "--pair", pair), {
        stdio: ["ignore", "ignore", "ignore"],
      }),
    );
    await until(async () => (await stateOf(pair)) === "following");
  }

  async function until(isSo: () => Promise<boolean>): Promise<void> {
    for (const deadline = performance.now() + 20_000; !(await isSo()); await Bun.sleep(50)) {
      if (performance.now() > deadline) throw new Error("in vain");
    }
  }

  async function stateOf(pair: Pair): Promise<string | undefined> {
    const { stdout, code } = await so101("status", "--pair", pair, "--json");
    return code === 0 ? JSON.parse(stdout).state : undefined;
  }

  async function torques(pair: Pair): Promise<boolean[]> {
    const { follower } = await sims.get(pair)!.client.request({ do: "state" });
    return JOINTS.map((joint) => follower.joints[joint].energised);
  }

  test("each has its line, and each does as was asked", async () => {
    const all = await so101("status", "--all");
    expect({ ...all, stdout: all.stdout.replaceAll(/\d+ s/g, "N s") }).toMatchObject({
      stdout: PAIRS.map(
        (pair) => `${pair}: following for N s: the follower has reached the leader's pose\n`,
      ).join(""),
      stderr: "",
      code: 0,
    });
    const json = await so101("status", "--all", "--json");
    expect(
      json.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).pair),
    ).toEqual([...PAIRS]);

    expect(await so101("pause", "--all")).toMatchObject({
      stdout: PAIRS.map((pair) => `${pair}: paused: the follower stays where it is\n`).join(""),
      code: 0,
    });
    for (const pair of PAIRS) expect(await stateOf(pair)).toBe("holding");
    expect((await so101("resume", "--all")).code).toBe(0);
    for (const pair of PAIRS) await until(async () => (await stateOf(pair)) === "following");
  });

  test("what one pair cannot do does not keep the other from it, and makes the exit code 1", async () => {
    const [left, right] = PAIRS;
    services.get(left)!.kill("SIGKILL");
    await services.get(left)!.exited;
    const { stdout, code } = await so101("release", "--all");
    const [first, second, ...more] = stdout.trim().split("\n");
    expect(first).toStartWith(
      "left: the service does not run (nothing answers at /run/so101-teleop/left.sock",
    );
    expect(first).toContain('"sudo systemctl start so101-teleop@left"');
    expect([second, ...more]).toEqual(["right: released: the torque of the follower is off"]);
    expect(code).toBe(1);
    expect(await torques(right)).toEqual(JOINTS.map(() => false));
    expect(await torques(left)).toEqual(JOINTS.map(() => true));
    const status = await so101("status", "--all", "--json");
    expect(status.code).toBe(1);
    expect(
      status.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { event: "failed", pair: left, message: expect.stringContaining("does not run") },
      { pair: right, state: "waiting", mode: "released" },
    ]);
    await start(left);
    expect((await so101("resume", "--all")).code).toBe(0);
    await until(async () => (await stateOf(right)) === "following");
  });

  test("a follower whose torque nobody knows is no success", async () => {
    const { client } = sims.get("right")!;
    await client.request({ do: "power", arm: "follower", on: false });
    await until(async () => (await stateOf("right")) === "waiting");
    const { stdout, code } = await so101("release", "--all");
    expect(code).toBe(1);
    const [first, second] = stdout.trim().split("\n");
    expect(first).toBe("left: released: the torque of the follower is off");
    expect(second).toStartWith(
      "right: nobody knows whether the follower's torque is off — the service is waiting: ",
    );
    await client.request({ do: "power", arm: "follower", on: true });
    await until(async () => (await so101("release", "--all")).code === 0);
  });

  test("one pair and all of them are not asked at once", async () => {
    expect(await so101("release", "--all", "--pair", "left")).toMatchObject({ code: 2 });
  });
});
