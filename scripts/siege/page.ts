/** Storms on the port of the page, while its arms follow and while they are paused. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { askService } from "../../src/api/client.ts";
import { startSim } from "../../src/sim/testing/start.ts";
import { Claims } from "../../src/web/access/claims.ts";
import { percentile } from "../bench/analysis.ts";
import { sampleProcess } from "../bench/process.ts";
import { judgeRecord } from "../chaos/judge.ts";
import { Program, teleoperateBoth } from "../chaos/program.ts";
import type { Attack, AttackReport, Siege } from "./attack.ts";
import { lateOf, megabytes, rounded, until } from "./figures.ts";

const HOSTILE = join(import.meta.dir, "page/hostile.ts");
/** The loop's unit runs before all others; here, where it is started by hand, the hostile one runs after it. */
const NICENESS = "10";
const RATE_HZ = 200;
const FOLLOWING_WITHIN_MS = 20_000;
const ASK_EVERY_MS = 100;
/** Whoever presses Pause is answered within this. */
const PATIENCE_MS = 3_000;
/** What a thousand connections leave for a moment, before they are ended, and what the engine does not give back at once. */
const MOST_GROWTH_MB = 40;
const MONTH_MS = 31 * 24 * 3600_000;

/** The attack. */
export const page: Attack = { name: "page", run: besiegePage };

async function besiegePage({ program: path, random, seconds, dir, say }: Siege): Promise<AttackReport> {
  await using sim = await startSim({ binary: path, arms: "configured", motion: "wave" });
  const program = new Program(teleoperateBoth(path, sim, RATE_HZ));
  const socket = join(sim.dir, "control.sock");
  program.start();
  await until(() => program.state === "following", FOLLOWING_WITHIN_MS);
  const state = join(dir, "state");
  mkdirSync(state, { mode: 0o700 });
  const claims = new Claims(state);
  const old = claims.add("a claim that has ended", Date.now() - MONTH_MS);
  claims.add("a claim that lasts", Date.now());
  const kept = readFileSync(join(state, "claims.json"), "utf8");
  const web = await startWeb(path, socket, state);
  const status = async () => (await askService([socket], { do: "status" }))!;
  const storm = async (pair: "moves" | "stands", share: number) => {
    const args = [`${web.port}`, `${seconds * share}`, `${random.whole(0, 2 ** 31)}`, pair, old];
    const child = Bun.spawn(["nice", "-n", NICENESS, process.execPath, HOSTILE, ...args], { stdout: "pipe" });
    return JSON.parse(await new Response(child.stdout).text()) as { tried: number; obeyed: string[] };
  };

  say("while the arms follow");
  const before = sampleProcess(web.pid).residentKB;
  const calm = await status();
  const first = storm("moves", 0.5);
  const reading = await ask(first, web, "GET", "/", async () =>
    (await status()).mode === "running" ? undefined : "somebody unclaimed has stopped the pair without Pause",
  );
  const stormy = await status();
  say("while they are paused");
  await press(web.port, "pause");
  const second = storm("stands", 0.4);
  const pausing = await ask(second, web, "POST", "/pairs/control/buttons", async () =>
    (await status()).mode === "running" ? "somebody unclaimed has made the pair go on" : undefined,
  );
  const storms = [await first, await second];

  const lost: string[] = [];
  if (!web.isAlive()) lost.push("the page's server ended");
  const left = sampleProcess(web.pid).residentKB;
  await web.end();
  if (readFileSync(join(state, "claims.json"), "utf8") !== kept)
    lost.push("the claims are others than before");
  await program.end("SIGTERM");
  await sim.client.request({ do: "sync" });
  lost.push(...program.troubles, ...(await judgeRecord(sim)).violations);
  const most = Math.max(reading.residentKB, pausing.residentKB);
  if ((most - before) / 1024 > MOST_GROWTH_MB) {
    lost.push(`the page's server grew by ${megabytes(most - before)} MB`);
  }
  const unanswered = reading.unanswered + pausing.unanswered;
  return {
    tried: storms.reduce((sum, { tried }) => sum + tried, 0),
    lost,
    hung: unanswered > 0 ? [`${unanswered} requests were not answered within ${PATIENCE_MS} ms`] : [],
    escalated: [...storms.flatMap(({ obeyed }) => obeyed), ...reading.wrong, ...pausing.wrong],
    figures: {
      "server: resident before, MB": megabytes(before),
      "server: resident at most, MB": megabytes(most),
      "server: resident after, MB": megabytes(left),
      "late ticks of 10 000 in the storm": lateOf(calm, stormy),
      "page: answered, p99 ms": rounded(percentile(reading.delaysMs, 0.99)),
      "Pause: pressed": pausing.delaysMs.length,
      "Pause: answered, p50 ms": rounded(percentile(pausing.delaysMs, 0.5)),
      "Pause: answered, p99 ms": rounded(percentile(pausing.delaysMs, 0.99)),
    },
  };
}

/** What came of asking, again and again, while it stormed. */
interface AskedMeanwhile {
  /** In ascending order. */
  readonly delaysMs: readonly number[];
  readonly unanswered: number;
  readonly residentKB: number;
  readonly wrong: readonly string[];
}

/** Asks until a storm is over; `look` says what is wrong with the pair. */
async function ask(
  storm: Promise<unknown>,
  { port, pid }: RunningServer,
  method: "GET" | "POST",
  path: string,
  look: () => Promise<string | undefined>,
): Promise<AskedMeanwhile> {
  let isOver = false;
  void storm.finally(() => {
    isOver = true;
  });
  const delaysMs: number[] = [];
  const wrong = new Set<string>();
  let unanswered = 0;
  let residentKB = 0;
  while (!isOver) {
    const fromMs = performance.now();
    try {
      if (method === "POST") await press(port, "pause");
      else await asked(fetch(`http://127.0.0.1:${port}${path}`, { keepalive: false, ...inTime() }));
      delaysMs.push(performance.now() - fromMs);
    } catch {
      unanswered++;
    }
    const found = await look();
    if (found !== undefined) wrong.add(found);
    residentKB = Math.max(residentKB, sampleProcess(pid).residentKB);
    await Bun.sleep(ASK_EVERY_MS);
  }
  delaysMs.sort((a, b) => a - b);
  return { delaysMs, unanswered, residentKB, wrong: [...wrong] };
}

const inTime = () => ({ signal: AbortSignal.timeout(PATIENCE_MS) });

async function asked(answer: Promise<Response>): Promise<void> {
  const response = await answer;
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${response.status}`);
}

/** Presses a button on an unclaimed page. */
async function press(port: number, action: string): Promise<void> {
  await asked(
    fetch(`http://127.0.0.1:${port}/pairs/control/buttons`, {
      ...{ method: "POST", body: JSON.stringify({ action }), keepalive: false, ...inTime() },
      headers: { "content-type": "application/json", origin: `http://127.0.0.1:${port}` },
    }),
  );
}

interface RunningServer {
  readonly pid: number;
  readonly port: number;
  isAlive(): boolean;
  end(): Promise<void>;
}

async function startWeb(program: string, socket: string, state: string): Promise<RunningServer> {
  const command = [program, "web", "--listen", "127.0.0.1:0", "--socket", socket, "--simulated-arms"];
  const child = Bun.spawn(command, { stdout: "pipe", env: { STATE_DIRECTORY: state } });
  const { value } = await child.stdout.getReader().read();
  const [, port] = /:(\d+)/.exec(new TextDecoder().decode(value)) ?? [];
  return {
    pid: child.pid,
    port: Number(port),
    isAlive: () => child.exitCode === null && child.signalCode === null,
    async end() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}
