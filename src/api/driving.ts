/**
 * Driving a pair in its leader's place: targets for its follower, as a client or a replay gives them.
 *
 * The connection to the control socket stands for the drive; targets are datagrams on a socket beside it. The service holds
 * the follower when none comes for 0.5 s, and the limits of its motion hold whatever comes.
 */
import { nowUs } from "../linux/clock.ts";
import { nativeBuffer } from "../linux/libc.ts";
import type { LineClient } from "../linux/sockets/line-client.ts";
import { close, connectTo, send } from "../linux/sockets/stream.ts";
import { epochHalves, SAMPLE_BYTES, SampleView } from "../teleop/remote/sample.ts";
import { targetsPath } from "./address.ts";
import { ApiError, type ApiProblem, askFirst, askService, nextReply } from "./client.ts";
import type { DriveState } from "./protocol.ts";

/** Within so long a service says whether one may drive. */
const PATIENCE_MS = 2_000;
/** Where more than one connects at once, it is waited in line for so long. */
const IN_LINE_MS = 20;

/** What came of a target: it is on its way; there was no room for it, and it is lost; nobody hears it any more. */
export type TargetSent = "sent" | "lost" | "nobody";

/** A drive of one client. It is over when the service says so, when it ends, and with {@link end}. */
export class Driving {
  readonly #client: LineClient;
  readonly #fd: number;
  readonly #buffer = nativeBuffer(SAMPLE_BYTES);
  readonly #view = new SampleView(this.#buffer.bytes);
  readonly #epoch: { readonly low: number; readonly high: number };
  readonly #over = Promise.withResolvers<DriveState | ApiProblem>();
  #state: DriveState;
  #changed = () => {};
  #sequence = 0;
  #isOver = false;

  private constructor(client: LineClient, fd: number, state: DriveState) {
    this.#client = client;
    this.#fd = fd;
    this.#state = state;
    this.#epoch = epochHalves(state.epoch);
  }

  /**
   * Asks the service that listens at the first of `paths` to let this client drive. `who` is what people are told: 1 to 64
   * characters that can be printed; whoever says the same goes on with its drive within 10 s. Nothing moves before the first
   * target. An abort of `signal` ends the drive. Rejects with {@link ApiError}, the system's error, the signal's reason.
   */
  static async begin(
    paths: readonly string[],
    as: "client" | "replay",
    who: string,
    signal: AbortSignal,
  ): Promise<Driving> {
    signal.throwIfAborted();
    const client = await askFirst(paths, { do: "drive", as, who });
    try {
      const { drive } = await nextReply(client, performance.now() + PATIENCE_MS, signal);
      if (drive === undefined) throw new ApiError({ kind: "unknown" });
      const fd = connectTo(targetsPath(client.path), IN_LINE_MS, "datagrams");
      const driving = new Driving(client, fd, drive);
      void driving.#hear(signal);
      return driving;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** How it is, as the service has said last. */
  get state(): DriveState {
    return this.#state;
  }

  /** Called at each change of {@link state} from now on. */
  set changed(changed: () => void) {
    this.#changed = changed;
  }

  /** Resolves once it is over, with what the service has said last, or with why it says nothing more. */
  get over(): Promise<DriveState | ApiProblem> {
    return this.#over.promise;
  }

  /** Whether it is over. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Gives the follower a target: six positions in its own steps, 0 to 4095, in the joints' order, as they are now. Does not
   * wait. Throws RangeError for what is no position.
   */
  target(positions: ArrayLike<number>): TargetSent {
    for (let joint = 0; joint < JOINTS; joint++) {
      const position = positions[joint]!;
      if (!Number.isInteger(position) || position < 0 || position > HIGHEST)
        throw new RangeError(`target of joint ${joint + 1}: ${position} is no position`);
    }
    if (this.#isOver) return "nobody";
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#view.write(this.#sequence, this.#epoch.low, this.#epoch.high, nowUs(), positions);
    const sent = send(this.#fd, this.#buffer, SAMPLE_BYTES);
    if (sent === -1) return "nobody";
    return sent === SAMPLE_BYTES ? "sent" : "lost";
  }

  /** Drives no more: the follower is held where it is, and others may drive. Never rejects; a second call does nothing. */
  async end(): Promise<void> {
    if (this.#isOver) return;
    await askService([this.#client.path], { do: "yield", epoch: this.#state.epoch }).catch(() => {});
    this.#finish({ kind: "ended" });
  }

  async #hear(signal: AbortSignal): Promise<void> {
    try {
      while (this.#state.is !== "over") {
        const { drive } = await nextReply(this.#client, Number.POSITIVE_INFINITY, signal);
        if (drive === undefined || this.#isOver) continue;
        this.#state = drive;
        this.#changed();
      }
      this.#finish(this.#state);
    } catch (error) {
      if (signal.aborted) await this.end();
      this.#finish(error instanceof ApiError ? error.problem : { kind: "ended" });
    }
  }

  #finish(last: DriveState | ApiProblem): void {
    if (this.#isOver) return;
    this.#isOver = true;
    close(this.#fd);
    this.#client.close();
    this.#over.resolve(last);
  }
}

const JOINTS = 6;
const HIGHEST = 4095;
