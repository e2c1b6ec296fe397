/** Clients in the leader's place: their targets, the leader beside them, and who of them drives. */
import type { Clock } from "../../linux/clock.ts";
import type { PairParts } from "../context.ts";
import { SocketLink } from "../remote/link.ts";
import type { Problem } from "../reporting/problem.ts";
import { type PairSettings, rolesHere } from "../settings.ts";
import type { LeaderCondition } from "../state/conditions.ts";
import { Driver, type DriverSight } from "./driver.ts";
import { LeaderMotion, MOVED_DEG } from "./leader-motion.ts";
import { LeaderWatch } from "./leader-watch.ts";
import { MovedLately } from "./moved-lately.ts";
import { SILENT_AFTER_MS, Targets } from "./targets.ts";

/** Whether another program has the leader's port is asked so often at most before a client drives without a leader. */
const MOST_TRIES = 5;

/** The clients of one pair. What a loop calls allocates nothing while nothing changes. */
export class Clients {
  readonly #parts: PairParts;
  readonly #clock: Clock;
  readonly #motion = new LeaderMotion();
  readonly #watch = new LeaderWatch(this.#motion);
  readonly #driver: Driver;
  readonly #sight: DriverSight;
  readonly targets: Targets;
  #settings: PairSettings;
  /** From when nobody drives: whether the leader is moved. */
  #detector: MovedLately | undefined;
  /** How often its board had appeared when the leader was looked for last. */
  #boards = 0;
  /** The leader is followed again because somebody has moved it. */
  wasMoved = false;

  constructor(parts: PairParts, settings: PairSettings) {
    const { ports, memory, sink } = parts;
    this.#parts = parts;
    this.#clock = ports.clock;
    this.#settings = settings;
    this.#driver = new Driver(
      (session, change) => sink({ kind: "drive", session, ...change }),
      memory.session.awaitsLeader ? "nobody" : "leader",
    );
    this.targets = new Targets({
      link: parts.targets ?? new SocketLink(memory.targets, ports.clock),
      ...{ clock: ports.clock, telemetry: memory.telemetry, session: memory.session, watch: this.#watch },
    });
    this.#sight = {
      ...{ nowUs: 0, session: 0, targetUs: 0, mayDrive: false, resumes: 0, motion: "still", wasMoved: false },
    };
  }

  /** Takes other settings. */
  heed(settings: PairSettings): void {
    this.#settings = settings;
  }

  /** Somebody has chosen another leader to be followed. */
  otherLeader(): void {
    this.#driver.otherLeader();
    this.#detector = undefined;
  }

  /** Whether the leader that is to be followed drives. */
  get isLed(): boolean {
    return this.#driver.who === "leader";
  }

  /** Where the leader of this pair is while it is not followed, in steps. */
  get leaderPositions(): ArrayLike<number> {
    return this.#watch.positions;
  }

  /** Why the follower is held while no leader drives; undefined while a client gives the targets. */
  get problem(): Problem | undefined {
    const { who, held } = this.#driver;
    if (who === "nobody") return { code: "client.gone" };
    if (held === "silent") return { code: "client.silent", forMs: SILENT_AFTER_MS };
    if (held === "leader moves") return { code: "leader.moved", arm: this.#parts.arms.leader };
    return undefined;
  }

  /** Looks for the leader of this pair, which is not needed. */
  async reachLeader(): Promise<void> {
    if (!this.#hasLeader) return;
    const { leader } = this.#parts.connections;
    const { boards } = this.#parts.memory.session;
    const lost = this.#watch.takeLost();
    if (lost !== undefined) await leader.fail(lost);
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      await leader.reach();
      if (!leader.isAwaited) break;
    }
    this.watchLeader(boards);
  }

  /** From now on the leader of this pair is not followed: it is watched. */
  watchLeader(boards = this.#parts.memory.session.boards): void {
    this.#boards = boards;
    this.#watch.watch(this.#hasLeader ? this.#parts.connections.leader.bus : undefined);
  }

  /** Finds out who drives, by how the leader is seen that is to be followed; undefined where there is none. */
  look(leader: LeaderCondition | undefined): void {
    this.targets.look();
    const nowUs = this.#clock.nowUs();
    if (leader?.is === "reached" && this.#hasLeader) this.#watch.see(nowUs, leader.positions);
    if (this.#driver.who !== "nobody") this.#detector = undefined;
    else {
      this.#detector ??= new MovedLately(MOVED_DEG);
      if (leader?.is === "reached") this.#detector.see(nowUs, leader.positions);
      else this.#detector.forget();
    }
    const before = this.#driver.who;
    this.#sight.wasMoved = this.#detector?.isMoved === true;
    this.#judge(nowUs);
    if (before === "nobody" && this.isLed) this.wasMoved = this.#sight.wasMoved;
    this.#sight.wasMoved = false;
  }

  /** Whether a loop that follows a leader must end: a client drives. `positions` are fresh ones of this pair's leader. */
  mustYieldLeader(positions: ArrayLike<number> | undefined): boolean {
    const nowUs = this.#clock.nowUs();
    if (positions !== undefined) this.#motion.see(nowUs, positions);
    this.targets.poll();
    this.#judge(nowUs);
    return !this.isLed;
  }

  /** Whether a loop that follows a client must end: it is held, or drives no more, or the leader's board is there again. */
  mustYieldClient(): boolean {
    this.#judge(this.#clock.nowUs());
    const isDriving = this.#driver.who === "client" && this.#driver.held === undefined;
    const { boards } = this.#parts.memory.session;
    return !isDriving || (this.#hasLeader && !this.#watch.isOpen && boards !== this.#boards);
  }

  #judge(nowUs: number): void {
    const { mailbox, session } = this.#parts.memory;
    const { localLeaderWins = true } = this.#settings;
    const sight = this.#sight;
    sight.nowUs = nowUs;
    sight.session = session.number;
    sight.targetUs = this.targets.goodUs;
    sight.mayDrive = mailbox.mode === "running" && !mailbox.isParkAsked && mailbox.loan === 0;
    sight.resumes = mailbox.resumes;
    sight.motion = localLeaderWins ? this.#motion.stateAt(nowUs) : "still";
    this.#driver.take(sight);
  }

  /** Whether the leader of this pair is here and is the one to be followed. */
  get #hasLeader(): boolean {
    return this.#settings.remoteLeader === undefined && rolesHere(this.#settings).includes("leader");
  }
}
