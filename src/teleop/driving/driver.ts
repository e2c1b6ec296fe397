/**
 * Who drives the follower: the leader that is to be followed, a client, or nobody. Pure: what was seen in, what follows
 * from it out.
 *
 * A client drives from its first good target on. Without targets it keeps its place for a while, in which the follower is
 * held. After it nobody drives until a person has moved the leader, or has asked to go on: never does the follower go to
 * the pose of a leader that lies on the table by itself.
 */
import type { DriveChange } from "../reporting/events.ts";
import type { DriveOver } from "../reporting/problem.ts";
import type { LeaderMotionState } from "./leader-motion.ts";
import { SILENT_AFTER_MS } from "./targets.ts";

const SILENT_AFTER_US = SILENT_AFTER_MS * 1e3;
/** A client that is silent may go on for so long from when the follower was held. */
const KEPT_FOR_US = 10_000_000;

/** What it is decided by. Filled anew each time, so that nothing is allocated. */
export interface DriverSight {
  nowUs: number;
  /** Which drive may be, 0 for none, and when its last good target came. */
  session: number;
  targetUs: number;
  /** Neither a pause, a release nor parking was asked for, and the arms are not lent. */
  mayDrive: boolean;
  /** How often somebody has asked to go on. */
  resumes: number;
  /** What the leader of this pair does; "still" where it takes over from no client. */
  motion: LeaderMotionState;
  /** Whether the leader that is to be followed was moved by a person since nobody drives. */
  wasMoved: boolean;
}

/** Decides. */
export class Driver {
  readonly #tell: (session: number, change: DriveChange) => void;
  #who: "leader" | "client" | "nobody";
  /** Of a client: why its targets are not heeded, if they are not. */
  #held: "silent" | "leader moves" | undefined;
  /** … and since when it gives none; +∞ while it does. */
  #silentUs = Number.POSITIVE_INFINITY;
  /** The drive that goes on, or was the last one to be refused. */
  #session = 0;
  #refused = 0;
  #resumes = 0;

  /** `tell` hears of each change of a drive. */
  constructor(tell: (session: number, change: DriveChange) => void, who: "leader" | "nobody" = "leader") {
    this.#who = who;
    this.#tell = tell;
  }

  /** Who drives; "nobody" while it is waited for the leader to be moved. */
  get who(): "leader" | "client" | "nobody" {
    return this.#who;
  }

  /** Why the targets of the client are not heeded; undefined while they are. */
  get held(): "silent" | "leader moves" | undefined {
    return this.#held;
  }

  /** Another leader is to be followed, because somebody has asked for it. */
  otherLeader(): void {
    if (this.#who === "client") this.#over("other leader");
    this.#who = "leader";
  }

  /** Takes in what was seen. Allocates nothing while nothing changes. */
  take(sight: DriverSight): void {
    if (this.#who === "client") this.#keepClient(sight);
    if (sight.resumes !== this.#resumes) this.#resume(sight.resumes);
    if (this.#who === "nobody" && sight.wasMoved) this.#who = "leader";
    if (this.#who !== "client") this.#begin(sight);
  }

  /** Whether a drive that may be has sent a good target, where no client drives. */
  #begin({ nowUs, session, targetUs, mayDrive, motion }: DriverSight): void {
    if (session === 0 || session === this.#refused || !mayDrive) return;
    if (nowUs - targetUs > SILENT_AFTER_US) return;
    this.#session = session;
    // Who has the leader in hand drives.
    if (this.#who === "leader" && motion !== "still") this.#refuse("leader in hand");
    else {
      this.#who = "client";
      this.#held = undefined;
      this.#silentUs = Number.POSITIVE_INFINITY;
      this.#tell(session, { is: "driving" });
    }
  }

  #keepClient({ nowUs, session, targetUs, mayDrive, motion }: DriverSight): void {
    const isSilent = nowUs - targetUs > SILENT_AFTER_US;
    this.#silentUs = isSilent ? Math.min(this.#silentUs, nowUs) : Number.POSITIVE_INFINITY;
    if (session !== this.#session) this.#over("ended");
    else if (!mayDrive) this.#over("asked");
    else if (motion === "lasting" && this.#held === "leader moves") {
      this.#over("leader took over");
      this.#who = "leader";
    } else if (nowUs - this.#silentUs > KEPT_FOR_US) this.#over("silent");
    else if (motion !== "still") this.#hold("leader moves");
    else if (isSilent) this.#hold("silent");
    else this.#goOn();
  }

  #goOn(): void {
    if (this.#held === undefined) return;
    this.#held = undefined;
    this.#tell(this.#session, { is: "driving" });
  }

  #hold(why: "silent" | "leader moves"): void {
    const wasHeld = this.#held !== undefined;
    this.#held = why;
    if (!wasHeld) this.#tell(this.#session, { is: "holding" });
  }

  /** Who asks to go on takes the follower from a client that does not drive it just then. */
  #resume(resumes: number): void {
    this.#resumes = resumes;
    if (this.#who === "client" && this.#held === undefined) return;
    if (this.#who === "client") this.#over("asked");
    this.#who = "leader";
  }

  #over(why: DriveOver): void {
    this.#who = "nobody";
    this.#held = undefined;
    this.#refuse(why);
  }

  #refuse(why: DriveOver): void {
    this.#refused = this.#session;
    this.#tell(this.#session, { is: "over", why });
  }
}
