/**
 * Clients that drive a pair in its leader's place, as they ask on the control socket: who may, who does, and what they are
 * told. One drives at a time. Its connection stands for it, and alone changes nothing: its first good target does.
 */
import { statSync } from "node:fs";
import { sayDriveOver, sayDrivingClient } from "../../messages/driving.ts";
import { sayBorrower } from "../../messages/lending.ts";
import { newEpoch } from "../../teleop/remote/outlet.ts";
import type { ControlEvent, DriveChange, EventSink } from "../../teleop/reporting/events.ts";
import type { Borrower, DriveOver, DrivingClient, Problem } from "../../teleop/reporting/problem.ts";
import type { MainMemory } from "../../teleop/shared/control-memory.ts";
import { success } from "../api/lines.ts";
import type { DriverStatus } from "../network/drive.ts";
import type { Held, Reader } from "../requests/client.ts";
import type { Sender } from "../requests/request-server.ts";
import { Barred } from "./barred.ts";

/** Who was let drive and gives no target keeps others out for no longer. */
const FIRST_TARGET_WITHIN_MS = 10_000;
/** Whether the leader's board is there is looked at so often while a client drives. */
const LOOK_FOR_BOARD_EVERY_MS = 500;
/** A board that has appeared may take its time until it can be used: it is tried again after so long, ms. */
const AGAIN_AFTER_MS: readonly number[] = [0, 1_000, 3_000];

/** What it works with. */
export interface ClientsOptions {
  readonly memory: Pick<MainMemory, "session" | "mailbox">;
  readonly tell: EventSink;
  /** Who has borrowed the arms. */
  borrower(): Borrower | undefined;
  /** Whether the pair's follower is on this machine. */
  hasFollower(): boolean;
  /** Where the board of the leader beside a client is; undefined where none is to be looked for. */
  leaderPort(): string | undefined;
  /** How the pair is, and why. */
  pair(): { readonly state: string; readonly why: string };
  /** Whose targets come is to be heard no more. */
  endTargets(): void;
}

/** A client's wish to drive, as it says who it is. */
export type DriveWish = DrivingClient;

/** The clients of one pair. */
export class ClientDrives {
  readonly #options: ClientsOptions;
  readonly #barred = new Barred();
  /** From when a client drives until a leader does: who comes after this program waits for the leader to be moved. */
  awaitsLeader = false;
  /** When a client drove last. */
  #endedAt = new Date();
  /** Whether a client drives, as the control thread has told last: it may not know yet that a drive was ended here. */
  #isDriven = false;
  #drive: ClientDrive | undefined;
  /** The one before, and why it drives no more. */
  #last: { readonly client: DrivingClient; readonly why: DriveOver } | undefined;

  constructor(options: ClientsOptions) {
    this.#options = options;
  }

  /** Lets a client drive from its first target on; why not, where it may not. */
  begin({ as, who }: DriveWish, asking: Pick<Sender, "isThere">): Held | string {
    const client = { as, who };
    const why = this.#whyNot(client);
    if (why !== undefined) return why;
    const { memory, endTargets } = this.#options;
    endTargets();
    const epoch = newEpoch();
    const goesOn = this.#drive;
    if (goesOn !== undefined) memory.session.hear(epoch);
    const drive = new ClientDrive(this.#options, {
      ...{ client, epoch, isThere: asking.isThere },
      number: goesOn?.number ?? memory.session.begin(epoch),
      drivesSince: goesOn?.drivesSince,
      ended: () => this.#left(drive),
      noTarget: () => this.end("no target"),
    });
    this.#drive = drive;
    return drive;
  }

  #whyNot(client: DrivingClient): string | undefined {
    const { memory, borrower, hasFollower } = this.#options;
    const { mailbox } = memory;
    // Whatever else is in the way: it has asked.
    const barred = this.#barred.whyNot(client, performance.now());
    if (mailbox.isEnding) return "the program is ending";
    if (!hasFollower()) return "this machine has no follower of this pair: there is nothing to drive";
    const lentTo = borrower();
    if (lentTo !== undefined) return sayBorrower(lentTo);
    if (mailbox.isParkAsked) return "the follower is on its way to its parking pose";
    if (mailbox.mode !== "running")
      return `the pair is ${mailbox.mode}: who is beside it must resume it first`;
    const drive = this.#drive;
    if (drive?.isThere() === false) drive.ended();
    if (this.#drive !== undefined && (!isSame(this.#drive.client, client) || this.#drive.isThere()))
      return `${sayDrivingClient(this.#drive.client)} drives already`;
    return barred;
  }

  /** The client with this epoch drives no more, as it says itself; why not, where it does not. */
  yield(epoch: string): string | undefined {
    if (this.#drive?.epoch !== epoch) return "no such client drives";
    this.end("ended");
    return undefined;
  }

  /** Ends the drive that there is, if there is one. */
  end(why: DriveOver): void {
    const drive = this.#drive;
    if (drive === undefined) return;
    const { memory, endTargets, tell } = this.#options;
    this.#drive = undefined;
    memory.session.end();
    endTargets();
    this.#last = { client: drive.client, why };
    if (drive.drivesSince !== undefined) this.#endedAt = new Date();
    this.#barred.over(drive.client, why, performance.now());
    drive.over(why);
    if (why === "leader took over" || why === "leader in hand") {
      const problem = { code: "leader.took-over", client: drive.client, why } as const;
      tell({ kind: "notice", severity: "info", problem });
    }
  }

  /** What the control thread tells of a drive. */
  take({ session, ...change }: Extract<ControlEvent, { kind: "drive" }>): void {
    this.#isDriven = change.is !== "over";
    this.awaitsLeader ||= this.#isDriven;
    const drive = this.#drive;
    if (drive === undefined || drive.number !== session) return;
    if (change.is === "over") {
      this.end(change.why);
      return;
    }
    if (change.is === "driving" && drive.drivesSince === undefined) {
      drive.drivesSince = new Date();
      const problem = { code: "client.driving", client: drive.client } as const;
      this.#options.tell({ kind: "notice", severity: "info", problem });
    }
    drive.is = change.is;
  }

  /** The follower aligns: where no client drives, with a leader. */
  aligns(): void {
    if (!this.#isDriven) this.awaitsLeader = false;
  }

  /** Who drives, for a status; undefined where a leader does. */
  get status(): DriverStatus | undefined {
    const { client, drivesSince } = this.#drive ?? {};
    return (
      client && drivesSince && { source: client.as, leader: client.who, since: drivesSince.toISOString() }
    );
  }

  /** That nobody drives, and since when, for a status of the leader that is to be moved first; undefined where one drives. */
  get awaited(): Pick<DriverStatus, "since" | "isAwaited"> | undefined {
    if (this.status !== undefined || !this.awaitsLeader) return undefined;
    return { since: this.#endedAt.toISOString(), isAwaited: true };
  }

  /** The control thread knows that a client drives, and not who. */
  named(problem: Problem): Problem {
    switch (problem.code) {
      case "pair.aligning":
      case "pair.following":
        return this.#drive?.drivesSince === undefined ? problem : { ...problem, client: this.#drive.client };
      case "client.silent":
      case "leader.moved":
        return this.#drive === undefined ? problem : { ...problem, client: this.#drive.client };
      case "client.gone":
        return { ...problem, ...this.#last };
      default:
        return problem;
    }
  }

  /** Its connection is gone: the same client may come again while the follower is held for it. */
  #left(drive: ClientDrive): void {
    if (this.#drive !== drive) return;
    if (drive.drivesSince === undefined) this.end("ended");
    else {
      this.#options.memory.session.hear(undefined);
      this.#options.endTargets();
    }
  }
}

function isSame(a: DrivingClient, b: DrivingClient): boolean {
  return a.as === b.as && a.who === b.who;
}

/** What a connection that stands for a drive is made of. */
interface DriveParts {
  readonly client: DrivingClient;
  readonly number: number;
  readonly epoch: string;
  readonly drivesSince: Date | undefined;
  isThere(): boolean;
  /** The connection has ended. */
  ended(): void;
  /** No target has come in time. */
  noTarget(): void;
}

/** The connection of a client: it is told each change. */
class ClientDrive implements Held {
  readonly #options: ClientsOptions;
  readonly #parts: DriveParts;
  readonly #targetByMs = performance.now() + FIRST_TARGET_WITHIN_MS;
  readonly #board: BoardWatch;
  is: DriveChange["is"] = "holding";
  drivesSince: Date | undefined;
  #overFor: DriveOver | undefined;
  #hasEnded = false;
  #told = "";

  constructor(options: ClientsOptions, parts: DriveParts) {
    this.#options = options;
    this.#parts = parts;
    this.drivesSince = parts.drivesSince;
    this.#board = new BoardWatch(options);
  }

  get client(): DrivingClient {
    return this.#parts.client;
  }

  get number(): number {
    return this.#parts.number;
  }

  get epoch(): string {
    return this.#parts.epoch;
  }

  /** Whether its client is connected. */
  isThere(): boolean {
    return !this.#hasEnded && this.#parts.isThere();
  }

  over(why: DriveOver): void {
    this.is = "over";
    this.#overFor = why;
  }

  look(reader: Reader, nowMs: number): boolean {
    if (this.drivesSince === undefined && this.is !== "over" && nowMs > this.#targetByMs)
      this.#parts.noTarget();
    this.#board.look(nowMs);
    const { state, why } = this.#options.pair();
    const { is, epoch } = this;
    const told = this.#overFor === undefined ? why : sayDriveOver(this.#overFor);
    const line = success({ drive: { is, epoch, state, why: told } });
    if (line !== this.#told && reader.say(line)) this.#told = line;
    return is !== "over";
  }

  ended(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#parts.ended();
  }
}

/** Notices that the leader's board is plugged in while a client drives: the loop that it drives looks at no files. */
class BoardWatch {
  readonly #options: ClientsOptions;
  #node = "";
  #appearedMs = 0;
  #told = AGAIN_AFTER_MS.length;
  #lookAtMs = 0;

  constructor(options: ClientsOptions) {
    this.#options = options;
    this.#node = this.#nodeNow();
  }

  look(nowMs: number): void {
    if (nowMs < this.#lookAtMs) return;
    this.#lookAtMs = nowMs + LOOK_FOR_BOARD_EVERY_MS;
    const node = this.#nodeNow();
    if (node !== this.#node) {
      this.#node = node;
      this.#appearedMs = nowMs;
      this.#told = node === "" ? AGAIN_AFTER_MS.length : 0;
    }
    const againAfterMs = AGAIN_AFTER_MS[this.#told];
    if (againAfterMs === undefined || nowMs - this.#appearedMs < againAfterMs) return;
    this.#told++;
    this.#options.memory.session.boardAppeared();
  }

  #nodeNow(): string {
    const port = this.#options.leaderPort();
    try {
      const node = port === undefined ? undefined : statSync(port, { throwIfNoEntry: false });
      return node === undefined ? "" : `${node.ino} ${node.rdev}`;
    } catch {
      return ""; // links that lead round and round, a folder that is closed: no board
    }
  }
}
