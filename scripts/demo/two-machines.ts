/**
 * A leader on one machine, its follower on another, and an MQTT broker between them: two programs and Mosquitto on
 * loopback, as the user who runs this, with simulated arms. Says in words what happens, also when the leader's machine
 * and the broker go away, and at the end what the arms were really told.
 */
import { join } from "node:path";
import { nowUs } from "../../src/linux/clock.ts";
import { MOSQUITTO, Mosquitto } from "../../test/support/mosquitto.ts";
import { targetsOf } from "../../test/support/targets.ts";
import { type Line, Program } from "../chaos/program.ts";
import { judge } from "./judge.ts";
import { type Arms, onStage, program, simulateArms } from "./stage.ts";

/** On a terminal it goes on after the story until Ctrl-C; should it be forgotten, it ends by itself. */
const LONGEST_S = process.stdout.isTTY ? 3600 : 120;
/** How long each part of the story is shown. */
const SHOWN_MS = 4_000;
/** Waiting for a state longer than this is a failure; generous, for machines that are busy. */
const PATIENCE_MS = 60_000;
/** A sample that is later than this is not acted upon. */
const LATEST_MS = 150;

const startedUs = nowUs();
let ended = false;
const { promise: over, resolve } = Promise.withResolvers<void>();
const end = () => {
  ended = true;
  resolve();
};
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);

/** What somebody says, and when. */
function say(who: string, text: string): void {
  const seconds = ((nowUs() - startedUs) / 1e6).toFixed(1);
  console.log(`${seconds.padStart(6)} s  ${who.padEnd(6)}  ${text}`);
}

/** A machine of the demo: the program, with one arm, in a folder of its own. */
function machine(name: string, dir: string, arguments_: readonly string[]): Program {
  const socket = join(dir, `${name}.sock`);
  const duration = ["--duration", `${LONGEST_S}`];
  const command = [program, "teleoperate", "--json", "--machine", name, "--socket", socket];
  return new Program([...command, ...duration, ...arguments_], {
    heard: (line) => say(name, told(line)),
    // Ctrl-C is for the demo, which ends one after the other.
    session: "its own",
  });
}

const told = ({ to, why, message, event }: Line) => (to === undefined ? (message ?? event) : `${to}: ${why}`);

/** Runs the demo in a folder; returns what was wrong, in words. */
async function demonstrate(dir: string): Promise<string[]> {
  await using arms = await simulateArms(dir, LONGEST_S);
  // In a session of its own: Ctrl-C is for the programs first.
  await using broker = await Mosquitto.start({ wrapper: ["setsid"] });
  const { paths } = arms;
  const shared = ["--broker", broker.url, "--calibration-dir", paths.calibration];
  const leader = ["--arms", "leader", "--leader", paths.leader, "--leader-id", "leader"];
  const follower = ["--arms", "follower", "--follower", paths.follower, "--follower-id", "follower"];
  const desk = machine("desk", dir, [...shared, ...leader]);
  const lab = machine("lab", dir, [...shared, ...follower, "--remote-leader", "desk/main"]);
  console.log(
    [
      "Two machines, and a broker between them:",
      "  desk    has the leader arm:    so101 teleoperate --arms leader --machine desk --broker …",
      "  lab     has the follower arm:  so101 teleoperate --arms follower --machine lab --remote-leader desk/main --broker …",
      `  broker  Mosquitto at ${broker.url}`,
      "",
    ].join("\n"),
  );
  try {
    desk.start();
    lab.start();
    await tell(desk, lab, broker);
  } finally {
    // The follower first: it is released before its leader goes.
    await lab.end("SIGTERM");
    await desk.end("SIGTERM");
  }
  await arms.client.request({ do: "sync" });
  return [...desk.troubles, ...lab.troubles, ...(await judgeArms(arms))];
}

/** The story: it follows, loses its leader's machine, then the broker, and follows again each time. */
async function tell(desk: Program, lab: Program, broker: Mosquitto): Promise<void> {
  await state(lab, "following");
  await shown();
  if (ended) return;
  say("", "The leader's machine is switched off.");
  await desk.end("SIGKILL");
  await state(lab, "holding");
  await shown();
  if (ended) return;
  say("", "The leader's machine is switched on again.");
  desk.start();
  await state(lab, "following");
  await shown();
  if (ended) return;
  say("", "The broker is ended.");
  await broker.end("SIGTERM");
  await state(lab, "holding");
  await shown();
  if (ended) return;
  say("", "The broker is started again.");
  await broker.restart();
  await state(lab, "following");
  await shown();
  if (!process.stdout.isTTY || ended) return;
  say("", "Ctrl-C ends all of it.");
  await Promise.race([over, Bun.sleep(LONGEST_S * 1e3)]);
}

const shown = () => Promise.race([over, Bun.sleep(SHOWN_MS)]);

/** Waits for a state of a machine's, unless the demo is to end. Throws when it does not come. */
async function state(of: Program, wanted: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!ended && of.state !== wanted) {
    if (of.troubles.length > 0) throw new Error(of.troubles.join("\n"));
    if (performance.now() > deadline) throw new Error(`${wanted} did not come within ${PATIENCE_MS / 1e3} s`);
    await Bun.sleep(20);
  }
}

async function judgeArms(arms: Arms): Promise<string[]> {
  const targets = targetsOf(arms);
  return judge(arms.paths.record, { targetsOfMs: LATEST_MS, ...(targets && { targets }) });
}

if (MOSQUITTO.isMet()) {
  await onStage(demonstrate);
} else {
  console.error(
    `demo-remote needs the MQTT broker Mosquitto, which is not here: ${MOSQUITTO.how}\n` +
      "Debian starts it as a service, for this machine alone (localhost:1883), which the demo does not use: it starts one " +
      "of its own. If you do not want the service: sudo systemctl disable --now mosquitto",
  );
  process.exitCode = 1;
}
process.exit();
