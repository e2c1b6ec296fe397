/** A pair of this machine, as the parts of the network's client know it. */
import type { Severity } from "../teleop/reporting/events.ts";
import type { BrokerAccess } from "./broker/access.ts";
import type { BrokerReporting } from "./broker/reporting.ts";

/** A pair that the client serves, until its signal aborts. */
export interface NetworkPair {
  /** The pair's own name, `main`. */
  readonly pair: string;
  /** This machine's name, `desk`. */
  readonly machine: string;
  /** The pair's full name, as others know it: `desk/main`. */
  readonly name: string;
  /** Where its service may listen, the first of which is asked first. */
  readonly sockets: readonly string[];
  readonly access: BrokerAccess;
  /** Whether others may pause, release and resume it over the broker. */
  readonly allowCommands: boolean;
  /** Whether it is announced to Home Assistant. */
  readonly homeAssistant: boolean;
  /** Aborted when the client ends, or the pair is no more configured. */
  readonly signal: AbortSignal;
  /** Tells what becomes of all connections to the broker. */
  readonly reporting: BrokerReporting;
  /** What was thrown when the pair's service was asked, as a sentence. */
  explain(error: unknown): string;
  /** Writes a line for who reads the client's log. The pair is named in it. */
  say(severity: Severity, text: string): void;
}

/** What the client does for a pair: runs until the pair's signal aborts, and has said its last by the time it resolves. Never rejects. */
export type PairPart = (pair: NetworkPair) => Promise<void>;
