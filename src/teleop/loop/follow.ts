/** One run of following: the follower's torque on where it is, the loop, and what its end leads to. */
import { goalTable } from "../../arm/calibration/normalisation.ts";
import { tooSlow } from "../../arm/checks/too-slow.ts";
import { JOINTS } from "../../arm/joints.ts";
import { positionsRead } from "../../arm/servos/read.ts";
import type { PairParts } from "../context.ts";
import type { Connected } from "../preparation.ts";
import type { Problem } from "../reporting/problem.ts";
import type { PairSettings } from "../settings.ts";
import { Command } from "../shared/mailbox.ts";
import { BusLeader } from "./bus-leader.ts";
import { ControlLoop, type LoopEnd } from "./loop.ts";

/** A leader that falls silent is waited for this long before its power or its board counts as lost, … */
const LEADER_PATIENCE_MS = 1_000;
/** … and asked this often. */
const ASK_LEADER_EVERY_MS = 10;

/** What following needs of the pair. */
export interface FollowContext extends PairParts {
  readonly settings: PairSettings;
}

/** What is to be done after following: look again, check and configure both arms again, or let the follower cool. */
export type AfterFollowing = "look again" | "check again" | "cool down";

/** Aligns and follows until something ends it. Throws {@link BusError}, {@link PortError}. */
export function follow(connected: Connected, context: FollowContext): AfterFollowing {
  const { calibrations, drive } = connected;
  const { machine, reporter, keeper, memory, settings, arms, ports, alarms, sink } = context;
  keeper.saw("on");
  drive.switchTorqueOn();
  reporter.succeeded();
  machine.enter("aligning", [{ code: "pair.aligning" }]);
  memory.telemetry.count("alignments");
  const { rateHz, holdAfterMs, normalisation } = settings;
  const loop = new ControlLoop({
    ...{ machine, alarms, sink, memory, drive, rateHz, holdAfterMs, clock: ports.clock },
    leader: new BusLeader(connected.leader.bus, connected.leader.figures),
    leaderArm: arms.leader,
    follower: connected.follower,
    marks: connected.marks.follower,
    monitors: [connected.leader, connected.follower],
    overload: connected.overload,
    goalTables: JOINTS.map((joint) =>
      goalTable(calibrations.leader, calibrations.follower, joint, normalisation),
    ),
  });
  try {
    return after(loop.run(), connected, context);
  } finally {
    // A run that had nothing to follow was holding all the same.
    if (loop.hasTargets) keeper.followerMoved();
  }
}

function after(end: LoopEnd, connected: Connected, context: FollowContext): AfterFollowing {
  const { machine, arms, settings } = context;
  switch (end.kind) {
    case "command":
      return "look again";
    case "leader silent":
      machine.enter("holding", [
        { code: "leader.silent", arm: arms.leader, forMs: settings.holdAfterMs },
        ...whyLate(connected.leader),
      ]);
      awaitLeader(connected, context);
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

/** Whether its answers come, but too late to be waited for. */
function whyLate({ arm, bus: { roundTrip } }: Connected["leader"]): Problem[] {
  return roundTrip.isWaitedFor ? [] : [tooSlow(arm, roundTrip)];
}

/** Gives a leader that fell silent a moment to come back before it is looked for from the board on. */
function awaitLeader({ leader }: Connected, { memory, ports }: FollowContext): void {
  const { clock } = ports;
  const positions = positionsRead();
  const giveUpUs = clock.nowUs() + LEADER_PATIENCE_MS * 1e3;
  while (clock.nowUs() < giveUpUs && memory.mailbox.command === Command.none) {
    if (leader.bus.exchange(positions)) return;
    memory.mailbox.wait(clock, ASK_LEADER_EVERY_MS);
  }
}
