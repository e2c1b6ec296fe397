/** What a teleoperation tells, in words: what happened, to which arm and joint, and what to do now. */
import { type ArmIdentity, nameOfArm } from "../arm/identity.ts";
import { type JointName, nameWithId } from "../arm/joints.ts";
import { nameOfOwner } from "../linux/owners/program.ts";
import { reasonOf } from "../linux/system-error.ts";
import type { Doubt, Left, Problem, TeleopCode, TeleopProblem } from "../teleop/reporting/problem.ts";
import { isArmProblem, sayArmEnd, whoHas } from "./arm.ts";
import { type Audience, command } from "./audience.ts";
import { sayNameTwice } from "./broker.ts";
import { sayDriveOver, sayDrivingClient, sayWhereTo } from "./driving.ts";
import { sayLent, sayTakenBack } from "./lending.ts";
import { noCommand, secondClient } from "./lerobot.ts";
import { list } from "./list.ts";
import { ignoredCommands, sayAway, sayClosed } from "./network.ts";
import { sayRecorderEnd, saySaved } from "./recording.ts";

/** Problems of one code. */
type Of<Code extends TeleopCode> = Extract<TeleopProblem, { readonly code: Code }>;

/** How each is said. */
const words: { readonly [Code in TeleopCode]?: (problem: Of<Code>, audience: Audience) => string } = {
  "pair.connecting": ({ arm }) => (arm === undefined ? "both arms answer" : `${name(arm)} answers`),
  "pair.aligning": ({ client }) => `the follower moves slowly to ${sayWhereTo(client)}`,
  "pair.following": ({ stopped, client }) =>
    `the follower has reached ${sayWhereTo(client)}${
      stopped.length === 0 ? "" : `, except ${list(stopped.map(nameWithId))}, which something stops`
    }`,
  "pair.stopped": ({ left }) => lefts[left],
  "pair.paused": ({ stage }, audience) => {
    switch (stage) {
      case "asked":
        return "somebody asked for the follower to stay where it is";
      case "holding":
        return `paused, as was asked: "${command(audience, "resume")}" goes on`;
      case "not sent":
        return `paused, as was asked: the leader's positions are not sent — "${command(audience, "resume")}" goes on`;
      case "torque off":
        return `paused, as was asked, and the follower's torque is off: "${command(audience, "resume")}" goes on`;
    }
  },
  "pair.released": (problem, audience) => {
    switch (problem.stage) {
      case "asked":
        return "somebody asked to release the follower";
      case "waiting":
        return `released, as was asked: "${command(audience, "resume")}" goes on`;
      case "done":
        return released(`${name(problem.arm)}: released, as was asked`, problem.unconfirmed);
    }
  },
  "pair.parking": ({ stage }) =>
    stage === "asked"
      ? "somebody asked to park the follower"
      : "the follower moves slowly to its parking pose, and is released there",
  "pair.parked": ({ arm, unconfirmed }) =>
    released(`${name(arm)}: led to its parking pose and released, as was asked`, unconfirmed),
  "pair.not-parked": (problem, audience) => {
    const arm = name(problem.arm);
    switch (problem.why) {
      case "no pose":
        return `${arm}: not parked: no parking pose is configured — ${takePose(audience)}`;
      case "not ready":
        return `${arm}: not parked: it cannot be led to its parking pose now — settle what "${command(audience, "status")}" says first`;
      case "ended":
        return `${arm}: not parked: something else was asked for on the way`;
      case "not there":
        return released(
          `${arm}: not parked: ${problem.joints.map(nameWithId).join(", ")} did not reach the parking pose, and the arm is ` +
            "released where it is — clear its way",
          problem.unconfirmed,
        );
    }
  },
  "pair.lent": sayLent,
  "pair.taken-back": sayTakenBack,
  "pair.resumed": () => "somebody asked to go on",
  "pair.unsettled": () =>
    "something else was asked for again and again: the follower is held, and goes on within five seconds",

  "claim.began": () =>
    "somebody begins to claim a page: the leader is to be moved as the page says, by who is beside it",
  "claim.made": () =>
    "a page was claimed: it may make the arms move, and change settings, for 30 days — the page lists the claims",
  "claim.failed": () => "somebody has tried to claim a page, and failed: it may move nothing",

  "network.unsent": ({ trouble }) => `the leader's positions do not go out: ${sayClosed(trouble)}`,
  "network.client-ended": ({ exitCode, why, againS }) =>
    `the program beside this one that speaks to the broker has ended (${why === "" ? `exit code ${exitCode}` : why}): it is ` +
    `started again in ${againS} s`,
  "network.name-twice": ({ machine }) => sayNameTwice(machine),
  "network.command": (problem) => {
    if (problem.stage === "not done")
      return "what was asked for over the network is not done — the line before says why, or the state does";
    const wishes = {
      pause: "for the follower to stay where it is",
      release: "to release the follower",
      resume: "to go on",
    };
    return `somebody asked over the network ${wishes[problem.wish]}`;
  },
  "network.command-ignored": ({ why }) => ignoredCommands[why],
  "lerobot.second-client": ({ client }) => secondClient(client),
  "lerobot.no-command": ({ client }) => noCommand(client),

  "recording.began": ({ dataset }) => `a recorder is there: it records this pair into ${dataset}`,
  "recording.saved": saySaved,
  "recording.given-up": ({ episode, why }) => {
    const fact = `episode ${episode} is not saved`;
    // Mostly the recorder says so itself.
    return why.startsWith(fact) ? why : `${fact}${why === "" ? "" : `: ${why}`}`;
  },
  "recording.ended": sayRecorderEnd,

  "arm.back": ({ arm }) => `${name(arm)} answers`,
  "bus.lossy": ({ arm, joint, lost, ticks }) =>
    `${name(arm)}: ${lost} replies of ${nameWithId(joint!)} were lost or damaged in the last ${ticks} ticks — ` +
    "check its leads and plugs, and keep them away from motors and supplies",

  "port.slow": ({ arm, roundTripMs, rateHz, configuredRateHz }) =>
    `${name(arm)}: its replies take ${roundTripMs} ms, so the follower gets ${rateHz} goals a second, not ` +
    `${configuredRateHz} — to have more, plug the board into the computer itself, without a hub or a network between`,

  "leader.away": ({ arm, trouble }) => sayAway(name(arm), trouble),
  "leader.unfit": ({ arm, theirs, ours }) =>
    `${name(arm)} is configured with normalisation = "${theirs}", and this pair with "${ours}": its positions would mean ` +
    "others here — set teleoperation.normalisation to the same on both machines",
  "pair.leading": () => "the leader is read, and its positions are sent to the network",
  "drive.changed": ({ leader }) =>
    leader === "local"
      ? "the follower follows the leader of this pair from now on"
      : `the follower follows the leader ${leader} from now on`,
  "client.driving": ({ client }) => `${sayDrivingClient(client)} drives the follower from now on`,
  "client.silent": ({ client, forMs }) =>
    `no target from ${sayDrivingClient(client)} for ${forMs} ms: the follower is held, and it may go on within 10 s`,
  "client.gone": ({ client, why }, audience) =>
    `${sayDrivingClient(client)} drives no more${why === undefined ? "" : ` (${sayDriveOver(why)})`}: the follower is held — ` +
    `move the leader by 10° or more, then it follows the leader; "${command(audience, "resume")}" goes on at once`,
  "leader.moved": ({ arm, client }) =>
    `${name(arm)} was moved while ${sayDrivingClient(client)} drives: the follower is held — go on moving it for 1 s and the ` +
    "follower follows it, or leave it and the client goes on",
  "leader.took-over": ({ client, why }) =>
    why === "leader in hand"
      ? `${sayDrivingClient(client)} may not drive: somebody moves the leader`
      : `the leader has taken the follower from ${sayDrivingClient(client)}`,
  "leader.silent": ({ arm, forMs }) => `no position from ${name(arm)} for ${forMs} ms`,
  "leader.torque-on": ({ arm, unconfirmed }) =>
    released(
      `${name(arm)}: its torque was on, which it must never be — it was switched off; check its supply`,
      unconfirmed,
    ),
  "leader.jumped": (problem) =>
    `${jointOf(problem)} has jumped further than it can have moved: the follower approaches slowly — check its lead`,
  "leader.awaited": ({ arm }) => `${name(arm)}: move it by hand to begin`,
  "joint.unwinds": (problem) =>
    `${jointOf(problem)} unwinds slowly, because the leader's crossed the end of its turn`,
  "joint.obstructed": (problem) =>
    `${jointOf(problem)} is stopped by something: it presses no further — clear its way, or move the leader back`,
  "joint.stalled": (problem) =>
    `${jointOf(problem)} has pressed against something for too long: it presses less and less — clear its way, or move ` +
    "the leader back",

  "servo.silent": ({ arm, joint }) => `${name(arm)}: no answer from ${nameWithId(joint!)}`,
  "servo.reset": ({ arm, joint }) =>
    `${name(arm)}: ${joint === undefined ? "a servo" : nameWithId(joint)} lost its power for a moment — check the supply and the leads`,
  "arm.held-too-long": ({ arm, heldForS, unconfirmed }) =>
    released(`${name(arm)}: released after being held for ${heldForS} s`, unconfirmed),
  "arm.may-hold": ({ arm, doubt }) =>
    `${name(arm)}: ${doubtful(doubt)} — switch its power off before touching it`,

  "supply.sags": ({ arm, joint, volts, usualVolts }) =>
    `${name(arm)}: ${nameWithId(joint!)} gets ${volts.toFixed(1)} V, down from ${usualVolts.toFixed(1)} V — ` +
    "the supply is too weak or a lead too thin: check the plugs, or take a stronger supply",
  "servo.hot": ({ arm, joint, celsius }) =>
    `${name(arm)}: ${nameWithId(joint!)} is at ${celsius} °C — let it rest, or take load off it, before it gets too hot`,
  "servo.too-hot": ({ arm, joint, celsius, releaseFromC }) =>
    `${name(arm)}: ${nameWithId(joint!)} is at ${celsius} °C: the follower moves slowly until it is cooler, and is ` +
    `released at ${releaseFromC} °C — let it rest`,
  "servo.cooling": (problem) =>
    "unconfirmed" in problem
      ? released(`${name(problem.arm)}: released to cool`, problem.unconfirmed)
      : `${name(problem.arm)}: ${nameWithId(problem.joint!)} is at ${problem.celsius} °C, which is too hot to go on — ` +
        `it goes on by itself below ${problem.coolBelowC} °C`,
  "servo.overload-stays": ({ arm, joint }) =>
    `${name(arm)}: the overload of ${nameWithId(joint!)} does not end: it has little force — take the load off it, then ` +
    "switch the arm's power off and on",
  "servo.gains": ({ arm, gains }) =>
    `${name(arm)}: gains as configured, which are not LeRobot's: ${list(
      gains.map(({ joint, p, i, d }) => `${nameWithId(joint)} has P ${p}, I ${i}, D ${d}`),
    )}`,
  "supply.under-voltage": () =>
    "the Raspberry Pi gets too little voltage — use its own supply of 5.1 V and 2.5 A or more, and a short thick cable",

  "program.stalled": ({ forMs }) => `the program did not run for ${forMs} ms`,
  "program.not-real-time": ({ refused, errno }) => {
    const [what, key] =
      refused === "priority"
        ? ["no real-time priority", "LimitRTPRIO="]
        : ["code not locked in memory", "LimitMEMLOCK="];
    return `${what} (${reasonOf(errno)}): ticks may come late while the machine is busy; root has it, and a unit with ${key}`;
  },
  "program.hangs": ({ forS }) => `the control thread has not got on for ${forS} s`,
  "program.late": ({ overruns, ticks }) =>
    `${overruns} of the last ${ticks} ticks came too late — something else keeps the processor busy, or its power is too ` +
    'low: look with "top"',
  "program.internal-error": ({ what }) =>
    `the program made a mistake (${what}): the follower is held, and the pair starts over — please report it`,
  "settings.reloaded": () => "the configuration was read again",
  "settings.refused": ({ problems }) => `the configuration stays as it was: ${problems.join("; ")}`,
  "settings.kept": ({ keys }) =>
    `${keys.join(", ")} changed in the configuration: that takes effect at the next start`,
  "control.refused": ({ why }, audience) =>
    `no control socket, so that "${command(audience, "release")}" and the like cannot reach the arms: ${why} — settle ` +
    "that, or name another place with --socket",
  "control.made-again": () => "the control socket was removed, and is made again",
  "pair.taken": ({ stage, owner }) => {
    const who = owner === undefined ? "another program" : nameOfOwner(owner);
    switch (stage) {
      case "waiting":
        return `${who} has this pair of arms: this program waits until that one has ended, and asks nothing of the arms`;
      case "in the way":
        return `${who} has this pair of arms — end that program first`;
      case "lost":
        return `${who} has taken this pair of arms: the follower is held for it, and this program ends`;
    }
  },
};

const lefts: Readonly<Record<Left, string>> = {
  elsewhere: "the leader's positions are sent no more",
  released: "the follower is released",
  parked: "the follower is parked and released",
  held: "the follower is held where it is",
  "handed over": "the follower is held for the program that comes next",
  "not connected": "the follower is not connected",
  "in use": "another program has the follower's port: it may still hold",
  "in doubt": "the follower may still hold",
};

/** How an alarm's end is said; undefined where it goes without saying. */
const ends: { readonly [Code in TeleopCode]?: (problem: Of<Code>) => string } = {
  "port.slow": ({ arm }) => `${name(arm)}: its replies come as fast as the configured rate needs them again`,
  "servo.hot": ({ arm, joint, celsius }) => `${name(arm)}: ${nameWithId(joint!)} is at ${celsius} °C again`,
  "supply.sags": ({ arm, volts }) => `${name(arm)}: its servos get ${volts.toFixed(1)} V again`,
  "joint.unwinds": (problem) => `${jointOf(problem)} follows again`,
  "joint.obstructed": (problem) => `${jointOf(problem)} is free again`,
  "joint.stalled": (problem) => `${jointOf(problem)} may press as before`,
  "supply.under-voltage": () => "the Raspberry Pi gets enough voltage again",
  "network.unsent": () => "the leader's positions go out again",
};

/** A problem of teleoperation as a sentence. */
export function sayTeleopProblem(problem: TeleopProblem, audience: Audience): string {
  const say = words[problem.code] as ((problem: TeleopProblem, audience: Audience) => string) | undefined;
  return say?.(problem, audience) ?? problem.code;
}

/** Says that an alarm is over; undefined where that goes without saying. */
export function sayEnd(problem: Problem): string | undefined {
  if (isArmProblem(problem)) return sayArmEnd(problem);
  return (ends[problem.code] as ((problem: TeleopProblem) => string) | undefined)?.(problem);
}

/** How a stopped teleoperation left the follower. */
export function sayLeft(left: Left): string {
  return lefts[left];
}

function name(arm: ArmIdentity | undefined): string {
  return arm === undefined ? "an arm" : nameOfArm(arm);
}

/** `wrist_roll (id 5) of follower "red"` */
function jointOf({ arm, joint }: TeleopProblem): string {
  return `${nameWithId(joint!)} of ${name(arm)}`;
}

function takePose(audience: Audience): string {
  return `release it, put it into the pose by hand, then run "${command(audience, "park", "--here")}"`;
}

function released(what: string, unconfirmed: readonly JointName[]): string {
  if (unconfirmed.length === 0) return what;
  return `${what}; ${unconfirmed.map(nameWithId).join(", ")} did not confirm it, and may still hold — switch the arm's power off before touching it`;
}

function doubtful(doubt: Doubt): string {
  switch (doubt.why) {
    case "not connected":
      return "it may still hold where it was";
    case "no answer":
      return "no servo answered when it was released";
    case "not confirmed":
      return `${doubt.joints.map(nameWithId).join(", ")} did not confirm that the torque is off`;
    case "in use":
      return `it could not be released: ${whoHas(doubt.path, doubt.owner)}`;
    case "port lost":
      return `lost while it was released (${doubt.fact})`;
  }
}
