/** One run of following: the follower's torque on where it is, the loop, and what its end leads to. */
import type { Calibration } from "../../arm/calibration/calibration.ts";
import { goalTable } from "../../arm/calibration/normalisation.ts";
import { tooSlow } from "../../arm/checks/too-slow.ts";
import { JOINTS } from "../../arm/joints.ts";
import { positionsRead } from "../../arm/servos/read.ts";
import { STEPS_PER_TURN } from "../../feetech/units.ts";
import type { PairParts } from "../context.ts";
import type { ConnectedArm, ConnectedFollower } from "../preparation.ts";
import type { SampleOutlet } from "../remote/outlet.ts";
import type { Problem } from "../reporting/problem.ts";
import type { PairSettings } from "../settings.ts";
import { Command } from "../shared/mailbox.ts";
import { BusLeader } from "./bus-leader.ts";
import type { LeaderSource } from "./leader-source.ts";
import { ControlLoop, type LoopContext, type LoopEnd } from "./loop.ts";

/** A leader that falls silent is waited for this long before its power or its board counts as lost, … */
const LEADER_PATIENCE_MS = 1_000;
/** … and asked this often. */
const ASK_LEADER_EVERY_MS = 10;

/** What following needs of the pair. */
export interface FollowContext extends PairParts {
  readonly settings: PairSettings;
}

/** Who may have to make place for another one. */
type Yielding = Required<Pick<LoopContext, "mustYield">>;

/** Whom the follower follows. */
export type Followed =
  /** The leader on a bus of ours, whose positions may go out to others. */
  | ({
      readonly is: "here";
      readonly arm: ConnectedArm;
      readonly outlet: SampleOutlet | undefined;
    } & Yielding)
  /** One of another machine. */
  | ({
      readonly is: "remote";
      readonly name: string;
      readonly calibration: Calibration;
      readonly source: LeaderSource;
      readonly holdAfterMs: number;
    } & Yielding)
  /** A client in the leader's place, which gives positions of the follower itself. */
  | ({ readonly is: "client"; readonly source: LeaderSource } & Yielding);

/** What is to be done after following: look again, check and configure both arms again, or let the follower cool. */
export type AfterFollowing = "look again" | "check again" | "cool down";

/** Aligns and follows until something ends it. Throws {@link BusError}, {@link PortError}. */
export function follow(
  followed: Followed,
  follower: ConnectedFollower,
  context: FollowContext,
): AfterFollowing {
  const { drive } = follower;
  const { machine, reporter, keeper, memory, settings, arms, ports, alarms, sink } = context;
  keeper.saw("on");
  drive.switchTorqueOn();
  reporter.succeeded();
  leaveFault(context);
  machine.enter("aligning", [{ code: "pair.aligning" }]);
  memory.telemetry.count("alignments");
  const { rateHz } = settings;
  const isHere = followed.is === "here";
  const loop = new ControlLoop({
    ...{ machine, alarms, sink, memory, drive, rateHz, clock: ports.clock },
    holdAfterMs: followed.is === "remote" ? followed.holdAfterMs : settings.holdAfterMs,
    leader: isHere ? busLeader(followed.arm) : followed.source,
    leaderArm: followed.is === "remote" ? { role: "leader", id: followed.name } : arms.leader,
    mustYield: followed.mustYield,
    outlet: isHere ? followed.outlet : undefined,
    follower: follower.monitor,
    marks: follower.marks,
    monitors: [...(isHere ? [followed.arm.monitor] : []), follower.monitor],
    overload: follower.overload,
    goalTables: goalTablesFor(followed, follower, settings),
  });
  try {
    return after(loop.run(), followed, context);
  } finally {
    // A run that had nothing to follow was holding all the same.
    if (loop.hasTargets) keeper.followerMoved();
  }
}

/** For each joint the follower's goal by the position that is followed. A client's is a goal already: the drive bounds it. */
function goalTablesFor(
  followed: Followed,
  follower: ConnectedFollower,
  { normalisation }: PairSettings,
): readonly Int16Array[] {
  if (followed.is === "client") return JOINTS.map(() => EACH_ITSELF);
  const { calibration } = followed.is === "here" ? followed.arm : followed;
  return JOINTS.map((joint) => goalTable(calibration, follower.calibration, joint, normalisation));
}

const EACH_ITSELF = Int16Array.from({ length: STEPS_PER_TURN }, (_, step) => step);

/** What was a fault of its leader's keeps the follower no more: it is moved now. */
export function leaveFault({ machine, arms }: PairParts): void {
  if (machine.state === "faulted")
    machine.enter("connecting", [{ code: "pair.connecting", arm: arms.follower }]);
}

/** A leader on a bus of ours, to be read in a loop. */
export function busLeader({ monitor }: ConnectedArm): BusLeader {
  return new BusLeader(monitor.bus, monitor.figures);
}

function after(end: LoopEnd, followed: Followed, context: FollowContext): AfterFollowing {
  const { machine, arms } = context;
  switch (end.kind) {
    case "command":
    case "driver changes":
      return "look again";
    case "leader silent":
      if (followed.is === "here") awaitAfterSilence(followed.arm, context);
      else if (followed.is === "remote") {
        const arm = { role: "leader", id: followed.name } as const;
        machine.enter("holding", [{ code: "leader.silent", arm, forMs: followed.holdAfterMs }]);
      }
      return "look again";
    case "stalled":
      machine.enter("holding", [{ code: "program.stalled", forMs: end.forMs }]);
      return "look again";
    case "follower silent":
    case "follower reset": {
      const code = end.kind === "follower silent" ? "servo.silent" : "servo.reset";
      machine.enter("waiting", [{ code, arm: arms.follower, joint: JOINTS[end.joint]! }]);
      return "check again";
    }
    case "overheated":
      return "cool down";
  }
}

function awaitAfterSilence(leader: ConnectedArm, context: FollowContext): void {
  const { machine, arms, settings } = context;
  machine.enter("holding", [
    { code: "leader.silent", arm: arms.leader, forMs: settings.holdAfterMs },
    ...whyLate(leader),
  ]);
  awaitLeader(leader, context);
}

/** Whether its answers come, but too late to be waited for. */
export function whyLate({ monitor: { arm, bus } }: ConnectedArm): Problem[] {
  return bus.roundTrip.isWaitedFor ? [] : [tooSlow(arm, bus.roundTrip)];
}

/** Gives a leader that fell silent a moment to come back before it is looked for from the board on. */
function awaitLeader({ monitor }: ConnectedArm, { memory, ports }: FollowContext): void {
  const { clock } = ports;
  const positions = positionsRead();
  const giveUpUs = clock.nowUs() + LEADER_PATIENCE_MS * 1e3;
  while (clock.nowUs() < giveUpUs && memory.mailbox.command === Command.none) {
    if (monitor.bus.exchange(positions)) return;
    memory.mailbox.wait(clock, ASK_LEADER_EVERY_MS);
  }
}
