/** What a fault of chaos is: something that goes wrong with two arms, a machine or a program, and ends. */
import type { ArmName } from "../../src/sim/arm/joints.ts";
import type { SimClient } from "../../src/sim/control/client.ts";
import type { SimRequest } from "../../src/sim/control/requests.ts";
import type { Random } from "../random.ts";
import type { Program } from "./program.ts";

/** A fault that was drawn: how it begins and how its cause goes away. */
export interface Fault {
  readonly kind: string;
  /** With its figures, for the report of a failure. */
  readonly text: string;
  /** From its beginning to its end, ms. */
  readonly forMs: number;
  /** For so long after its end its cause is still there: a servo that starts, a reply that is late. */
  readonly lingersMs: number;
  /** Why recovering from it takes longer by design, where it does. */
  readonly slowly?: string | undefined;
  /** It gives no reason to interrupt teleoperation: no alignment may come of it. */
  readonly harmless?: boolean;
  /** Faults that would get into each other's way share one of these. */
  readonly uses: readonly string[];
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** What faults are done to. */
export interface Victims {
  readonly client: SimClient;
  readonly program: Program;
  readonly ports: Readonly<Record<ArmName, string>>;
}

/** Draws a fault's figures. */
export type Draw = (random: Random, victims: Victims) => Fault;

/** What a fault does that ends by itself, or begins by nothing. */
export const nothing = async () => {};

/** A fault that the simulator makes by one request and ends by another. */
export function simulated(
  kind: string,
  { client }: Victims,
  uses: readonly string[],
  begin: SimRequest,
  {
    end,
    forMs = 0,
    lingersMs = 0,
    slowly,
  }: { end?: SimRequest; forMs?: number; lingersMs?: number; slowly?: string | undefined } = {},
): Fault {
  const ask = (request: SimRequest | undefined) => async () => {
    if (request !== undefined) await client.request(request);
  };
  const text = `${JSON.stringify(begin)}${end === undefined ? "" : ` for ${Math.round(forMs)} ms`}`;
  return { kind, text, forMs, lingersMs, uses, slowly, begin: ask(begin), end: ask(end) };
}
