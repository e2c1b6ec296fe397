/**
 * Hostile and broken publishers at the broker of two machines: whatever they publish under the leader's name, or anywhere,
 * the follower moves within its limits, both programs go on, each thing is told once, and it follows again afterwards.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout } from "bun:test";
import { join } from "node:path";
import { connectAsync, type IClientPublishOptions, type MqttClient } from "mqtt";
import { goalsIn, isGoals } from "../../scripts/bench/analysis.ts";
import { sampleProcess } from "../../scripts/bench/process.ts";
import { Program, sayLine } from "../../scripts/chaos/program.ts";
import { askService } from "../../src/api/client.ts";
import type { Status } from "../../src/api/protocol.ts";
import { CalibrationStore } from "../../src/arm/calibration/store.ts";
import { JOINTS } from "../../src/arm/joints.ts";
import { poseBoth } from "../../src/sim/testing/hands.ts";
import { recordEntries } from "../../src/sim/testing/record.ts";
import { checkSafety } from "../../src/sim/testing/safety.ts";
import { type RunningSim, startSim } from "../../src/sim/testing/start.ts";
import { epochHalves, SAMPLE_BYTES, SampleView } from "../../src/teleop/remote/sample.ts";
import { MOSQUITTO, Mosquitto } from "../support/mosquitto.ts";
import { needing } from "../support/needs.ts";
import { programPath, run } from "../support/program.ts";

setDefaultTimeout(120_000);

/** How long following again may take; generous, for machines that are busy. */
const PATIENCE_MS = 40_000;
/** How long most attacks last. */
const ATTACK_MS = 250;
/** So many that were acted upon show that it goes on. */
const SAMPLES_OF_FOLLOWING = 20;
/** What a program may grow by under all of them together, MB: what the engine compiles and keeps, and nothing that came. */
const MOST_GROWTH_MB = 60;

const DESK = "so101/desk/main";
const LAB = "so101/lab/main";
const MIDDLE = JOINTS.map(() => 2048);

let sim: RunningSim;
let broker: Mosquitto;
let desk: Program;
let lab: Program;
let hostile: MqttClient;
/** What the true leader has published last: the fields of a sample, and the samples as they came. */
const truth = { epoch: "", arm: "", sequence: 0, sentUs: 0, positions: MIDDLE };
const recorded: Buffer[] = [];
const residentKB = new Map<Program, number>();

beforeAll(async () => {
  sim = await startSim({ binary: programPath, motion: "still" });
  await poseBoth(sim, 0.4);
  broker = await Mosquitto.start({ lines: ["allow_anonymous true", "max_queued_messages 0"] });
  const config = join(sim.dir, "desk.toml");
  const leader = `[leader]\nport = "${sim.paths.leader}"\nid = "leader"\n`;
  await Bun.write(config, `${leader}[network]\nbroker = "${broker.url}"\nallow_commands = true\n`);
  const machine = (name: string, own: readonly string[]) =>
    new Program([
      ...[programPath, "teleoperate", "--json", "--machine", name, "--socket", socketOf(name)],
      ...["--broker", broker.url, "--calibration-dir", sim.paths.calibration, ...own],
    ]);
  desk = machine("desk", ["--arms", "leader", "--config", config]);
  lab = machine("lab", [
    ...["--arms", "follower", "--follower", sim.paths.follower, "--follower-id", "follower"],
    ...["--remote-leader", "desk/main"],
  ]);
  hostile = await connectAsync(broker.url, { protocolVersion: 5, reconnectPeriod: 100 });
  hostile.on("error", () => {});
  hostile.on("message", (topic, payload) => hear(topic, payload));
  await hostile.subscribeAsync(`${DESK}/leader/+`);
  desk.start();
  lab.start();
  await following();
  await until(() => truth.epoch !== "" && recorded.length > 20, "the true leader's samples");
  for (const program of [desk, lab]) residentKB.set(program, residentOf(program));
});

afterAll(async () => {
  await hostile?.endAsync(true);
  if (lab?.state !== "none") await lab?.end("SIGTERM");
  if (desk?.state !== "none") await desk?.end("SIGTERM");
  await broker?.[Symbol.asyncDispose]();
  await sim?.stop();
});

/** Hears what the true leader publishes, and of what this test does nothing. */
function hear(topic: string, payload: Buffer): void {
  if (topic === `${DESK}/leader/arm`) {
    truth.arm ||= payload.toString();
    truth.epoch ||= payload.length === 0 ? "" : JSON.parse(truth.arm).epoch;
  } else if (recorded.length < 200 && payload.length === SAMPLE_BYTES) {
    recorded.push(payload);
  }
  if (topic !== `${DESK}/leader/samples` || payload.length !== SAMPLE_BYTES) return;
  const view = new SampleView(payload);
  if (view.epoch !== truth.epoch) return;
  truth.sequence = view.sequence;
  truth.sentUs = view.sentUs;
  truth.positions = JOINTS.map((_, joint) => view.position(joint));
}

async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!holds()) {
    const troubles = [...desk.troubles, ...lab.troubles];
    if (troubles.length > 0 || performance.now() > deadline) {
      const said = [desk, lab].map((program) => program.lines.slice(-15).map(sayLine).join("\n"));
      throw new Error([`${what} did not come`, ...troubles, ...said].join("\n\n"));
    }
    await Bun.sleep(10);
  }
}

const socketOf = (name: string) => join(sim.dir, `${name}.sock`);
const statusOf = async (name: string) => (await askService([socketOf(name)], { do: "status" }))!;

/** Waits until the true leader is followed, by samples that are acted upon. */
async function following(): Promise<void> {
  let acted: number | undefined;
  let last: Status | undefined;
  for (let from = performance.now(); ; await Bun.sleep(50)) {
    if (performance.now() - from > PATIENCE_MS)
      await until(() => false, `following (${JSON.stringify(last?.remote)})`);
    if (lab.state !== "following") continue;
    last = await statusOf("lab");
    acted ??= last.remote!.samples;
    if (last.state !== "following") acted = undefined;
    else if (last.remote!.samples > acted + SAMPLES_OF_FOLLOWING) return;
  }
}

const residentOf = (program: Program) =>
  sampleProcess(program.pid).residentKB +
  program.children.reduce((sum, child) => sum + sampleProcess(child).residentKB, 0);

const publish = (topic: string, payload: string | Buffer, options: IClientPublishOptions = {}) =>
  void hostile.publish(topic, payload, options);
const sample = (payload: string | Buffer, options?: IClientPublishOptions) =>
  publish(`${DESK}/leader/samples`, payload, options);

/** A sample that is forged: like the true leader's last one, but for what is said. */
function forged(fields: Partial<typeof truth> = {}): Buffer {
  const { epoch, sequence, sentUs, positions } = { ...truth, ...fields };
  const bytes = Buffer.alloc(SAMPLE_BYTES);
  const { low, high } = epochHalves(epoch);
  new SampleView(bytes).write(sequence >>> 0, low, high, sentUs, positions);
  return bytes;
}

/** Does something again and again for a while, so many times a second as the machine lets it. */
async function again(perS: number, deed: (turn: number) => void, forMs = ATTACK_MS): Promise<void> {
  const fromMs = performance.now();
  for (let turn = 0; performance.now() - fromMs < forMs; ) {
    const due = ((performance.now() - fromMs) * perS) / 1e3;
    while (turn < due) deed(turn++);
    await Bun.sleep(1);
  }
}

const armWith = (change: (arm: Record<string, never>) => object) =>
  JSON.stringify(change(JSON.parse(truth.arm)));
const OTHER_EPOCH = "fedcba9876543210";
const RUBBISH = [
  "",
  "\0",
  "null",
  "[]",
  "{",
  '{"v":1}',
  '{"v":1e999}',
  '{"__proto__":1}',
  "\u001b[2J",
  "x".repeat(9_000),
];

const OBEYED = "a flood of commands where they are allowed";

/** One kind of them, and what it does. */
const ATTACKS: Readonly<Record<string, () => Promise<void>>> = {
  "samples of wrong sizes": () =>
    again(400, (turn) => sample(Buffer.alloc([0, 1, 35, 37, 100, 10_000][turn % 6]!, 1))),
  "NaN, infinite and negative times": () =>
    again(400, (turn) => {
      const sentUs = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 1e300][turn % 5]!;
      sample(forged({ sequence: truth.sequence + 1, sentUs }));
    }),
  "positions out of every range": () =>
    again(400, (turn) => {
      const out = [-1, 4096, 32_767, -32_768][turn % 4]!;
      sample(
        forged({
          sequence: truth.sequence + 1,
          positions: MIDDLE.map((steps, i) => (i === turn % 6 ? out : steps)),
        }),
      );
    }),
  "samples replayed, and old numbers": () =>
    again(1_000, (turn) =>
      sample(turn % 2 ? recorded[turn % recorded.length]! : forged({ sequence: truth.sequence - turn })),
    ),
  "jumps of the numbers": async () => {
    for (const ahead of [100, 1_000, 2 ** 20, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) {
      sample(forged({ sequence: truth.sequence + ahead }));
      await Bun.sleep(20);
    }
  },
  "ten thousand samples a second": () =>
    again(10_000, (turn) =>
      sample(
        forged({ sequence: truth.sequence + 1, positions: truth.positions, sentUs: truth.sentUs + turn }),
      ),
    ),
  "messages of a megabyte": () =>
    again(20, (turn) =>
      publish(`${DESK}/${["leader/samples", "leader/arm", "status"][turn % 3]}`, Buffer.alloc(1e6, 0x20)),
    ),
  "forged status and last will": () =>
    again(100, (turn) =>
      publish(
        `${DESK}/status`,
        ['{"v":1,"online":false}', '{"v":1,"online":true}', '{"v":2}', ...RUBBISH][turn % 13]!,
        {
          retain: true,
          qos: 1,
        },
      ),
    ),
  "retained rubbish on every topic": () =>
    again(200, (turn) => {
      const of = [DESK, LAB][turn % 2]!;
      const topic = ["leader/samples", "leader/arm", "status", "events", "command", "reply", ""][turn % 7]!;
      publish(`${of}/${topic}`, RUBBISH[turn % RUBBISH.length]!, { retain: true });
    }),
  "a retained sample": async () =>
    sample(forged({ sequence: truth.sequence + 50, positions: MIDDLE }), { retain: true }),
  "a second epoch, interleaved, with a description of its own": () =>
    again(400, (turn) => {
      if (turn % 50 === 0)
        publish(
          `${DESK}/leader/arm`,
          armWith((arm) => ({ ...arm, epoch: OTHER_EPOCH })),
          { retain: true, qos: 1 },
        );
      sample(forged({ epoch: OTHER_EPOCH, sequence: turn, positions: MIDDLE }));
    }),
  "a description that changes a hundred times a second": () =>
    again(100, (turn) => {
      const range = [0, 0, 100 + (turn % 50), 3_900];
      const epoch = turn % 2 ? truth.epoch : turn.toString(16).padStart(16, "0");
      publish(
        `${DESK}/leader/arm`,
        armWith((arm) => ({ ...arm, epoch, joints: JOINTS.map(() => range) })),
        { retain: true, qos: 1 },
      );
    }),
  "an impossible calibration, and another normalisation": () =>
    again(20, (turn) => {
      const joints = [
        [0, 0, 0, 0],
        [0, 0, 4_095, 0],
        [0, 1e9, -5, 1e12],
        [0.5, 0, 1, 2],
      ][turn % 4]!;
      const of = (arm: object) =>
        turn % 5 === 4 ? { ...arm, normalisation: "degrees" } : { ...arm, joints: JOINTS.map(() => joints) };
      publish(`${DESK}/leader/arm`, armWith(of), { retain: true, qos: 1 });
    }),
  "commands that nobody allows": () =>
    again(50, (turn) => {
      const wish = ["release", "pause", "park", "reload", "lend"][turn % 5]!;
      publish(`${LAB}/command`, JSON.stringify({ v: 1, do: wish }), { retain: turn % 2 === 0, qos: 1 });
    }),
  [OBEYED]: async () => {
    await again(300, (turn) => {
      const wish = ["release", "pause", "resume", "park", "follow"][turn % 5]!;
      const payload = turn % 3 === 0 ? RUBBISH[turn % RUBBISH.length]! : JSON.stringify({ v: 1, do: wish });
      publish(`${DESK}/command`, payload, { retain: turn % 7 === 0, qos: 1 });
    });
    await askService([socketOf("desk")], { do: "resume" });
  },
  "topics of control characters, wildcards and other names": () =>
    again(100, (turn) => {
      const names = [
        "de\u0001sk",
        "\u001b[2J",
        "desk ",
        "DESK",
        "..",
        "x".repeat(300),
        "\u202edesk",
        "desk\n",
      ];
      publish(
        `so101/${names[turn % names.length]}/main/leader/samples`,
        forged({ sequence: truth.sequence + 1, positions: MIDDLE }),
      );
      publish(`so101/desk/${names[turn % names.length]}/status`, '{"v":1,"online":true}', { retain: true });
      publish(`so101//${turn}/status/`, "x", { retain: true });
    }),
  "times that creep, and run backwards": () =>
    again(400, (turn) => {
      const sentUs = truth.sentUs + (turn % 2 ? 1 : -1) * turn * 1_000;
      sample(forged({ sequence: truth.sequence + 1, sentUs }));
    }),
  "jumps of half a turn in each sample": () =>
    again(200, (turn) => {
      const positions = MIDDLE.map(() => [100, 2_148, 3_900, 1_000][turn % 4]!);
      sample(forged({ sequence: truth.sequence + 1, positions }));
    }),
};

/** What an event may be told in one attack: once raised and once cleared; of what is obeyed, each time until it is too often. */
const MOST_TOLD = { usual: 2, obeyed: 10 };

const { test } = needing(MOSQUITTO);

test.each(Object.keys(ATTACKS))("%s: it is told at most once, and followed again", async (name) => {
  await following();
  const from = new Map([desk, lab].map((program) => [program, program.lines.length]));
  await ATTACKS[name]!();
  // What was asked before the next was heard.
  await hostile.publishAsync("so101/nobody/main/status", "", { qos: 1 });
  await following();
  for (const program of [desk, lab]) {
    const counts = new Map<string, number>();
    for (const { event, code, to } of program.lines.slice(from.get(program))) {
      if (event !== "state") counts.set(`${code} ${to ?? ""}`, (counts.get(`${code} ${to ?? ""}`) ?? 0) + 1);
    }
    const most = name === OBEYED ? MOST_TOLD.obeyed : MOST_TOLD.usual;
    expect([...counts].filter(([, count]) => count > most)).toEqual([]);
  }
});

test("after all of them so101 fleet lists who is there, and acts on no terminal", async () => {
  const { stdout, code } = await run([programPath, "fleet", "--broker", broker.url], { cwd: sim.dir });
  expect(code).toBe(0);
  expect(stdout).toContain("desk/main");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is they that must not be there
  expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f\u202e]/);
});

test("after all of them neither program has grown, and no goal was beyond the limits", async () => {
  await following();
  for (const program of [desk, lab]) {
    expect((residentOf(program) - residentKB.get(program)!) / 1024).toBeLessThan(MOST_GROWTH_MB);
  }
  await lab.end("SIGTERM");
  await desk.end("SIGTERM");
  await sim.client.request({ do: "sync" });
  const entries = await recordEntries(sim.paths.record);
  // Where its targets were, nobody can tell who has not heard all that it has: so the speed of following is judged alone.
  expect(checkSafety(entries, { followSpeedDegPerS: 360 }).slice(0, 5)).toEqual([]);
  const calibration = new CalibrationStore(sim.paths.calibration).load({ role: "follower", id: "follower" });
  for (const entry of entries) {
    if (entry.kind !== "request" || entry.arm !== "follower" || !isGoals(entry)) continue;
    const outside = goalsIn(entry).filter(({ id, goal }) => {
      const { range_min, range_max } = calibration[JOINTS[id - 1]!];
      return goal < range_min || goal > range_max;
    });
    expect(outside).toEqual([]);
  }
});
