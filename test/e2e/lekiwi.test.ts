/** The compiled program answering LeKiwi's client, beside a service that drives simulated arms. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, setDefaultTimeout } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askService, eventsOf } from "../../src/api/client.ts";
import type { Status } from "../../src/api/protocol.ts";
import { JOINTS } from "../../src/arm/joints.ts";
import { LEKIWI_KEYS, LekiwiClient, lekiwiCommand } from "../support/lekiwi-client.ts";
import { MOUNTING, needing } from "../support/needs.ts";
import { programPath, run } from "../support/program.ts";
import { fileOf } from "../support/simulated-arms.ts";
import { RunningTeleoperation } from "../support/teleoperation.ts";
import { ZMQ } from "../support/zmq-peer.ts";

const { test } = needing(...ZMQ);
setDefaultTimeout(60_000);

/** An address of this machine's own that nothing else uses. */
const HOST = `127.${process.pid & 0xff}.${(process.pid >> 8) & 0xff}.71`;
/** Each test has a client of its own: from whom a person has taken the arms, as by a pause, is kept out for a while. */
let clientAddress = "127.0.0.20";
const OTHER_ADDRESS = "127.0.0.99";

let dir: string;
let service: RunningTeleoperation;
let socket: string;
let program: Bun.Subprocess<"ignore", "pipe", "pipe">;
let said = "";
const clients: LekiwiClient[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "so101-lekiwi-"));
  writeFileSync(
    join(dir, "config.toml"),
    '[teleoperation]\nnormalisation = "degrees"\nhold_after_ms = 1000\n',
  );
  service = await RunningTeleoperation.start({
    sim: { arms: "configured", motion: "still" },
    args: ["--config", join(dir, "config.toml")],
  });
  socket = join(service.sim.dir, "control.sock");
  program = Bun.spawn([programPath, "lerobot", "--listen", HOST, "--socket", socket], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  void (async () => {
    for await (const text of program.stdout.pipeThrough(new TextDecoderStream())) said += text;
  })();
  await service.untilState("following");
});

beforeEach(() => {
  clientAddress = `127.0.0.${Number(clientAddress.split(".")[3]) + 1}`;
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client[Symbol.asyncDispose]();
});

afterAll(async () => {
  program?.kill();
  await program?.exited;
  await service?.[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

async function newClient(from: string = clientAddress): Promise<LekiwiClient> {
  const client = await LekiwiClient.connect(from, HOST);
  clients.push(client);
  return client;
}

const status = async () => (await askService([socket], { do: "status" })) as Status;

async function until<T>(look: () => Promise<T | undefined | false>, what: string): Promise<T> {
  for (const deadline = performance.now() + 30_000; ; await Bun.sleep(20)) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline)
      throw new Error(`${what} did not come; said: ${said}\n${await service.story()}`);
  }
}

/** LeRobot's degrees, and the gripper's percent, by its formulas and the calibration file. */
async function degreesOf(steps: readonly number[]): Promise<number[]> {
  const calibration = await Bun.file(fileOf(service.sim, "follower")).json();
  return JOINTS.map((joint, index) => {
    const { range_min: min, range_max: max } = calibration[joint];
    const raw = steps[index]!;
    return joint === "gripper" ? ((raw - min) / (max - min)) * 100 : ((raw - (min + max) / 2) * 360) / 4095;
  });
}

const followerSteps = async () => {
  const { arms } = await status();
  return JOINTS.map((joint) => arms.follower.joints[joint].positionSteps!);
};
const goals = async () => {
  const { arms } = await status();
  return JOINTS.map((joint) => arms.follower.joints[joint].goalSteps!);
};
const positionsIn = (observation: Record<string, unknown>) =>
  JOINTS.map((joint) => observation[`arm_${joint}.pos`] as number);

/** Commands again and again until it is stopped. */
function commanding(client: LekiwiClient, positions: readonly number[]): () => Promise<void> {
  let isOver = false;
  const sending = (async () => {
    for (; !isOver; await Bun.sleep(20)) await client.command(positions);
  })().catch(() => {});
  return async () => {
    isOver = true;
    await sending;
  };
}

/** Nobody drives, and the leader is followed again, as after a person's word. */
async function resumed(): Promise<void> {
  await askService([socket], { do: "pause" });
  await until(async () => (await status()).isObeyed, "the pause");
  await askService([socket], { do: "resume" });
  await until(async () => (await status()).state === "following", "following");
}

test("it says where it is reached, and by which options of LeRobot's", async () => {
  await until(async () => said.includes("are answered at"), "where it is reached");
  expect(said).toContain(`answered at ${HOST}: the plugin at port 5557 (--robot.port)`);
  expect(said).toContain("5555 (--robot.port_zmq_cmd) and 5556 (--robot.port_zmq_observations)");
});

test("an observation is LeKiwi's header: where the follower is, as LeRobot has it, and a base at rest", async () => {
  const client = await newClient();
  const observation = (await client.observe())!;
  expect(Object.keys(observation)).toEqual(["_cams", ...LEKIWI_KEYS]);
  expect(observation._cams).toEqual([]);
  expect(["x.vel", "y.vel", "theta.vel"].map((key) => observation[key])).toEqual([0, 0, 0]);
  const expected = await degreesOf(await followerSteps());
  // A step is 0.09°: the arm may have settled by one or two between both readings.
  for (const [index, position] of positionsIn(observation).entries())
    expect(Math.abs(position - expected[index]!)).toBeLessThan(0.5);
});

test("a second address is refused, told once, and moves nothing; it comes in when the first has gone", async () => {
  const first = await newClient();
  const there = positionsIn((await first.observe())!);
  const second = await newClient(OTHER_ADDRESS);
  const before = await goals();
  await second.send(lekiwiCommand(there.map((position) => position + 20)), 50);
  expect(await second.observe(1_000)).toBeNull();
  expect(await goals()).toEqual(before);
  const refused = await until(async () => {
    const events = await eventsOf([socket]);
    const found = events.filter(({ code }) => code.includes("lerobot.second-client"));
    return found.length > 0 && found;
  }, "the refusal");
  expect(refused.map(({ code, severity }) => [code, severity])).toEqual([
    ["SO101-E130 lerobot.second-client", "warning"],
  ]);
  expect(refused[0]!.message).toContain(OTHER_ADDRESS);
  expect(said.split(`LeRobot at ${OTHER_ADDRESS} is refused`)).toHaveLength(2);
  await clients.shift()![Symbol.asyncDispose]();
  await until(
    async () => (await (await newClient(OTHER_ADDRESS)).observe(1_000)) ?? undefined,
    "an observation for the other",
  );
});

test("commands drive the follower, which is aligned first; without them it holds, and the same client goes on", async () => {
  const client = await newClient();
  const there = positionsIn((await client.observe())!);
  const wanted = there.map((position, index) => position + (index === 2 ? -25 : 0));
  const stop = commanding(client, wanted);
  await until(
    async () => Math.abs((await degreesOf(await followerSteps()))[2]! - wanted[2]!) < 1,
    "the pose",
  );
  const { driver } = await until(async () => {
    const now = await status();
    return now.state === "following" && now;
  }, "following");
  expect([driver?.source, driver?.leader]).toEqual(["client", clientAddress]);
  expect(said).toContain(`LeRobot at ${clientAddress} drives the follower`);
  await until(async () => {
    const observation = await client.observe();
    return observation !== null && Math.abs(positionsIn(observation)[2]! - wanted[2]!) < 2;
  }, "an observation of the pose");
  await stop();
  await until(async () => (await status()).state === "holding", "holding");
  const again = commanding(client, there);
  await until(
    async () => Math.abs((await degreesOf(await followerSteps()))[2]! - there[2]!) < 1,
    "the pose before",
  );
  await again();
  await resumed();
});

describe("what is no command moves nothing, and ends nothing", () => {
  const far = [40, -40, 40, -40, 40, 90];
  const nan = lekiwiCommand(far).replace("40", "NaN");
  const { [LEKIWI_KEYS[2]!]: _, ...incomplete } = JSON.parse(lekiwiCommand(far));
  test.each([
    ["NaN", nan],
    ["Infinity", nan.replace("NaN", "Infinity")],
    ["a joint that is missing", JSON.stringify(incomplete)],
    ["text", lekiwiCommand(far, { "arm_gripper.pos": "90" })],
    ["what is no JSON", "\u00ff\u0000{"],
    ["a huge message", lekiwiCommand(far, { x: "x".repeat(100_000) })],
    ["several parts, each a command", [lekiwiCommand(far), lekiwiCommand(far)]],
    ["what can be no position of an arm", lekiwiCommand([1e300, 0, 0, 0, 0, 0])],
  ])("%s", async (_, message) => {
    const client = await newClient();
    const before = await goals();
    await client.send(message, 300);
    expect(await client.observe()).not.toBeNull();
    expect(await goals()).toEqual(before);
    expect([(await status()).driver?.source, program.exitCode]).toEqual(["local leader", null]);
  });

  test("neither on the way of who drives, who goes on", async () => {
    const client = await newClient();
    const there = positionsIn((await client.observe())!);
    const stop = commanding(client, there);
    await until(async () => (await status()).driver?.source === "client", "the client");
    const before = await goals();
    for (let round = 0; round < 5; round++) {
      await client.send(nan, 200);
      await client.send(["x", "y"], 200);
    }
    await client.observe();
    const after = await goals();
    expect(after.every((goal, index) => Math.abs(goal - before[index]!) <= 3)).toBe(true);
    expect((await status()).driver?.source).toBe("client");
    await stop();
    await resumed();
  });

  test("bytes that are no ZeroMQ, on either port", async () => {
    const client = await newClient();
    for (const port of [5555, 5556]) {
      for (let count = 0; count < 50; count++) {
        const raw = connect(port, HOST).on("error", () => {});
        raw.write(Buffer.from(Array.from({ length: 300 }, (_, index) => (index * 37 + count * 11) & 0xff)));
        raw.end();
      }
    }
    expect(await client.observe()).not.toBeNull();
    expect(program.exitCode).toBeNull();
  });
});

test("a burst is its newest command: none of those before it is gone to", async () => {
  const client = await newClient();
  const there = positionsIn((await client.observe())!);
  const stop = commanding(client, there);
  await until(async () => (await status()).driver?.source === "client", "the client");
  await stop();
  await client.send(lekiwiCommand(there.map((position, index) => position + (index === 0 ? 30 : 0))), 500);
  const again = commanding(client, there);
  await until(async () => (await status()).state === "following", "following");
  await again();
  await resumed();
});

test("a pair that is paused is not driven, which is told once, however often it is tried", async () => {
  const client = await newClient();
  const there = positionsIn((await client.observe())!);
  await askService([socket], { do: "pause" });
  await until(async () => (await status()).isObeyed, "the pause");
  const before = await goals();
  const stop = commanding(
    client,
    there.map((position) => position + 15),
  );
  await until(async () => said.includes("may not drive the follower: the pair is paused"), "the refusal");
  await Bun.sleep(1_500);
  await stop();
  expect(said.split("may not drive the follower: the pair is paused")).toHaveLength(2);
  expect(await goals()).toEqual(before);
  await askService([socket], { do: "resume" });
  await until(async () => (await status()).state === "following", "following");
});

needing(...ZMQ, MOUNTING).test("without libzmq5 it says what to install, and fails", async () => {
  const hide = "mount --bind /dev/null $(readlink -f /usr/lib/*/libzmq.so.5)";
  const command = `${hide} && exec ${programPath} lerobot --listen ${HOST}:6000`;
  const { code, stderr } = await run(["unshare", "--mount", "sh", "-c", command], {
    cwd: "/",
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  });
  expect([code, stderr]).toEqual([1, expect.stringContaining("sudo apt install libzmq5")]);
});

test("what is asked wrongly, or cannot be, is said, with its exit code", async () => {
  const lerobot = (...args: string[]) => run([programPath, "lerobot", ...args], { cwd: "/" });
  const taken = await lerobot("--listen", HOST, "--socket", socket);
  expect([taken.code, taken.stderr]).toEqual([1, expect.stringContaining("another program has it")]);
  expect(taken.stderr).toContain("ss -ltnp");
  const elsewhere = await lerobot("--listen", "192.0.2.1", "--socket", socket);
  expect([elsewhere.code, elsewhere.stderr]).toEqual([
    1,
    expect.stringContaining("this machine has no such address"),
  ]);
  for (const args of [
    ["--listen", "pi.local"],
    ["--listen", "0.0.0.0:0"],
    ["--socket", socket],
  ])
    expect((await lerobot(...args)).code).toBe(2);
});
