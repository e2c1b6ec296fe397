/** What can be asked of the server, as data: each room of the page has its list. */
import * as v from "valibot";
import type { ServedPair } from "../pairs/served-pair.ts";
import { refusal } from "./replies.ts";

/** Whether the page that asks has been claimed: may make arms move, and change files. */
export type Standing = "claimed" | "unclaimed";

/** Who may see how the arms are. */
export type Reading = "everybody" | "claimed";

/** A request as a route gets it: its Host, its Origin and its page have been looked at, and its body has come. */
export interface Asked {
  readonly request: Request;
  readonly url: URL;
  readonly standing: Standing;
  /** The claim of the page that asks, by its id; undefined of an unclaimed one. */
  readonly claim: string | undefined;
  /** Its address, at the other end of the connection. */
  readonly address: string;
  /** Ends when the server does. */
  readonly signal: AbortSignal;
  /**
   * A body that takes its time: its connection counts as one that waits for its answer until it is over, and it breaks off
   * where the claim of who asks ends, or the server does. `over` is called once, however it ends.
   */
  lasting(body: ReadableStream<Uint8Array>, over: () => void): ReadableStream<Uint8Array>;
}

/** Who may ask. */
export type Asker =
  /** Who may read: everybody in the network, or claimed pages only, as is configured. */
  | "reader"
  /** Who may read, and programs of this machine, which have no cookie. */
  | "reader or this machine"
  /** Everybody, always: what makes an arm stand still, and what claims a page. */
  | "everybody"
  /** Claimed pages. */
  | "claimed";

/** What all routes have. */
interface Route {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly who: Asker;
}

/** A request about the machine. */
export interface MachineRoute extends Route {
  answer(asked: Asked): Response | Promise<Response>;
}

/** A request about a pair, at `/pairs/NAME/` and this path. */
export interface PairRoute extends Route {
  answer(pair: ServedPair, asked: Asked): Response | Promise<Response>;
}

/** A body of JSON that `schema` takes; a refusal for any other. */
export async function bodyOf<Schema extends v.GenericSchema>(
  { request }: Asked,
  schema: Schema,
): Promise<v.InferOutput<Schema> | Response> {
  const parsed = v.safeParse(schema, await request.json().catch(() => undefined));
  return parsed.success
    ? parsed.output
    : refusal(400, "The machine does not understand what this page asks.");
}
