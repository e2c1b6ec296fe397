/** The network's client: for each pair, its parts; a pair that is configured later is served too. */
import { BrokerReporting } from "./broker/reporting.ts";
import { speakForPair } from "./fleet/voice.ts";
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
  for (const { ending } of running.values()) ending.abort();
  await Promise.all([...running.values()].map(({ ended }) => ended));
}
