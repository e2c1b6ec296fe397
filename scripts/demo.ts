/** Shows the program at its job, teleoperating two simulated arms, with its page, and says what the arms were really told. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { registers } from "../src/feetech/registers.ts";
import { STEPS_PER_TURN, steps, stepsToDegrees } from "../src/feetech/units.ts";
import { SimClient } from "../src/sim/control/client.ts";
import { pathsIn } from "../src/sim/files.ts";
import { bytesOf, readRecord } from "../src/sim/testing/record.ts";
import { SafetyCheck } from "../src/sim/testing/safety.ts";
import { distribution, isGoals, MARKS, Measurement } from "./bench/analysis.ts";

const program = join(import.meta.dir, `../dist/so101-linux-${process.arch}`);
/** Off a terminal nobody can end it; on one it ends by itself too, should it be forgotten. */
const seconds = process.stdout.isTTY ? 3600 : 15;
/** What the program is set to unless told otherwise. */
const LIMITS = { followSpeedDegPerS: 360, alignSpeedDegPerS: 45 };
/** The program, when it is stopped, releases the follower before it ends. */
const RELEASING_S = 30;

/** Runs the demo in a folder; returns what was wrong, in words. */
async function demonstrate(dir: string): Promise<string[]> {
  const paths = pathsIn(dir);
  // In a session of its own: Ctrl-C in the terminal must end the program, and not the arms under it.
  const sim = Bun.spawn(
    [program, "sim", "--dir", dir, "--motion", "wave", "--duration", String(seconds + RELEASING_S)],
    { detached: true, stdin: "ignore", stdout: "pipe", stderr: "inherit" },
  );
  try {
    // It speaks when it is ready, and not before.
    if ((await sim.stdout.getReader().read()).done) return ["the simulated arms did not start"];
    const client = await SimClient.connect(paths.socket);
    await client.request({ do: "mark", text: MARKS.begin });
    const socket = join(dir, "control.sock");
    await using page = await servePage(dir, socket);
    // Before the screen, which is below it.
    console.log(`Their page: ${page.url}`);
    const code = await teleoperate(paths, socket);
    await client.request({ do: "sync" });
    client.close();
    const troubles = code === 0 ? [] : [`the program ended with exit code ${code}`];
    return [...troubles, ...(await judge(paths.record))];
  } finally {
    sim.kill("SIGTERM");
    await sim.exited;
  }
}

/** Where the page is; `LISTEN=0.0.0.0:8101 make demo` has it for phones, too. */
const LISTEN = process.env.LISTEN ?? "127.0.0.1:8101";

/** Serves the page of the arms; where its port is taken, at one that is free. */
async function servePage(dir: string, socket: string): Promise<{ readonly url: string } & AsyncDisposable> {
  const address = isFree(LISTEN) ? LISTEN : "127.0.0.1:0";
  const command = [program, "web", "--listen", address, "--sim-dir", dir, "--socket", socket];
  // In a session of its own, as the arms are: it is ended here.
  const web = Bun.spawn(command, {
    ...{ detached: true, stdin: "ignore", stdout: "pipe", stderr: "ignore" },
    env: { ...process.env, STATE_DIRECTORY: dir },
  });
  const { value } = await web.stdout.getReader().read();
  const [url = "not served"] = /http\S+/.exec(new TextDecoder().decode(value)) ?? [];
  return {
    url,
    async [Symbol.asyncDispose]() {
      web.kill("SIGTERM");
      await web.exited;
    },
  };
}

/** Whether nobody listens there: the page's server would wait for the port. */
function isFree(address: string): boolean {
  const { hostname, port } = new URL(`http://${address}`);
  try {
    Bun.listen({ hostname, port: Number(port), socket: { data() {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}

/** Runs the program on this terminal until it ends; every signal that would end the demo is for the program. */
async function teleoperate(paths: ReturnType<typeof pathsIn>, socket: string): Promise<number> {
  const teleoperation = Bun.spawn(
    [
      ...[program, "teleoperate", "--duration", String(seconds)],
      ...["--leader", paths.leader, "--follower", paths.follower],
      ...["--leader-id", "leader", "--follower-id", "follower", "--calibration-dir", paths.calibration],
      ...["--socket", socket],
    ],
    { stdio: ["inherit", "inherit", "inherit"] },
  );
  endProgram = () => teleoperation.kill("SIGTERM");
  if (stopping) endProgram();
  return teleoperation.exited;
}

/** Says what the record tells, and returns what is wrong with it. */
async function judge(record: string): Promise<string[]> {
  const measurement = new Measurement();
  const safety = new SafetyCheck(LIMITS);
  const goalTimesUs: number[] = [];
  const last: number[] = [];
  let largestStep = 0;
  for await (const entry of readRecord(record)) {
    measurement.see(entry);
    safety.see(entry);
    if (entry.kind !== "request" || entry.arm !== "follower" || !isGoals(entry)) continue;
    goalTimesUs.push(entry.firstT);
    const packet = bytesOf(entry);
    const [address, size] = [packet[5]!, packet[6]!];
    for (let at = 7; at + size < packet.length; at += size + 1) {
      const joint = packet[at]!;
      const low = at + 1 + registers.goal_position.address - address;
      const goal = packet[low]! | (packet[low + 1]! << 8);
      largestStep = Math.max(largestStep, Math.abs(goal - (last[joint] ?? goal)));
      last[joint] = goal;
    }
  }
  const goals = goalTimesUs.length;
  const spanS = (goalTimesUs.at(-1)! - goalTimesUs[0]!) / 1e6;
  const { p50, p99 } = distribution(measurement.latenciesUs);
  if (goals < 2) return ["the follower was never told to follow"];
  console.log(`
Measured at the arms, from every packet that reached them:
  ${goals} goals for the follower in ${spanS.toFixed(1)} s: ${((goals - 1) / spanS).toFixed(1)} a second
  from the leader's position to the follower's goal: ${p50.toFixed(0)} µs (p50), ${p99.toFixed(0)} µs (p99)
  largest step of a joint's goal: ${largestStep} of ${STEPS_PER_TURN} steps a turn (${stepsToDegrees(steps(largestStep)).toFixed(2)}°)
  safety rules broken: ${safety.violations.length}`);
  return safety.violations.map(({ arm, joint, rule, message }) =>
    [arm, joint, `${rule}:`, message].filter(Boolean).join(" "),
  );
}

let stopping = false;
let endProgram = () => {};
process.on("SIGINT", () => {
  stopping = true; // the terminal has sent it to the program as well
});
for (const signal of ["SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    stopping = true;
    endProgram();
  });
}
const dir = await mkdtemp(join(tmpdir(), "so101-demo-"));
try {
  const troubles = await demonstrate(dir);
  for (const trouble of troubles) console.error(`demo: ${trouble}`);
  process.exitCode = troubles.length === 0 ? 0 : 1;
} finally {
  await rm(dir, { recursive: true, force: true });
}
