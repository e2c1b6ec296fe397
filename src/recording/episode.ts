/** One episode, from when it begins until something ends it. */
import { askService } from "../api/client.ts";
import { framesOf } from "../api/recorder.ts";
import type { RecordingOrder } from "../api/recording.ts";
import type { GivenUp } from "../messages/recording.ts";
import type { PairState } from "../teleop/state/states.ts";
import type { Inbox } from "./inbox.ts";
import type { EpisodeTake, Taken } from "./take.ts";

/** How a session ends. */
export interface SessionEnd {
  readonly how: "done" | "failed" | "interrupted";
  /** Why, where there is something to say. */
  readonly message: string;
}

/** What may happen while a session waits. */
export type Happening =
  | { readonly is: "order"; readonly order: RecordingOrder }
  | { readonly is: "interrupted" }
  /** The service is gone for now, or there again: then without a message. */
  | { readonly is: "service"; readonly trouble: string }
  /** Why the samples of an episode have ended. */
  | { readonly is: "frames"; readonly of: EpisodeTake; readonly how: Exclude<Taken, "taken"> }
  | { readonly is: "frames failed"; readonly of: EpisodeTake; readonly error: unknown };

/** What has become of an episode, and how the session ends with it, where it does. */
export type EpisodeEnd = { readonly ends?: SessionEnd | undefined } & (
  | { readonly is: "complete" }
  | { readonly is: "given up"; readonly given: GivenUp }
);

/** What recording an episode takes. */
export interface EpisodeContext {
  readonly fps: number;
  /** Where the service may listen. */
  readonly sockets: readonly string[];
  readonly inbox: Inbox<Happening>;
  /** Why there is too little room, where that is so. */
  whyNoRoom(): string | undefined;
  /** Called some times a second. */
  show(): void;
  /** Whatever was thrown as a sentence. */
  explain(error: unknown): string;
}

const SHOW_EVERY_MS = 200;
const ROOM_EVERY_MS = 1_000;

const COMPLETE = { is: "complete" } as const;

/** A pair that was held for a moment is on its way again when somebody looks: then an event before that says why. */
const ON_ITS_WAY: readonly PairState[] = ["connecting", "aligning", "following"];
const IS_NO_CAUSE = /\b(pair\.(connecting|aligning|following)|arm\.back|recording\.[a-z-]+)$/;

/** Records into `take` until it is complete, or something else ends it. */
export async function recordEpisode(take: EpisodeTake, context: EpisodeContext): Promise<EpisodeEnd> {
  const over = new AbortController();
  const listening = listen(take, context, over.signal);
  try {
    return await untilOver(take, context);
  } finally {
    over.abort();
    await listening;
  }
}

/** Takes samples in until the episode is over, or they end. */
async function listen(take: EpisodeTake, { sockets, fps, inbox }: EpisodeContext, signal: AbortSignal) {
  try {
    for await (const sample of framesOf(sockets, fps, signal)) {
      const how = take.take(sample);
      if (how === "taken") continue;
      inbox.put({ is: "frames", of: take, how });
      return;
    }
  } catch (error) {
    if (!signal.aborted) inbox.put({ is: "frames failed", of: take, error });
  }
}

async function untilOver(take: EpisodeTake, context: EpisodeContext): Promise<EpisodeEnd> {
  const { inbox, whyNoRoom, show } = context;
  let roomMs = performance.now() + ROOM_EVERY_MS;
  for (;;) {
    const happening = await inbox.next(performance.now() + SHOW_EVERY_MS);
    show();
    if (performance.now() >= roomMs) {
      roomMs += ROOM_EVERY_MS;
      const message = whyNoRoom();
      if (message !== undefined) return { ...COMPLETE, ends: { how: "failed", message } };
    }
    const end = happening && (await endBy(happening, take, context));
    if (end !== undefined) return end;
  }
}

/** How something ends the episode; undefined when it does not. */
async function endBy(
  happening: Happening,
  take: EpisodeTake,
  { sockets, explain }: EpisodeContext,
): Promise<EpisodeEnd | undefined> {
  switch (happening.is) {
    case "order":
      return endByOrder(happening.order);
    case "interrupted":
      return givenUp({ why: "interrupted" }, { how: "interrupted", message: "" });
    case "service":
      return undefined; // its samples end, too
    case "frames":
      if (happening.of !== take) return undefined;
      if (happening.how === "complete") return COMPLETE;
      return givenUp(
        happening.how === "gap" ? { why: "no samples" } : await whyNotFollowing(sockets, explain),
      );
    case "frames failed":
      return happening.of === take ? givenUp({ why: "service", fact: explain(happening.error) }) : undefined;
  }
}

function endByOrder(order: RecordingOrder): EpisodeEnd | undefined {
  switch (order) {
    case "begin":
      return undefined;
    case "end":
      return COMPLETE;
    case "discard":
      return givenUp({ why: "discarded" });
    case "again":
      return givenUp({ why: "again" });
    case "stop":
      return { ...COMPLETE, ends: { how: "done", message: "" } };
  }
}

function givenUp(given: GivenUp, ends?: SessionEnd): EpisodeEnd {
  return { is: "given up", given, ends };
}

async function whyNotFollowing(
  sockets: readonly string[],
  explain: (error: unknown) => string,
): Promise<GivenUp> {
  try {
    const { state, why, events } = (await askService(sockets, { do: "status" }))!;
    const isOnItsWay = ON_ITS_WAY.includes(state);
    const cause = events.findLast(({ code }) => !IS_NO_CAUSE.test(code));
    return { why: "not following", fact: isOnItsWay && cause !== undefined ? cause.message : why };
  } catch (error) {
    return { why: "service", fact: explain(error) };
  }
}
