/** A pair's place: its locks and its control socket. Who has it may use the arms; who has not waits for it. */
import { setTimeout as passed } from "node:timers/promises";
import { controlPaths, listeningPath } from "../api/address.ts";
import { factOf, isSystemError, whyOf } from "../linux/system-error.ts";
import type { Problem } from "../teleop/reporting/problem.ts";
import type { Mode } from "../teleop/state/states.ts";
import { type ApiServer, type ApiSubject, SomebodyListens, serveApi } from "./api/server.ts";
import { type After, PairLock, type PairSockets } from "./pair-lock.ts";

/** A program that was killed is followed by the next one within a second: it needs most of that for the arms. */
const TRY_EVERY_MS = 100;
/** Somebody who removes the socket, or its lock, is noticed within a second. */
const LOOK_EVERY_MS = 500;

/** Which place is to be taken, and who hears of it. */
export interface PlaceOptions {
  readonly pair: string;
  /** Where the control socket is to be; in the pair's own place if left out. */
  readonly socket: string | undefined;
  readonly subject: ApiSubject;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** The place cannot be had, and why, each time that this changes. What it throws ends the waiting. */
  waits(why: Problem): void;
  /** Called again and again meanwhile. */
  alive(): void;
  /** What happens to the place afterwards. */
  tell(severity: "info" | "warning", problem: Problem): void;
  /** Another program has it now. */
  lost(why: Problem): void;
}

/** The place of a pair, which this process has. */
export interface Place {
  /** Where the control socket is. */
  readonly path: string;
  /** What somebody wanted of the pair last, also of a program before this one that was killed or has handed over. */
  mode: Mode;
  /** Whether no leader is to be followed before a person has moved it, or asks to go on: likewise. */
  awaitsLeader: boolean;
  /** Notes that this program was told to stop: who is started after it begins anew. */
  noteStopped(): void;
  /** Gives it to who comes next. */
  give(): void;
}

/**
 * Takes the place of a pair, as soon as it can be had: from then on this process answers on the control socket.
 * Undefined when the signal came first. Rejects with what `waits` throws.
 */
export async function takePlace(options: PlaceOptions): Promise<Place | undefined> {
  let told: Problem | undefined;
  while (!options.signal.aborted) {
    const tried = await tryToTake(options, told?.code === "pair.taken" ? "a wait" : "no wait");
    if (!("code" in tried)) return kept(tried, options);
    if (isNews(tried, told)) {
      options.waits(tried);
      told = tried;
    }
    options.alive();
    await passed(TRY_EVERY_MS, undefined, { signal: options.signal }).catch(() => {});
  }
  return undefined;
}

/** Who has the pair is not to be seen any more in the moment in which they end. */
function isNews(why: Problem, told: Problem | undefined): boolean {
  if (why.code === "pair.taken" && told?.code === "pair.taken" && why.owner === undefined) return false;
  return !Bun.deepEquals(why, told);
}

interface TakenPlace {
  readonly lock: PairLock;
  readonly api: ApiServer;
}

/** The place, or why it cannot be had now. */
async function tryToTake(options: PlaceOptions, after: After): Promise<TakenPlace | Problem> {
  try {
    const sockets = socketsOf(options);
    const lock = PairLock.take(sockets, after);
    if (!(lock instanceof PairLock)) return { code: "pair.taken", stage: "waiting", owner: lock.owner };
    try {
      return { lock, api: await serveApi(sockets.own, options.subject) };
    } catch (error) {
      lock.release();
      throw error;
    }
  } catch (error) {
    if (error instanceof SomebodyListens) return { code: "pair.taken", stage: "waiting", owner: undefined };
    return refused(error);
  }
}

function socketsOf({ pair, socket }: PlaceOptions): PairSockets {
  if (socket !== undefined) return { own: socket };
  const own = listeningPath(pair);
  if (own === undefined) throw new Error("there is no folder for it that this user may write to");
  return { own, system: controlPaths(pair)[0] };
}

function refused(error: unknown): Problem {
  return { code: "control.refused", why: isSystemError(error) ? factOf(error) : whyOf(error) };
}

/** Keeps it, whatever becomes of its files, until it is given away or lost. */
function kept({ lock, api: first }: TakenPlace, { subject, tell, lost }: PlaceOptions): Place {
  const { path } = first;
  let api: ApiServer | undefined = first;
  let isOurs = true;
  let told: unknown;
  const listenAgain = async () => {
    api?.close();
    api = undefined;
    try {
      const again = await serveApi(path, subject);
      if (!isOurs) return again.close();
      api = again;
      told = undefined;
      tell("info", { code: "control.made-again" });
    } catch (error) {
      const problem = refused(error);
      if (!Bun.deepEquals(told, problem)) tell("warning", problem);
      told = problem;
    }
  };
  const look = async () => {
    const outcome = lock.keep();
    if (outcome !== "kept") {
      isOurs = false;
      lost({ code: "pair.taken", stage: "lost", owner: outcome.owner });
    } else if (api?.isInPlace !== true) {
      await listenAgain();
    }
    if (isOurs) timer = setTimeout(look, LOOK_EVERY_MS);
  };
  let timer = setTimeout(look, LOOK_EVERY_MS);
  return {
    path,
    get awaitsLeader() {
      return lock.awaitsLeader;
    },
    set awaitsLeader(awaitsLeader) {
      lock.awaitsLeader = awaitsLeader;
    },
    get mode() {
      return lock.mode;
    },
    set mode(mode) {
      lock.mode = mode;
    },
    noteStopped: () => lock.noteStopped(),
    give() {
      isOurs = false;
      clearTimeout(timer);
      api?.close();
      lock.release();
    },
  };
}
