/** Driving a pair for one of LeRobot's clients: asked for with its first command, and not against anybody's will. */
import { ApiError, armsOf } from "../api/client.ts";
import { Driving } from "../api/driving.ts";
import { clientDrives, clientDrivesNoMore, clientMayNotDrive, unknownArms } from "../messages/lerobot.ts";
import type { Severity } from "../teleop/reporting/events.ts";
import { PairPositions } from "./positions.ts";

/**
 * While commands come all the same, it is asked again so often: the service lets nobody begin again from whom a person has
 * taken the arms, as long as he asks.
 */
const ASK_AGAIN_MS = 500;
/** The arms' units may change while it drives, by a configuration that is read again. Should that not be told, it is seen so late. */
const ARMS_AGE_MS = 1_000;
/** A reason is told again when another was told between, but not more often. */
const TELL_AGAIN_MS = 10_000;

/** Whom it drives for, and who is told. */
export interface DriverOptions {
  /** Where the pair's service may listen. */
  readonly sockets: readonly string[];
  /** What was thrown when the service was asked, as a sentence. */
  explain(error: unknown): string;
  /** Writes a line for who reads the log. */
  say(severity: Severity, text: string): void;
  /** Ends all of it. */
  readonly signal: AbortSignal;
}

/** Drives for one client at a time. */
export class ClientDriver {
  readonly #options: DriverOptions;
  #who = "";
  #driving: { readonly drive: Driving; positions: PairPositions; atMs: number } | undefined;
  #isAsking = false;
  #askAgainMs = Number.NEGATIVE_INFINITY;
  #told = { text: "", atMs: Number.NEGATIVE_INFINITY };

  constructor(options: DriverOptions) {
    this.#options = options;
  }

  /**
   * The next positions of a client, as LeRobot has them, in the joints' order. Whether they can be positions of the follower;
   * true, too, while that is not known. Does not wait.
   */
  command(who: string, values: readonly number[]): boolean {
    const nowMs = performance.now();
    if (who !== this.#who) this.#become(who);
    if (this.#driving === undefined) {
      if (!this.#isAsking && nowMs >= this.#askAgainMs) void this.#ask();
      return true;
    }
    const { drive, positions, atMs } = this.#driving;
    if (nowMs - atMs > ARMS_AGE_MS) void this.#lookAgain();
    const steps = positions.toFollower(values);
    if (steps !== null) drive.target(steps);
    return steps !== null;
  }

  /** Another client, of whom nothing is known. */
  #become(who: string): void {
    void this.#driving?.drive.end();
    this.#driving = undefined;
    this.#who = who;
    this.#askAgainMs = Number.NEGATIVE_INFINITY;
    this.#told = { text: "", atMs: Number.NEGATIVE_INFINITY };
  }

  async #ask(): Promise<void> {
    const who = this.#who;
    const { sockets, signal, explain } = this.#options;
    this.#isAsking = true;
    try {
      const positions = new PairPositions(await armsOf(sockets));
      if (!positions.knowsFollower) this.#tellOnce(unknownArms(who));
      else if (who === this.#who)
        this.#begin(await Driving.begin(sockets, "client", who, signal), who, positions);
    } catch (error) {
      const why =
        error instanceof ApiError && error.problem.kind === "refused" ? error.problem.reason : explain(error);
      if (!signal.aborted) this.#tellOnce(clientMayNotDrive(who, why));
    } finally {
      this.#isAsking = false;
      this.#askAgainMs = performance.now() + ASK_AGAIN_MS;
    }
  }

  #begin(drive: Driving, who: string, positions: PairPositions): void {
    if (who !== this.#who) {
      void drive.end();
      return;
    }
    this.#driving = { drive, positions, atMs: performance.now() };
    this.#told = { text: "", atMs: Number.NEGATIVE_INFINITY };
    let isSaid = false;
    drive.changed = () => {
      if (!isSaid && drive.state.is === "driving") this.#options.say("info", clientDrives(who));
      isSaid ||= drive.state.is === "driving";
      if (this.#driving?.drive === drive) void this.#lookAgain();
    };
    void drive.over.then((last) => {
      if (this.#driving?.drive !== drive) return;
      this.#driving = undefined;
      if (!this.#options.signal.aborted)
        this.#options.say("info", clientDrivesNoMore(who, "why" in last ? last.why : undefined));
    });
  }

  /** In which units positions are now, and of which arms. */
  async #lookAgain(): Promise<void> {
    const driving = this.#driving!;
    driving.atMs = performance.now();
    try {
      driving.positions = new PairPositions(await armsOf(this.#options.sockets));
    } catch {
      // A service that is gone ends the drive.
    }
  }

  /** Told once, and not with each command. */
  #tellOnce(text: string): void {
    const nowMs = performance.now();
    if (text === this.#told.text || nowMs - this.#told.atMs < TELL_AGAIN_MS) return;
    this.#told = { text, atMs: nowMs };
    this.#options.say("warning", text);
  }
}
