/** `so101 fleet`: every pair of arms of every machine, as a broker knows them. */
import { Command } from "commander";
import { ConfigError, DEFAULT_CONFIG_PATH } from "../../config/config.ts";
import { machineName, machineNetworkFor, type NetworkOverrides } from "../../config/network.ts";
import { flushLines, isRead, printLine } from "../../linux/text/stdout.ts";
import { sayBrokerTrouble } from "../../messages/broker.ts";
import type { BrokerAccess } from "../../remote/broker/access.ts";
import { FleetEar } from "../../remote/fleet/ear.ts";
import type { FleetPair } from "../../remote/fleet/watch.ts";
import { Interrupted } from "../../workflows/errors.ts";
import { pause } from "../../workflows/pause.ts";
import { interruptible } from "../interrupt.ts";
import { addJsonOption } from "../options/arm.ts";
import { addBrokerOptions } from "../options/network.ts";
import { liveScreen } from "../output/live.ts";
import { describeChange, describeEvent, describeFleet, gistOf } from "./describe.ts";

interface Options extends NetworkOverrides {
  readonly config?: string;
  readonly json?: true;
  readonly watch?: true;
}

/** A broker that is not reached by then is not there; ours connects again after 0.5 s, then every second. */
const REACHED_WITHIN_MS = 5_000;
/** What a broker keeps comes at once, but from a busy one. */
const KEPT_WITHIN_MS = 300;
/** By then whoever calls itself online has said so again, or is stale. */
const SETTLED_WITHIN_MS = 3_500;
const LOOK_EVERY_MS = 50;
const REDRAW_EVERY_MS = 500;
/** The newest events stand below the table. */
const EVENTS_SHOWN = 8;

/** Makes the command. */
export function fleetCommand(): Command {
  const command = new Command("fleet")
    .summary("list the arms of all machines at a broker")
    .description(
      "Lists every pair of arms of every machine that speaks at the MQTT broker: its state, for how long, who drives its " +
        "follower, its alarms, and when it was heard of last. It needs no arms and no service here. A pair that calls " +
        "itself online and was not heard of for three seconds is stale. The exit code is 1 when the broker cannot be used, " +
        "or has heard of no arms, and 2 when no broker is configured.",
    )
    .option("--watch", "go on saying it; Ctrl-C ends it")
    .option("--config <file>", `configuration file with the broker (default: ${DEFAULT_CONFIG_PATH})`)
    .action((options: Options) => interruptible((signal) => fleet(options, signal)));
  return addJsonOption(addBrokerOptions(command));
}

async function fleet({ config = DEFAULT_CONFIG_PATH, json, watch, ...given }: Options, signal: AbortSignal) {
  const network = machineNetworkFor(config, given);
  if (network.broker === undefined) {
    throw new ConfigError(
      `no broker is configured — give one with --broker mqtts://broker.example.org:8883, or as broker in [network] of ${config}`,
    );
  }
  const access = {
    ...{ url: network.broker, user: network.user },
    ...{ caFile: network.ca_file, certificateFile: network.certificate_file, keyFile: network.key_file },
    passwordFile: network.password_file,
  };
  const machine = machineName(network);
  if (!watch) await showOnce(access, machine, json, signal);
  else if (process.stdout.isTTY && !json) await watchLive(access, machine, signal);
  else await watchLines(access, machine, json, signal);
}

/** Says what is known once whoever is there has spoken. */
async function showOnce(access: BrokerAccess, machine: string, json: true | undefined, signal: AbortSignal) {
  const ear = new FleetEar(access, machine);
  try {
    await reached(ear, access, signal);
    for (let forMs = 0; forMs < SETTLED_WITHIN_MS; forMs = ear.heardForMs ?? 0) {
      if (ear.heardForMs === undefined) throw unusable(ear, access);
      if (forMs > KEPT_WITHIN_MS && ear.watch.isSettled) break;
      await pause(LOOK_EVERY_MS, signal);
    }
    const { pairs } = ear.watch;
    if (pairs.length === 0) {
      throw new Error(
        `the broker at ${access.url} has heard of no arms — set broker in [network] on the machines that have some, ` +
          "and see that its access list lets this one read so101/+/+/status",
      );
    }
    for (const line of json ? pairs.map((pair) => JSON.stringify(pair)) : describeFleet(pairs))
      printLine(line);
  } finally {
    flushLines();
    await ear.close();
  }
}

/** Waits for the broker. Throws why it cannot be used. */
async function reached(ear: FleetEar, access: BrokerAccess, signal: AbortSignal): Promise<void> {
  for (const fromMs = performance.now(); ear.heardForMs === undefined; ) {
    const isFinal = ear.trouble !== undefined && !PASSING.has(ear.trouble.kind);
    if (isFinal || performance.now() - fromMs > REACHED_WITHIN_MS) throw unusable(ear, access);
    await pause(LOOK_EVERY_MS, signal);
  }
}

/** What may be over at the next attempt: a packet was lost, a broker is just being started. */
const PASSING: ReadonlySet<string> = new Set(["lost", "stuck", "silent", "busy"]);

function unusable({ trouble }: FleetEar, access: BrokerAccess): Error {
  const why = sayBrokerTrouble(trouble ?? { kind: "silent" });
  return new Error(`the broker at ${access.url} cannot be used: ${why}`);
}

/** What stands in the way now, as it is shown where watching goes on. */
function troubleLine(ear: FleetEar, access: BrokerAccess): string[] {
  return ear.trouble === undefined ? [] : [`${unusable(ear, access).message}; this is tried again`];
}

async function watchLive(access: BrokerAccess, machine: string, signal: AbortSignal): Promise<void> {
  const screen = liveScreen();
  const ear = new FleetEar(access, machine);
  try {
    await reached(ear, access, signal);
    for (;;) {
      const { pairs, events } = ear.watch;
      const newest = events.slice(-EVENTS_SHOWN).toReversed().map(describeEvent);
      const table = pairs.length === 0 ? ["no arms have been heard of yet"] : describeFleet(pairs);
      screen.draw([...troubleLine(ear, access), ...table, "", ...newest]);
      await pause(REDRAW_EVERY_MS, signal);
    }
  } catch (error) {
    // To be ended is what watching waits for.
    if (!(error instanceof Interrupted)) throw error;
  } finally {
    screen.end();
    await ear.close();
  }
}

/** A line for each change: of a pair, of an event, of the broker. */
async function watchLines(
  access: BrokerAccess,
  machine: string,
  json: true | undefined,
  signal: AbortSignal,
) {
  let wake = () => {};
  const gists = new Map<string, string>();
  const isNews = (pair: FleetPair) => {
    const [before, gist] = [gists.get(pair.name), gistOf(pair)];
    gists.set(pair.name, gist);
    return gist !== before;
  };
  const ear = new FleetEar(access, machine, () => wake());
  try {
    await reached(ear, access, signal);
    for (let revision = 0, trouble = ""; isRead(); ) {
      const changed = ear.watch.changedSince(revision);
      revision = changed.revision;
      const lines = json
        ? [
            ...changed.pairs.map((pair) => ({ event: "pair", ...pair })),
            ...changed.removed.map((name) => ({ event: "removed", name })),
            ...changed.events.map(({ name, ...told }) => ({ event: "event", name, told })),
          ].map((line) => JSON.stringify(line))
        : [
            ...changed.pairs.filter(isNews).map(describeChange),
            ...changed.removed.map((name) => `${name}: is not known any more`),
            ...changed.events.map(describeEvent),
          ];
      for (const line of lines) printLine(line);
      const now = troubleLine(ear, access)[0] ?? "";
      if (now !== trouble) {
        trouble = now;
        const message = now === "" ? `connected to the broker at ${access.url} again` : now;
        printLine(json ? JSON.stringify({ event: "broker", isReached: now === "", message }) : message);
      }
      await nextChange((resolve) => {
        wake = resolve;
      }, signal);
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
  } finally {
    flushLines();
    await ear.close();
  }
}

/** Waits until something may have changed, and a moment longer, so that many changes are taken together. */
async function nextChange(listen: (resolve: () => void) => void, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => reject(signal.reason);
  listen(resolve);
  signal.throwIfAborted();
  signal.addEventListener("abort", abort, { once: true });
  try {
    await promise;
    await pause(GATHER_MS, signal);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** What comes within this is looked at once. */
const GATHER_MS = 50;
