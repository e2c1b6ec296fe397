/** Which client of the plugin drives the follower. A client is its address, and of two programs there one drives. */
import { ApiError, armsOf } from "../../api/client.ts";
import { Driving } from "../../api/driving.ts";
import { anotherDrives, driveOver, LATE_TARGETS, noPosition } from "../../messages/plugin.ts";
import { PairPositions } from "../positions.ts";
import type { Driven } from "./wire.ts";

/** A target that was so long on its way is not acted upon: the follower holds by then. */
const LATE_US = 500_000;
/** A program that has been silent for so long does not drive any more: another one of its address may go on. */
const SILENT_MS = 500;
/** So many are remembered whose drive is over. */
const MOST_OVER = 64;

/** A request that is refused, and why, as a sentence. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

/** A target of a client. */
export interface Target {
  /** Where it comes from. */
  readonly address: string;
  /** Which program there, by a mark of its own. */
  readonly program: string;
  /** Positions as LeRobot has them, in the joints' order. */
  readonly values: readonly number[];
  /** How long it was on its way, µs. */
  readonly ageUs: number;
}

/** Who drives from an address. */
interface Seat {
  program: string;
  /** What came last. */
  newest: Target;
  atMs: number;
  readonly begun: Promise<{ readonly driving: Driving; positions: PairPositions }>;
}

/** The clients that drive, or want to. */
export class Drivers {
  readonly #sockets: readonly string[];
  readonly #seats = new Map<string, Seat>();
  /** Programs whose drive is over, and why: they do not begin again by themselves. */
  readonly #over = new Map<string, string>();
  readonly #ending = new AbortController();

  /** For the pair whose service may listen at any of `sockets`. */
  constructor(sockets: readonly string[]) {
    this.#sockets = sockets;
  }

  /** Gives the follower a target, and says what becomes of it. Rejects with {@link Refusal}, ApiError, the system's error. */
  async drive(target: Target): Promise<Driven> {
    const { address, program } = target;
    const why = this.#over.get(program);
    if (why !== undefined) throw new Refusal(why);
    if (target.ageUs > LATE_US) return { drive: "late", state: "", why: LATE_TARGETS };
    const seat = this.#seatFor(target);
    const { driving, positions } = await seat.begun.catch((error) => {
      throw error instanceof ApiError && error.problem.kind === "refused"
        ? new Refusal(error.problem.reason)
        : error;
    });
    // One that came meanwhile is newer.
    if (seat.newest === target) {
      const steps = positions.toFollower(target.values);
      if (steps === null) {
        seat.atMs = Number.NEGATIVE_INFINITY;
        throw new Refusal(noPosition(positions.units));
      }
      driving.target(steps);
    }
    const { is, state, why: reason } = driving.state;
    if (is === "over" || driving.isOver) throw new Refusal(this.#over.get(program) ?? driveOver(address));
    return { drive: is, state, why: reason };
  }

  /** A program begins anew: that its drive was over is forgotten. */
  greet(program: string): void {
    this.#over.delete(program);
  }

  /** A program drives no more. Never rejects. */
  async end(address: string, program: string): Promise<void> {
    const seat = this.#seats.get(address);
    if (seat?.program !== program) return;
    this.#seats.delete(address);
    await seat.begun.then(({ driving }) => driving.end()).catch(() => {});
  }

  /** Nobody drives any more, and nobody will. */
  endAll(): void {
    this.#ending.abort();
    this.#seats.clear();
  }

  #seatFor(target: Target): Seat {
    const { address, program } = target;
    const atMs = performance.now();
    const taken = this.#seats.get(address);
    if (taken !== undefined) {
      if (taken.program !== program && atMs - taken.atMs < SILENT_MS)
        throw new Refusal(anotherDrives(address));
      return Object.assign(taken, { program, newest: target, atMs });
    }
    const seat: Seat = { program, newest: target, atMs, begun: this.#begin(address) };
    this.#seats.set(address, seat);
    void this.#clearAfter(address, seat);
    return seat;
  }

  async #begin(address: string): Promise<{ driving: Driving; positions: PairPositions }> {
    const driving = await Driving.begin(
      this.#sockets,
      "client",
      `${address} (so101_remote)`,
      this.#ending.signal,
    );
    try {
      const begun = { driving, positions: new PairPositions(await armsOf(this.#sockets)) };
      // Arms change with the pair's state alone.
      driving.changed = () => {
        void armsOf(this.#sockets).then(
          (arms) => Object.assign(begun, { positions: new PairPositions(arms) }),
          () => {},
        );
      };
      return begun;
    } catch (error) {
      void driving.end();
      throw error;
    }
  }

  /** Has the seat free again once nothing comes of it any more. */
  async #clearAfter(address: string, seat: Seat): Promise<void> {
    try {
      const last = await (await seat.begun).driving.over;
      // Who has ended it by itself may begin again.
      if (this.#seats.get(address) === seat)
        this.#remember(seat.program, driveOver(address, "why" in last ? last.why : undefined));
    } catch {
      // Who has asked is told why.
    }
    if (this.#seats.get(address) === seat) this.#seats.delete(address);
  }

  #remember(program: string, why: string): void {
    this.#over.set(program, why);
    for (const [oldest] of this.#over) {
      if (this.#over.size <= MOST_OVER) break;
      this.#over.delete(oldest);
    }
  }
}
