/** Answers LeRobot's programs on other machines: for each pair that is to be reached, LeKiwi's client and our plugin. */
import { setTimeout as passed } from "node:timers/promises";
import { askService } from "../api/client.ts";
import { whyOf } from "../linux/system-error.ts";
import { cannotListen, listens } from "../messages/lerobot.ts";
import { serveLekiwi } from "./lekiwi/serve.ts";
import type { LerobotPair, LerobotPart } from "./pair.ts";
import { servePlugin } from "./plugin/serve.ts";
import { ZmqContext } from "./zmq/context.ts";

const plugin: LerobotPart = ({ zmq: context, listen, signal, ...pair }) =>
  servePlugin({ ...pair, context, address: listen.hostname, port: listen.port + 2 }, signal);

/** All that is done for a pair. */
const parts: readonly LerobotPart[] = [serveLekiwi, plugin];

/** An address that is not there yet, or another's, is tried again after so long. */
const AGAIN_MS = 2_000;

/** Whom it serves, and who is told. */
export interface LerobotOptions extends Pick<LerobotPair, "program"> {
  readonly pairs: readonly Pick<LerobotPair, "pair" | "sockets" | "listen">[];
  /** Whether an address that cannot be listened at now is tried again and again; else that rejects. */
  readonly persists: boolean;
  /** Writes a line for who reads the log. */
  say: LerobotPair["say"];
  /** What was thrown when a pair's service was asked, as a sentence. */
  explain(error: unknown, pair: string): string;
}

/** Serves until the signal aborts. Rejects with `NoLibzmq` without that library; with an Error that names an address. */
export async function runLerobot(options: LerobotOptions, signal: AbortSignal): Promise<void> {
  const judges: LerobotPair["judges"] = new Map();
  const zmq = new ZmqContext((address, domain) => judges.get(domain)?.(address) ?? false);
  const ending = new AbortController();
  const all = AbortSignal.any([signal, ending.signal]);
  try {
    await Promise.all(options.pairs.map((pair) => servePair({ ...options, ...pair, zmq, judges }, all)));
  } finally {
    ending.abort();
    await zmq.close();
  }
}

type Serving = LerobotOptions & Pick<LerobotPair, "pair" | "sockets" | "listen" | "zmq" | "judges">;

async function servePair(options: Serving, signal: AbortSignal): Promise<void> {
  const { pair, sockets, listen, say } = options;
  for (let said = ""; !signal.aborted; await passed(AGAIN_MS, undefined, { signal }).catch(() => {})) {
    const attempt = new AbortController();
    const served: LerobotPair = {
      ...options,
      signal: AbortSignal.any([signal, attempt.signal]),
      explain: (error) => options.explain(error, pair),
      say: (severity, text) => say(severity, `${pair}: ${text}`),
      tell: (what, client) => void askService(sockets, { do: "tell", what, client }).catch(() => {}),
    };
    try {
      const running = parts.map((part) => part(served));
      // What cannot take its address says so at once.
      await Promise.race([...running, passed(0)]);
      if (!signal.aborted) served.say("info", listens(listen));
      said = "";
      await Promise.all(running);
    } catch (error) {
      attempt.abort();
      const why = cannotListen(listen, whyOf(error));
      if (!options.persists) throw new Error(why);
      if (why !== said) say("fault", `${pair}: ${why}`);
      said = why;
    }
  }
}
