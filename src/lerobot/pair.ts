/** A pair of this machine, as what answers LeRobot's programs knows it. */
import type { Tellable } from "../api/protocol.ts";
import type { LerobotAddress } from "../config/lerobot.ts";
import type { Severity } from "../teleop/reporting/events.ts";
import type { ZmqContext } from "./zmq/context.ts";

/** A pair that is served, until its signal aborts. */
export interface LerobotPair {
  /** The pair's own name, `main`. */
  readonly pair: string;
  /** Where its service may listen, the first of which is asked first. */
  readonly sockets: readonly string[];
  /** Where its clients come to. */
  readonly listen: LerobotAddress;
  readonly zmq: ZmqContext;
  /** Who may connect, by the domain of a socket; everybody where it is in none. */
  readonly judges: Map<string, (address: string) => boolean>;
  /** This program's version. */
  readonly program: string;
  /** Aborted when the process ends, or the pair is not served any more. */
  readonly signal: AbortSignal;
  /** What was thrown when the pair's service was asked, as a sentence. */
  explain(error: unknown): string;
  /** Writes a line for who reads the log. The pair is named in it. */
  say(severity: Severity, text: string): void;
  /** Has the pair's service tell an event, where it runs. */
  tell(what: Tellable, client: string): void;
}

/** What is done for a pair: runs until its signal aborts. Rejects with the system's error where it cannot be done here. */
export type LerobotPart = (pair: LerobotPair) => Promise<void>;
