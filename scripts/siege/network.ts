/**
 * Local clients that play the network's: storms on the socket of the samples, and of its requests on the control socket of a
 * service that teleoperates.
 */
import { join } from "node:path";
import { samplesPath } from "../../src/api/address.ts";
import type { Status } from "../../src/api/protocol.ts";
import { LineClient } from "../../src/linux/sockets/line-client.ts";
import { startSim } from "../../src/sim/testing/start.ts";
import { sampleProcess } from "../bench/process.ts";
import { judgeRecord } from "../chaos/judge.ts";
import { Program, teleoperateBoth } from "../chaos/program.ts";
import type { Attack } from "./attack.ts";
import { lateOf, megabytes, until } from "./figures.ts";
import { NETWORK_KINDS, SAMPLE_KINDS } from "./socket/kinds.ts";
import { storm } from "./socket/storm.ts";

const CLIENTS = 10;
const RATE_HZ = 200;
const FOLLOWING_WITHIN_MS = 20_000;
const SETTLING_MS = 3_000;
const MOST_GROWTH = 1.2;
const PATIENCE_MS = 3_000;
/** The service's own client comes back to its places within this, once nobody else has them. */
const BACK_WITHIN_MS = 10_000;
/** Nobody listens there: RFC 863's port, which is for throwing away. */
const NO_BROKER = "mqtt://127.0.0.1:9";

/** The attack. */
export const network: Attack = {
  name: "network",
  async run({ program: path, random, seconds, say }) {
    await using sim = await startSim({ binary: path, arms: "configured", motion: "wave" });
    const command = teleoperateBoth(path, sim, RATE_HZ);
    const program = new Program([...command, "--broker", NO_BROKER, "--machine", "siege"]);
    const at = join(sim.dir, "control.sock");
    const lost: string[] = [];
    const hung: string[] = [];
    program.start();
    await until(() => program.state === "following", FOLLOWING_WITHIN_MS);
    const status = async () => JSON.parse(await asked(at, { do: "status" })).status as Status;
    await Bun.sleep(SETTLING_MS);
    const calm = await status();
    const before = sampleProcess(program.pid).residentKB;
    const linesBefore = program.lines.length;

    say(
      `${CLIENTS} hostile clients of the samples' socket, and as many that say what the network's client says`,
    );
    const storms = await Promise.all([
      storm({ socket: samplesPath(at), clients: CLIENTS, kinds: SAMPLE_KINDS, seconds, random }),
      storm({ socket: at, clients: CLIENTS, kinds: NETWORK_KINDS, seconds, random }),
    ]);
    const stormy = await status().catch(() => undefined);
    const after = sampleProcess(program.pid).residentKB;
    if (stormy === undefined) hung.push(`the status was not told within ${PATIENCE_MS} ms after the storm`);
    const states = program.lines.slice(linesBefore).filter(({ event, code }) => {
      return event === "state" && code?.includes("program.stalled") !== true;
    });
    if (states.length > 0) {
      lost.push(
        `it was brought from following to ${states.map(({ to, why }) => `${to} (${why})`).join(", ")}`,
      );
    }

    say("it is told to follow somebody else, and back");
    await asked(at, { do: "follow", leader: "nobody/main" });
    await until(() => program.state !== "following", FOLLOWING_WITHIN_MS);
    await asked(at, { do: "follow", leader: "local" });
    await until(() => program.state === "following", FOLLOWING_WITHIN_MS);
    if (!(await isClientBack(at))) {
      hung.push(`its client did not come back within ${BACK_WITHIN_MS} ms after the storm`);
    }
    await program.end("SIGTERM");
    await sim.client.request({ do: "sync" });
    lost.push(...program.troubles, ...(await judgeRecord(sim)).violations);
    if (after > before * MOST_GROWTH) {
      lost.push(`the service grew to ${(after / before).toFixed(2)} times its size`);
    }
    const blocked = storms.reduce((sum, each) => sum + each.blocked, 0);
    if (blocked > 0) hung.push(`${blocked} clients could not connect`);
    const connections = storms.reduce((sum, each) => sum + each.connections, 0);
    return {
      tried: connections,
      lost,
      hung,
      escalated: [],
      figures: {
        connections,
        "resident before, MB": megabytes(before),
        "resident after, MB": megabytes(after),
        ...(stormy && { "late ticks of 10 000": lateOf(calm, stormy) }),
      },
    };
  },
};

/** Asks once; the answer. Rejects when there is none in time. */
async function asked(at: string, request: object): Promise<string> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  const client = await LineClient.ask(at, `${JSON.stringify({ v: 1, ...request })}\n`, 262_144, deadlineMs);
  try {
    const answer = await client.next(deadlineMs);
    if (answer === undefined) throw new Error("the connection was ended");
    return answer;
  } finally {
    client.close();
  }
}

/** Whether the service's own client has its place again: nobody else is given it then. */
async function isClientBack(at: string): Promise<boolean> {
  const deadlineMs = performance.now() + BACK_WITHIN_MS;
  while (performance.now() < deadlineMs) {
    const { ok, error } = JSON.parse(await asked(at, { do: "network" }));
    if (!ok && /another client/.test(error)) return true;
    // Who asks has it for a moment himself.
    await Bun.sleep(1_500);
  }
  return false;
}
