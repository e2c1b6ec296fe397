/** Storms on the control socket of a service that teleoperates, and on the socket of root's helper. */
import { join } from "node:path";
import type { Status } from "../../src/api/protocol.ts";
import { LineClient } from "../../src/linux/sockets/line-client.ts";
import { startSim } from "../../src/sim/testing/start.ts";
import { percentile } from "../bench/analysis.ts";
import { sampleProcess } from "../bench/process.ts";
import { judgeRecord } from "../chaos/judge.ts";
import { Program, teleoperateBoth } from "../chaos/program.ts";
import type { Attack, AttackReport, Siege } from "./attack.ts";
import { lateOf, megabytes, rounded, until } from "./figures.ts";
import { startHelper } from "./socket/helper.ts";
import { BORROWERS, KINDS } from "./socket/kinds.ts";
import { type Storm, storm } from "./socket/storm.ts";

const CLIENTS = 20;
const RATE_HZ = 200;
/** Of the attack's time: storms while it follows, while it is released again and again, on another socket, on the helper's. */
const SHARES = { following: 0.5, releasing: 0.15, elsewhere: 0.15, helper: 0.2 } as const;
const FOLLOWING_WITHIN_MS = 20_000;
const SETTLING_MS = 3_000;
const ASK_EVERY_MS = 100;
const MOST_GROWTH = 1.2;
/** The helper is small: what the engine compiles weighs more in it. */
const MOST_HELPER_GROWTH = 1.4;
const MOST_P99_MS = 500;
/** A command that is not answered within this has lost its place. */
const PATIENCE_MS = 3_000;

const STAND_IN = join(import.meta.dir, "socket/stand-in.ts");

/** The attack. */
export const socket: Attack = {
  name: "socket",
  async run(siege) {
    const service = await besiegeService(siege);
    const helper = await besiegeHelper(siege);
    return {
      tried: service.tried + helper.tried,
      lost: [...service.lost, ...helper.lost],
      hung: [...service.hung, ...helper.hung],
      escalated: [],
      figures: { ...service.figures, ...helper.figures },
    };
  },
};

async function besiegeService({ program: path, random, seconds, dir, say }: Siege): Promise<AttackReport> {
  await using sim = await startSim({ binary: path, arms: "configured", motion: "wave" });
  const program = new Program(teleoperateBoth(path, sim, RATE_HZ));
  const at = join(sim.dir, "control.sock");
  const lost: string[] = [];
  const hung: string[] = [];
  program.start();
  await until(() => program.state === "following", FOLLOWING_WITHIN_MS);
  const status = async () => JSON.parse(await ask(at, "status")).status as Status;
  const { pid } = await status();
  await Bun.sleep(SETTLING_MS);
  const before = residentOf(pid);

  say(`${CLIENTS} hostile clients while it follows`);
  const calm = await status();
  const first = await besiege(at, pid, ["resume"], () =>
    storm({ socket: at, clients: CLIENTS, seconds: seconds * SHARES.following, random }),
  );
  const stormy = await status();
  say(`${CLIENTS} hostile clients while it is released and follows again, some of which borrow the arms`);
  const kinds = [...BORROWERS, ...KINDS];
  const second = await besiege(at, pid, ["release", "resume"], () =>
    storm({ socket: at, clients: CLIENTS, kinds, seconds: seconds * SHARES.releasing, random }),
  );
  await ask(at, "resume");
  const most = Math.max(first.residentKB, second.residentKB);
  await until(() => program.state === "following", FOLLOWING_WITHIN_MS);
  say("as many, on another program's socket");
  const quiet = await status();
  const elsewhere = join(dir, "elsewhere.sock");
  const standIn = Bun.spawn([process.execPath, STAND_IN, elsewhere], { stdout: "pipe" });
  await standIn.stdout.getReader().read();
  await storm({ socket: elsewhere, clients: CLIENTS, seconds: seconds * SHARES.elsewhere, random });
  standIn.kill();
  const beside = await status();
  await program.end("SIGTERM");
  await sim.client.request({ do: "sync" });
  lost.push(...program.troubles, ...(await judgeRecord(sim)).violations);

  if (most > before * MOST_GROWTH)
    lost.push(`the service grew to ${(most / before).toFixed(2)} times its size`);
  const delays = [...first.delaysMs, ...second.delaysMs].sort((a, b) => a - b);
  const p99 = percentile(delays, 0.99);
  if (p99 > MOST_P99_MS) hung.push(`commands were answered after ${p99.toFixed(0)} ms (p99)`);
  for (const { unanswered, storm: of } of [first, second]) {
    if (unanswered > 0) hung.push(`${unanswered} commands were not answered within ${PATIENCE_MS} ms`);
    if (of.blocked > 0) hung.push(`${of.blocked} clients could not connect`);
  }
  const connections = first.storm.connections + second.storm.connections;
  return {
    tried: connections,
    lost,
    hung,
    escalated: [],
    figures: {
      "service: connections": connections,
      "service: resident before, MB": megabytes(before),
      "service: resident at most, MB": megabytes(most),
      "service: late ticks of 10 000 in the storm": lateOf(calm, stormy),
      "service: late ticks of 10 000 in a storm elsewhere": lateOf(quiet, beside),
      "service: commands": delays.length,
      "service: command answered, p50 ms": rounded(percentile(delays, 0.5)),
      "service: command answered, p99 ms": rounded(p99),
      "service: release answered, p99 ms": rounded(percentile(second.delaysMs, 0.99)),
    },
  };
}

async function besiegeHelper({ program, random, seconds, dir, say }: Siege): Promise<AttackReport> {
  say(`${CLIENTS} hostile clients of root's helper`);
  const at = join(dir, "helper.sock");
  const helper = startHelper(program, at);
  const question = '{"v":1,"ask":"who has","port":"/dev/tty1"}\n';
  await asked(at, question);
  await Bun.sleep(SETTLING_MS);
  const before = residentOf(helper.pid);
  const {
    storm: of,
    delaysMs,
    unanswered,
    residentKB: after,
  } = await besiege(at, helper.pid, [question], () =>
    storm({ socket: at, clients: CLIENTS, seconds: seconds * SHARES.helper, random }),
  );
  const lost = helper.isAlive() ? [] : ["root's helper ended"];
  await helper.end();
  if (after > before * MOST_HELPER_GROWTH)
    lost.push(`the helper grew to ${(after / before).toFixed(2)} times its size`);
  return {
    tried: of.connections,
    lost,
    hung: unanswered > 0 ? [`${unanswered} questions were not answered within ${PATIENCE_MS} ms`] : [],
    escalated: [],
    figures: {
      "helper: connections": of.connections,
      "helper: resident before, MB": megabytes(before),
      "helper: resident at most, MB": megabytes(after),
      "helper: question answered, p50 ms": rounded(percentile(delaysMs, 0.5)),
      "helper: question answered, p99 ms": rounded(percentile(delaysMs, 0.99)),
    },
  };
}

/** What came of a storm, and how long what was asked meanwhile took. */
interface Besieged {
  readonly storm: Storm;
  /** In ascending order. */
  readonly delaysMs: readonly number[];
  readonly unanswered: number;
  /** The most resident memory that the besieged process had. */
  readonly residentKB: number;
}

/** Asks in turn, again and again, while it storms. */
async function besiege(
  at: string,
  pid: number,
  questions: readonly string[],
  begin: () => Promise<Storm>,
): Promise<Besieged> {
  const delaysMs: number[] = [];
  let unanswered = 0;
  let residentKB = 0;
  let isOver = false;
  const storming = begin().finally(() => {
    isOver = true;
  });
  for (let turn = 0; !isOver; turn++) {
    const question = questions[turn % questions.length]!;
    const fromMs = performance.now();
    try {
      await (question.endsWith("\n") ? asked(at, question) : ask(at, question));
      delaysMs.push(performance.now() - fromMs);
    } catch {
      unanswered++;
    }
    residentKB = Math.max(residentKB, residentOf(pid));
    await Bun.sleep(ASK_EVERY_MS);
  }
  delaysMs.sort((a, b) => a - b);
  return { storm: await storming, delaysMs, unanswered, residentKB };
}

/** 0 for a process that has ended. */
function residentOf(pid: number): number {
  try {
    return sampleProcess(pid).residentKB;
  } catch {
    return 0;
  }
}

const ask = (at: string, what: string) => asked(at, `{"v":1,"do":"${what}"}\n`);

/** Asks once; the answer. Rejects when there is none in time. */
async function asked(at: string, line: string): Promise<string> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  const client = await LineClient.ask(at, line, 262_144, deadlineMs);
  try {
    const answer = await client.next(deadlineMs);
    if (answer === undefined) throw new Error("the connection was ended");
    return answer;
  } finally {
    client.close();
  }
}
