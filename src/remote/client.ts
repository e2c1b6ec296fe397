/** The network's client: for each pair, its parts; a pair that is configured later is served too. */

import { close, connectTo } from "../linux/sockets/stream.ts";
import { whyOf } from "../linux/system-error.ts";
import { BrokerReporting } from "./broker/reporting.ts";
import { speakForPair } from "./fleet/voice.ts";
import { listedFleet } from "./fleet-list/ear.ts";
import { FleetListServer } from "./fleet-list/serve.ts";
import type { NetworkPair, PairPart } from "./pair.ts";
import { carrySamples } from "./samples/carry.ts";

/** All that is done for a pair. Each has connections of its own, so that none hurts another. */
const parts: readonly PairPart[] = [carrySamples, speakForPair];

/** A folder of a few files is looked at so often: a few µs. */
const LOOK_EVERY_MS = 2_000;

/** What the client serves. */
export interface ClientOptions
  extends Omit<NetworkPair, "pair" | "name" | "sockets" | "signal" | "reporting" | "explain" | "say"> {
  /** The pairs there are now, and where their services may listen. */
  pairs(): readonly Pick<NetworkPair, "pair" | "sockets">[];
  /** Writes a line for who reads the client's log. */
  say: NetworkPair["say"];
  /** Where the fleet's list is handed out to programs of this machine; nowhere if left out. */
  readonly fleetList?: string | undefined;
  /** What was thrown when a pair's service was asked, as a sentence. */
  explain(error: unknown, pair: string): string;
  /** What there is to say of it all, in a line, every 2 s. */
  summarise?(text: string): void;
}

/** Serves until the signal aborts, and all has been said. */
export async function runClient(options: ClientOptions, signal: AbortSignal): Promise<void> {
  const reporting = new BrokerReporting(options.access.url, options.say);
  const running = new Map<string, { readonly ending: AbortController; readonly ended: Promise<unknown> }>();
  const look = () => {
    const there = options.pairs();
    for (const [pair, { ending }] of running) {
      if (there.some((one) => one.pair === pair)) continue;
      ending.abort();
      running.delete(pair);
    }
    for (const { pair, sockets } of there) {
      if (running.has(pair)) continue;
      const ending = new AbortController();
      const served: NetworkPair = {
        ...options,
        ...{ pair, sockets, reporting, name: `${options.machine}/${pair}`, signal: ending.signal },
        explain: (error) => options.explain(error, pair),
        say: (severity, text) => options.say(severity, `${pair}: ${text}`),
      };
      running.set(pair, { ending, ended: Promise.all(parts.map((part) => part(served))) });
    }
    const names = [...running.keys()].join(", ");
    options.summarise?.(`carries samples for ${names}; ${reporting.summary}`);
  };
  look();
  const list = fleetListOf(options);
  const timer = setInterval(() => {
    try {
      look();
    } catch {
      // The folder cannot be read just now: those that were there stay.
    }
  }, LOOK_EVERY_MS);
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  clearInterval(timer);
  list?.close();
  for (const { ending } of running.values()) ending.abort();
  await Promise.all([...running.values()].map(({ ended }) => ended));
}

/** The fleet's list, being served; undefined where it is not, or somebody else does. */
function fleetListOf({ fleetList: path, access, machine, say }: ClientOptions): FleetListServer | undefined {
  if (path === undefined || isServed(path)) return undefined;
  try {
    return new FleetListServer({ path, machine, open: () => listedFleet(access, machine) });
  } catch (error) {
    say("warning", `the page will not show the fleet: ${path} cannot be served: ${whyOf(error)}`);
    return undefined;
  }
}

/** Whether a program serves there: what it serves is not taken from it. */
function isServed(path: string): boolean {
  try {
    close(connectTo(path));
    return true;
  } catch {
    return false;
  }
}
