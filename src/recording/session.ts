/**
 * A session of recording: episodes of one task, one after the other, begun and ended by orders or by time. What it does
 * with an order does not depend on who gave it: a key, the page, or a program.
 */
import type { Recording, RecordingOrder } from "../api/recording.ts";
import type { DatasetWriter } from "../dataset/writer.ts";
import { sayGivenUp, sayLongest, sayNoRoom, sayRemoved, saySaved } from "../messages/recording.ts";
import { type Happening, recordEpisode, type SessionEnd } from "./episode.ts";
import { freeMbAt, LEAST_FREE_MB } from "./free-space.ts";
import { Inbox } from "./inbox.ts";
import { readiness, type Wanted } from "./readiness.ts";
import { EpisodeTake, type Normalising } from "./take.ts";

/** What is recorded, and when. */
export interface Plan extends Wanted {
  readonly task: string;
  /** How long an episode lasts, s; without it until it is ended. */
  readonly episodeS?: number | undefined;
  /** How long there is to put everything back before the next one begins by itself, s; without it until that is begun. */
  readonly resetS?: number | undefined;
  /** After so many the session is done. */
  readonly episodes?: number | undefined;
  /** Who begins the first one. */
  readonly begins: "by an order" | "by itself";
}

/** What a session works with. */
export interface SessionParts {
  readonly plan: Plan;
  /** The dataset's folder. */
  readonly dir: string;
  /** Where episodes go. */
  readonly sink: Pick<DatasetWriter, "totals" | "saveEpisode" | "removeLastEpisode">;
  /** Where the service may listen. */
  readonly sockets: readonly string[];
  /** Hears how the session is: at each change, and some times a second while an episode is recorded. */
  show(recording: Recording): void;
  /** Whatever was thrown as a sentence. */
  explain(error: unknown): string;
}

/** An episode of an hour at 30 frames a second: beyond that its frames take too much memory to be saved. */
const MOST_FRAMES = 108_000;
/** Between episodes, how it is is shown so often, … */
const SHOW_EVERY_MS = 1_000;
/** … and what begins by itself tries so often whether the pair follows. */
const TRY_EVERY_MS = 1_000;

/** How the next episode is begun. */
type Beginning = "by an order" | "by itself" | "after the reset";

/** A session. */
export class Session {
  readonly #parts: SessionParts;
  readonly #inbox = new Inbox<Happening>();
  #recording: Recording;
  #saved = 0;
  /** Whether the last episode that was saved may be recorded again. */
  #mayRedo = false;
  #end: SessionEnd | undefined;
  /** What became of the last episode. */
  #outcome = "";

  constructor(parts: SessionParts) {
    const { plan, dir, sink } = parts;
    this.#parts = parts;
    this.#recording = {
      ...{ is: "ready", dataset: dir, task: plan.task, fps: plan.fps },
      ...{ episode: sink.totals.episodes, saved: 0, episodes: plan.episodes ?? null },
      ...{ frames: 0, seconds: 0, lost: 0, remainingS: null, message: "" },
    };
  }

  /** How it is. */
  get recording(): Recording {
    return this.#recording;
  }

  /** Orders something. What makes no sense then is left out. */
  order(order: RecordingOrder): void {
    this.#inbox.put({ is: "order", order });
  }

  /** Ends the session: an episode that is running is given up, one that is being saved is saved. */
  interrupt(): void {
    this.#inbox.put({ is: "interrupted" });
  }

  /** The service is gone, for now. */
  lostService(error: unknown): void {
    this.#inbox.put({ is: "service", trouble: this.#parts.explain(error) });
  }

  /** The service is there again. */
  foundService(): void {
    this.#inbox.put({ is: "service", trouble: "" });
  }

  /** Records until the session is over. Never rejects. */
  async run(): Promise<SessionEnd> {
    let beginning: Beginning = this.#parts.plan.begins;
    while (this.#end === undefined) {
      if (beginning === "after the reset") beginning = await this.#reset();
      const normalising = await this.#awaitBegin(beginning);
      if (normalising !== undefined) beginning = await this.#record(normalising);
    }
    const { how, message } = this.#end;
    const is = how === "failed" ? "failed" : "done";
    this.#show({ is, remainingS: null, message: message === "" ? this.#outcome : message });
    return this.#end;
  }

  /** Waits until an episode begins; undefined when the session is over before that. */
  async #awaitBegin(beginning: Beginning): Promise<Normalising | undefined> {
    let tries = beginning === "by itself";
    let tryMs = 0;
    if (!tries) this.#show({ is: "ready", remainingS: null });
    while (this.#end === undefined) {
      if (tries && performance.now() >= tryMs) {
        const normalising = await this.#normalising();
        if (typeof normalising !== "string") return normalising;
        this.#show({ is: "ready", remainingS: null, message: this.#withTrouble(normalising) });
        tries = beginning === "by itself";
        tryMs = performance.now() + TRY_EVERY_MS;
      }
      const happening = await this.#inbox.next(performance.now() + SHOW_EVERY_MS);
      if (happening === undefined) this.#show({});
      else if (happening.is === "order" && happening.order === "begin") {
        tries = true;
        tryMs = 0;
      } else await this.#heedBetween(happening);
    }
    return undefined;
  }

  /** The time in which everything is put back; how the next episode begins then. */
  async #reset(): Promise<Beginning> {
    const untilMs = performance.now() + this.#parts.plan.resetS! * 1e3;
    while (this.#end === undefined) {
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) break;
      this.#show({ is: "resetting", remainingS: leftMs / 1e3 });
      const happening = await this.#inbox.next(performance.now() + Math.min(leftMs, SHOW_EVERY_MS));
      if (happening?.is === "order" && happening.order === "begin") break;
      if (happening !== undefined) await this.#heedBetween(happening);
    }
    return "by itself";
  }

  /** What may happen between two episodes, but for a beginning. */
  async #heedBetween(happening: Happening): Promise<void> {
    if (happening.is === "interrupted") this.#end = { how: "interrupted", message: "" };
    else if (happening.is === "service") this.#show({ message: this.#withTrouble(happening.trouble) });
    else if (happening.is !== "order") return;
    else if (happening.order === "stop") this.#end = { how: "done", message: "" };
    else if (happening.order === "again" && this.#mayRedo) await this.#removeLast();
  }

  /** What became of the last episode, and what is wrong now. */
  #withTrouble(trouble: string): string {
    const isSaid = trouble !== "" && this.#outcome.includes(trouble);
    return [this.#outcome, ...(isSaid ? [] : [trouble])].filter(Boolean).join("; ");
  }

  async #removeLast(): Promise<void> {
    const { sink, explain } = this.#parts;
    this.#mayRedo = false;
    try {
      await sink.removeLastEpisode();
      this.#saved--;
      const { episodes: episode } = sink.totals;
      this.#outcome = sayRemoved(episode);
      this.#show({ episode, saved: this.#saved, message: this.#outcome });
    } catch (error) {
      this.#end = { how: "failed", message: explain(error) };
    }
  }

  /** How the arms are normalised, or why no episode can begin. */
  async #normalising(): Promise<Normalising | string> {
    const { plan, sockets, explain } = this.#parts;
    const obstacle = this.#whyNoRoom();
    if (obstacle !== undefined) {
      this.#end = { how: "failed", message: obstacle };
      return obstacle;
    }
    try {
      return await readiness(sockets, plan);
    } catch (error) {
      return explain(error);
    }
  }

  #whyNoRoom(): string | undefined {
    try {
      const freeMb = freeMbAt(this.#parts.dir);
      return freeMb < LEAST_FREE_MB ? sayNoRoom(freeMb, LEAST_FREE_MB) : undefined;
    } catch (error) {
      return this.#parts.explain(error);
    }
  }

  /** Records an episode, and saves it or gives it up; how the next one begins. */
  async #record(normalising: Normalising): Promise<Beginning> {
    const { plan, sockets, explain } = this.#parts;
    const { fps, episodeS, resetS } = plan;
    const wanted = episodeS === undefined ? MOST_FRAMES : Math.max(1, Math.round(episodeS * fps));
    const take = new EpisodeTake(fps, Math.min(wanted, MOST_FRAMES), normalising);
    this.#outcome = "";
    this.#show({ is: "recording", message: "", ...this.#figuresOf(take) });
    const outcome = await recordEpisode(take, {
      ...{ fps, sockets, explain, inbox: this.#inbox },
      whyNoRoom: () => this.#whyNoRoom(),
      show: () => this.#show(this.#figuresOf(take)),
    });
    this.#end = outcome.ends;
    this.#show(this.#figuresOf(take));
    if (outcome.is === "complete") {
      const isLongest = take.length === MOST_FRAMES && wanted >= MOST_FRAMES;
      await this.#save(take, isLongest ? sayLongest(MOST_FRAMES / fps / 60) : "");
      return resetS === undefined ? "by an order" : "after the reset";
    }
    const { given } = outcome;
    const { episode, seconds } = this.#recording;
    const message = sayGivenUp(episode, seconds, given);
    this.#outcome = message;
    if (this.#end !== undefined) this.#end = { ...this.#end, message };
    const goesOn = resetS !== undefined && given.why !== "discarded";
    this.#show({ ...this.#between(goesOn ? resetS : undefined), message });
    return goesOn ? "after the reset" : "by an order";
  }

  async #save(take: EpisodeTake, message: string): Promise<void> {
    const { plan, dir, sink, explain } = this.#parts;
    const { length, lost, gaps, action, state } = take;
    if (length === 0) {
      this.#outcome = "nothing was recorded: the pair did not follow meanwhile";
      this.#show({ is: "ready", message: this.#outcome });
      return;
    }
    this.#show({ is: "saving" });
    try {
      await sink.saveEpisode({ task: plan.task, frames: { action, state, length }, gaps });
    } catch (error) {
      this.#end = { how: "failed", message: explain(error) };
      return;
    }
    this.#saved++;
    this.#mayRedo = true;
    const { episode, seconds } = this.#recording;
    const told = saySaved({ dataset: dir, episode, seconds, frames: length, lost });
    if (this.#end === undefined && plan.episodes !== undefined && this.#saved >= plan.episodes) {
      this.#end = { how: "done", message: told };
    }
    this.#outcome = message === "" ? told : `${told}; ${message}`;
    this.#show({
      ...(this.#end === undefined && this.#between(plan.resetS)),
      saved: this.#saved,
      ...{ episode: sink.totals.episodes, message: this.#outcome },
    });
  }

  /** How it is between two episodes, for so many seconds or until somebody begins. */
  #between(resetS: number | undefined): Pick<Recording, "is" | "remainingS"> {
    return resetS === undefined ? { is: "ready", remainingS: null } : { is: "resetting", remainingS: resetS };
  }

  #figuresOf({ length, lost }: EpisodeTake): Pick<Recording, "frames" | "seconds" | "lost" | "remainingS"> {
    const { fps, episodeS } = this.#parts.plan;
    const seconds = length / fps;
    const remainingS = episodeS === undefined ? null : Math.max(0, episodeS - seconds);
    return { frames: length, seconds, lost, remainingS };
  }

  #show(change: Partial<Recording>): void {
    this.#recording = { ...this.#recording, ...change };
    this.#parts.show(this.#recording);
  }
}
