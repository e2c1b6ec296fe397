/**
 * One leader–follower pair, from no arm at all to teleoperation and back, for ever. One cycle is: look for the arms,
 * observe, decide, act. What is decided stands in state/decide.ts.
 */
import { longestWaitUs } from "../arm/checks/too-slow.ts";
import { ArmConnection } from "../arm/connection.ts";
import type { ArmIdentity } from "../arm/identity.ts";
import { ROLES, type Role } from "../arm/joints.ts";
import { yieldingPorts } from "../arm/yielding-ports.ts";
import type { BusAccess } from "../feetech/access.ts";
import type { Bus } from "../feetech/bus.ts";
import { RoundTrip } from "../feetech/round-trip.ts";
import type { Clock } from "../linux/clock.ts";
import { CloserLooks } from "./closer-looks.ts";
import type { PairContext, PairParts } from "./context.ts";
import { Leaders } from "./driving/leaders.ts";
import { MovedLately } from "./driving/moved-lately.ts";
import { Keeper } from "./keeper.ts";
import { Lending } from "./lending.ts";
import { type FollowContext, follow } from "./loop/follow.ts";
import { lead } from "./loop/lead.ts";
import { Alarms } from "./monitoring/alarms.ts";
import { publishSeen } from "./monitoring/figures.ts";
import { ForeignGoals } from "./monitoring/foreign-goals.ts";
import { cannotPark, parkAsAsked } from "./park-on-request.ts";
import { latencyAlarmOf, Preparation } from "./preparation.ts";
import { type RecoveryContext, recover } from "./recovery.ts";
import type { Problem } from "./reporting/problem.ts";
import { Reporter } from "./reporting/reporter.ts";
import type { PairSettings } from "./settings.ts";
import { Command } from "./shared/mailbox.ts";
import type { Conditions } from "./state/conditions.ts";
import { decide, isAsWished, type Step, stateOf, type WaitReason } from "./state/decide.ts";
import { StateMachine } from "./state/machine.ts";
import { problemOf } from "./state/reasons.ts";
import { RetryPauses } from "./state/retry.ts";
import type { PairState } from "./state/states.ts";
import { stopPair } from "./stop.ts";

/** Whether it is known why nothing is heard of the leader of another machine. */
function hasTrouble(problem: Problem): boolean {
  return problem.code === "leader.away" && problem.trouble !== undefined;
}

/** Runs a pair. Everything here blocks the thread that it runs on. */
export class Pair {
  #settings: PairSettings;
  readonly #context: PairContext;
  readonly #clock: Clock;
  readonly #machine: StateMachine;
  readonly #reporter: Reporter;
  readonly #arms: Readonly<Record<Role, ArmIdentity>>;
  readonly #connections: Readonly<Record<Role, ArmConnection>>;
  readonly #closerLooks: CloserLooks;
  readonly #roundTrips: Readonly<Record<Role, RoundTrip>>;
  readonly #keeper: Keeper;
  readonly #parts: PairParts;
  readonly #preparation: Preparation;
  readonly #lending: Lending;
  readonly #leaders: Leaders;
  readonly #foreignGoals = new ForeignGoals();
  readonly #retry = new RetryPauses();
  /** What those who work for this pair need of it. */
  readonly #working: RecoveryContext;
  #isCooling = false;
  /** While the follower waits, without torque, for the leader to be moved. */
  #detector: MovedLately | undefined;

  constructor(settings: PairSettings, { ports: given, ...rest }: PairContext) {
    // Whatever is sent goes by this gate: a port that another program has is left to it.
    const claimantOf = (path: string) =>
      rest.memory.claims.claimantOf(path === settings.arms.leader.port ? "leader" : "follower");
    const context = { ...rest, ports: yieldingPorts(given, claimantOf) };
    const { ports, sink } = context;
    this.#settings = settings;
    this.#context = context;
    this.#clock = ports.clock;
    this.#machine = new StateMachine(sink, ports.clock);
    this.#reporter = new Reporter(this.#machine, sink);
    this.#arms = {
      leader: { role: "leader", id: settings.arms.leader.id },
      follower: { role: "follower", id: settings.arms.follower.id },
    };
    const { roundTrips } = context.memory;
    this.#roundTrips = {
      leader: new RoundTrip(roundTrips.leader),
      follower: new RoundTrip(roundTrips.follower),
    };
    const connection = (role: Role, access: BusAccess) =>
      new ArmConnection(this.#arms[role], settings.arms[role].port, access, ports, this.#roundTrips[role]);
    this.#connections = {
      leader: connection("leader", "torque off"),
      follower: connection("follower", "drive"),
    };
    this.#setPatience();
    this.#closerLooks = new CloserLooks(this.#connections, this.#clock);
    this.#keeper = new Keeper(this.#arms, this.#connections, this.#reporter, this.#clock);
    this.#parts = {
      ...{ ...context, arms: this.#arms, connections: this.#connections, machine: this.#machine },
      ...{ reporter: this.#reporter, keeper: this.#keeper, alarms: new Alarms(sink, ports.clock) },
    };
    this.#preparation = new Preparation(this.#parts);
    this.#leaders = new Leaders(this.#parts, settings);
    this.#lending = new Lending(this.#parts, () => this.#leaders.roles);
    this.#working = { ...this.#parts, preparation: this.#preparation, retry: this.#retry };
  }

  /** Nothing is waited for so long that the follower would have to hold. */
  #setPatience(): void {
    const longestUs = longestWaitUs(this.#settings.holdAfterMs);
    for (const role of ROLES) this.#roundTrips[role].waitAtMost(longestUs);
  }

  /** Teleoperates until the main thread asks to end, then stops as configured and gives the ports up. */
  async run(): Promise<void> {
    const { mailbox, telemetry } = this.#context.memory;
    while (!mailbox.isEnding) {
      telemetry.beat();
      try {
        await this.#attend();
        await this.#cycle();
      } catch (error) {
        this.#disconnect();
        await recover(error, this.#working);
      }
    }
    await this.#lending.takeBack();
    const left = stopPair(this.#parts, this.#settings, {
      roles: this.#leaders.roles,
      parking: this.#preparation.parking(this.#settings),
    });
    for (const role of ROLES) await this.#connections[role].close();
    this.#machine.enter("stopped", [{ code: "pair.stopped", left }]);
    this.#context.sink({ kind: "stopped", left });
  }

  /** Takes what the main thread has asked for, except an end. */
  async #attend(): Promise<void> {
    const { mailbox } = this.#context.memory;
    mailbox.attend();
    const settings = mailbox.takeSettings() as PairSettings | undefined;
    if (settings === undefined) return;
    this.#settings = settings;
    this.#setPatience();
    this.#detector = undefined;
    if (!this.#leaders.heed(settings)) {
      this.#preparation.reconnect(settings);
      return;
    }
    // Another leader: all is checked again, and what is not used is left to others.
    this.#holdForLeader();
    this.#preparation.disconnect();
    this.#preparation.startOver();
    for (const role of ROLES) if (!this.#leaders.roles.includes(role)) await this.#letGo(role);
  }

  /** Another one is to be followed than the one that was: until its arm is checked the follower is held. */
  #holdForLeader(): void {
    const { state } = this.#machine;
    if (state !== "aligning" && state !== "following") return;
    const leader = this.#settings.remoteLeader?.name ?? "local";
    this.#machine.enter("holding", [{ code: "drive.changed", leader }]);
  }

  /** An arm that is not used any more is nobody's to tell of. */
  async #letGo(role: Role): Promise<void> {
    await this.#connections[role].close();
    this.#reporter.forget(role);
    this.#parts.alarms.clearQuietly(latencyAlarmOf(role));
    this.#context.memory.telemetry.forgetArm(role);
  }

  async #cycle(): Promise<void> {
    const { mailbox } = this.#context.memory;
    const { wish, loan } = mailbox;
    if (this.#lending.isOut(loan)) {
      this.#lending.stayOut(wish);
      return;
    }
    // A release does not wait until a missing arm was looked for.
    const isRelease = loan !== 0 || (mailbox.mode === "released" && !mailbox.isParkAsked);
    if (isRelease) this.#keeper.releaseFollowerUnlessOff();
    const released = isRelease ? this.#connections.follower.bus : undefined;
    await this.#leaders.reach();
    this.#heedDriver();
    let conditions = this.#observe(loan, released);
    this.#tellReach(conditions);
    if (loan === 0) this.#closerLooks.goOn(conditions, this.#keeper.mayHold);
    for (;;) {
      const step = decide(conditions);
      this.#makeSafe(step);
      switch (step.next.do) {
        case "wait":
          if (step.next.reason.is !== "awaited") {
            this.#preparation.forgetFiles();
            if (conditions.isParkAsked && step.next.reason.is !== "pausing")
              cannotPark(this.#arms.follower, this.#reporter, mailbox);
          }
          this.#wait(step.next.reason);
          publishSeen(this.#parts, conditions, this.#leaders, this.#preparation.goals);
          mailbox.tellObeyed(isAsWished(conditions) ? wish : "none");
          mailbox.wait(this.#clock, step.next.forMs);
          return;
        case "inspect":
          conditions = this.#disconnectedFrom(conditions);
          if (conditions.retryInMs > 0) break;
          mailbox.wait(this.#clock, step.next.afterMs);
          if (mailbox.command !== Command.none) return;
          this.#retry.connects(this.#clock.nowUs(), this.#nodes);
          conditions = {
            ...conditions,
            inspection: this.#preparation.inspect(this.#settings, this.#leaders.roles),
          };
          break;
        case "configure":
          conditions = this.#preparation.configure(conditions, this.#settings);
          break;
        case "follow":
        case "lead":
          // What was asked meanwhile, while the arms were configured, comes first.
          if (mailbox.command !== Command.none) return;
          if (step.next.do === "follow") this.#follow(conditions);
          else this.#lead();
          return;
        case "lend":
          this.#disconnect();
          this.#preparation.startOver();
          this.#foreignGoals.forget();
          await this.#lending.lend(loan, wish, step.next.torque);
          return;
        case "park":
          this.#detector = undefined;
          if (mailbox.command === Command.none)
            parkAsAsked(
              this.#connections.follower.bus!,
              this.#preparation.parking(this.#settings)!,
              this.#followContext,
            );
          return;
      }
    }
  }

  /** `loan` is what is asked for, `released` the connection on which the follower was released in this cycle. */
  #observe(loan: number, released: Bus | undefined): Conditions {
    const { mailbox, claims } = this.#context.memory;
    if (this.#leaders.roles.every((role) => this.#connections[role].bus !== undefined)) {
      this.#retry.appears(this.#clock.nowUs(), this.#nodes);
      this.#machine.appears(this.#nodes);
    }
    const { connected, gaveUp, goals } = this.#preparation;
    const { leader, follower } = this.#leaders.observe(this.#connections, connected);
    this.#keeper.saw(follower.torque);
    if (follower.is !== "reached") this.#foreignGoals.forget();
    else if (this.#foreignGoals.take(this.#connections.follower.facts, goals)) claims.claim("follower");
    if (this.#detector !== undefined && leader.is === "reached")
      this.#detector.see(this.#clock.nowUs(), leader.positions);
    const vitals = connected?.follower?.monitor.vitals;
    return {
      mode: mailbox.mode,
      isParkAsked: mailbox.isParkAsked,
      isLendAsked: loan !== 0,
      isReleaseTried: this.#connections.follower.bus === released,
      leader,
      follower,
      isConnected: connected !== undefined,
      ...(vitals && { heatLimits: vitals.heatLimits }),
      isCooling: this.#isCooling,
      gaveUp,
      retryInMs: this.#retryInMs,
      start: this.#settings.start,
      leaderWasMoved: this.#leaders.mayBegin || this.#detector?.isMoved === true,
      heldForS: this.#keeper.heldForS,
      holdForS: this.#settings.holdForS,
    };
  }

  /** A leader that a client drives in place of is not needed; one that drives again is checked again. */
  #heedDriver(): void {
    const change = this.#leaders.change();
    if (change === undefined) return;
    if (change === "a client") {
      this.#preparation.leaveOutLeader();
      this.#reporter.forget("leader");
      this.#context.memory.telemetry.forgetArm("leader");
    } else {
      this.#holdForLeader();
      this.#disconnect();
      this.#preparation.startOver();
    }
  }

  /** Says who is missing, or back. What is missing must be checked again when it is back. */
  #tellReach(conditions: Conditions): void {
    this.#reporter.reach(
      this.#leaders.roles.flatMap((role) => {
        const seen = conditions[role];
        if (seen.is === "awaited") return [];
        return { arm: this.#arms[role], problem: seen.is === "out of reach" ? seen.problem : undefined };
      }),
    );
    for (const role of this.#leaders.roles) {
      if (conditions[role].is === "reached") continue;
      this.#parts.alarms.clearQuietly(latencyAlarmOf(role));
      this.#disconnect();
      this.#preparation.startOver();
      this.#context.memory.telemetry.forgetArm(role);
    }
  }

  /** The nodes of both boards, since they appeared last. */
  get #nodes(): string {
    return this.#leaders.roles.map((role) => this.#connections[role].node).join(" ");
  }

  /** Conditions of arms that must be checked again: when they were connected, one was reset while nobody looked. */
  #disconnectedFrom(conditions: Conditions): Conditions {
    if (conditions.isConnected) this.#retry.failed(this.#clock.nowUs());
    this.#tellReset(conditions);
    this.#disconnect();
    return { ...conditions, isConnected: false, retryInMs: this.#retryInMs };
  }

  /** How long what has failed, or has come and gone, is left alone, ms. */
  get #retryInMs(): number {
    return Math.max(this.#retry.pauseMs(this.#clock.nowUs()), this.#machine.pauseMs);
  }

  /** An arm that was connected must be checked again: it was reset while nobody looked. */
  #tellReset({ leader, follower }: Conditions): void {
    const { state } = this.#machine;
    if (state !== "aligning" && state !== "following" && state !== "leading") return;
    const isReset = (seen: Conditions[Role]) => seen.is === "reached" && !seen.isConfigured;
    const role = isReset(follower) || !isReset(leader) ? "follower" : "leader";
    this.#machine.enter("waiting", [{ code: "servo.reset", arm: this.#arms[role] }]);
  }

  #makeSafe({ releaseLeader, releaseFollower }: Step): void {
    if (releaseLeader) this.#keeper.releaseLeader();
    if (releaseFollower !== undefined) this.#keeper.releaseFollower(releaseFollower);
  }

  /** Enters the state in which the pair waits, and tells why. Who is out of reach has been told by then. */
  #wait(reason: WaitReason): void {
    if (reason.is === "paused" || reason.is === "released") this.#detector = undefined;
    if (reason.is === "leader awaited") {
      this.#detector ??= new MovedLately();
      this.#reporter.succeeded();
    }
    if (reason.is === "cooling") this.#isCooling = true;
    const { state } = this.#machine;
    const isMoving = state === "aligning" || state === "following";
    // What the loop has told lasts while the follower is held for it; why is told once it is known.
    const isTold = state === "holding" && this.#machine.why === "leader.silent";
    if (reason.is === "leader silent" && reason.isHeld && isTold && !hasTrouble(reason.problem)) return;
    if (reason.is === "pausing" && isMoving) this.#machine.enter("holding", [{ code: "pair.unsettled" }]);
    const problem = problemOf(reason, { ...this.#arms, leader: this.#leaders.arm });
    const [fault, ...faults] = this.#preparation.faults;
    if (reason.is === "faulted" && fault !== undefined) this.#reporter.fault([fault, ...faults]);
    else if (reason.is === "no position") this.#reporter.failed(problem!);
    else if (problem !== undefined) this.#machine.enter(this.#stateOf(reason), [problem]);
  }

  /** Torque that comes and goes while the pair is paused changes its state with pauses, too. */
  #stateOf(reason: WaitReason): PairState {
    const { state, pauseMs } = this.#machine;
    return state === "waiting" && pauseMs > 0 ? state : stateOf(reason);
  }

  /** The arms must be checked and configured again before they may be used. */
  #disconnect(): void {
    this.#detector = undefined;
    this.#preparation.disconnect();
  }

  #follow({ follower }: Conditions): void {
    this.#detector = undefined;
    this.#isCooling = false;
    const connected = this.#preparation.connected!;
    const moved = connected.follower!;
    if (follower.is === "reached") moved.monitor.vitals.settle(follower.temperaturesC);
    const next = follow(this.#leaders.followed(connected), moved, this.#followContext);
    if (next === "check again") {
      this.#retry.failed(this.#clock.nowUs());
      this.#disconnect();
    }
    if (next === "cool down") this.#isCooling = true;
  }

  #lead(): void {
    const { leader } = this.#preparation.connected!;
    lead(leader!, this.#leaders.outletFor(leader!), this.#followContext);
  }

  get #followContext(): FollowContext {
    return { ...this.#parts, settings: this.#settings };
  }
}
