/** The stable codes of everything that is told: for searching a journal, for programs, for the table of events in the manual. */
import type { Role } from "../../arm/joints.ts";

/**
 * Each code's number and what it stands for. A number is never given to anything else, also when its code goes. Codes
 * that are about one arm are written with it in front: `SO101-E014 leader.bus.silent`.
 */
export const eventCodes = {
  "pair.waiting": [1, "the pair waits for what its message says"],
  "pair.connecting": [2, "both arms answer and are checked and configured"],
  "pair.aligning": [3, "the follower moves slowly to the leader's pose"],
  "pair.following": [4, "the follower follows the leader"],
  "pair.holding": [5, "the follower stays where it is"],
  "pair.faulted": [6, "something must be settled by a person first"],
  "pair.stopped": [7, "teleoperation has ended"],
  "pair.parking": [8, "somebody asked to park the follower: it moves slowly to its parking pose"],
  "pair.parked": [9, "the follower was led to its parking pose, as was asked, and released there"],

  "board.missing": [10, "the arm's USB board is not plugged in"],
  "port.denied": [11, "the port may not be opened"],
  "port.busy": [12, "another program has the port open, or has locked it"],
  "port.failed": [13, "the port cannot be used, for another reason"],
  "bus.silent": [14, "the board is there, but no servo answers: the arm's power is off"],
  "bus.joints-missing": [15, "some servos do not answer: a loose lead, or a servo that has failed"],
  "bus.damaged": [16, "replies arrive damaged: a bad lead, or two servos of one id"],
  "bus.failed": [17, "a servo fell silent or did not take a value while it was set up"],
  "arm.back": [18, "the arm answers again"],
  "bus.lossy": [19, "many replies are lost or damaged, though each is made up for"],

  "arm.swapped": [20, "the arm on this port is the pair's other one"],
  "servo.wrong-model": [21, "a servo is neither an STS3215 nor an STS3250"],
  "calibration.missing": [22, "the calibration file is missing or cannot be used"],
  "calibration.mismatch": [23, "file and servos hold different calibrations"],
  "calibration.unfinished": [24, "writing a calibration was cut off"],
  "calibration.wrist-roll": [25, "only one arm's wrist_roll is calibrated as a full turn"],
  "servo.mixed-firmware": [26, "the arm's servos have different firmware"],
  "servo.eeprom": [27, "a servo's EEPROM does not keep a value"],
  "servo.no-position": [28, "a servo reports what is no position"],
  "servo.wrong-id": [29, "servos answer, but not to their joints' ids"],

  "leader.silent": [30, "no position from the leader for hold_after_ms"],
  "leader.torque-on": [31, "a leader's servo had its torque on, and was released"],
  "leader.jumped": [32, "the leader's reading jumped further than an arm can move"],
  "joint.unwinds": [33, "a full-turn joint goes back the long way, slowly"],
  "leader.awaited": [34, 'with start = "on leader motion": the leader has not been moved yet'],
  "leader.away": [35, "nothing is heard of the leader of another machine"],
  "leader.unfit": [36, "the leader of another machine normalises in another way: it is not followed"],
  "pair.leading": [37, "the leader is read, and its positions are sent to the network"],
  "drive.changed": [38, "the follower is to follow another leader than before"],

  "servo.silent": [40, "a follower's servo stopped answering"],
  "servo.reset": [41, "a follower's servo lost its power for a moment"],
  "joint.obstructed": [42, "something stops a joint: it presses no further"],
  "arm.held-too-long": [43, "the follower was held for hold_for_s and was released"],
  "arm.may-hold": [44, "the follower could not be released for certain"],
  "joint.stalled": [45, "a joint has pressed against something for stall_after_s: it presses less and less"],
  "joint.out-of-range": [46, "a joint is so far outside of its range that its servo would move it by itself"],

  "supply.sags": [50, "the arm's voltage falls under load"],
  "servo.voltage": [51, "a servo reports a voltage outside its limits"],
  "servo.hot": [52, "a servo is above warn_temperature_c"],
  "servo.too-hot": [53, "a servo is above slow_temperature_c: the follower moves slowly"],
  "servo.cooling": [54, "a servo is above release_temperature_c: the follower is released until it is cool"],
  "servo.overheats": [55, "a servo reports that it is too hot"],
  "servo.overcurrent": [56, "a servo reports too much current"],
  "servo.sensor": [57, "a servo reports that its angle sensor fails"],
  "servo.overload": [58, "a servo reports an overload, and gives way"],
  "servo.overload-stays": [59, "an overload did not end by anything that may be tried"],
  "servo.error": [60, "a servo reports an error that nobody has named"],
  "supply.under-voltage": [61, "the Raspberry Pi itself gets too little voltage"],
  "servo.models": [68, "a servo is an STS3250, or an STS3215 for 12 V: its own limits apply"],
  "servo.gains": [69, "the follower's gains are as configured, and not LeRobot's"],

  "program.stalled": [70, "the program did not run for a while: stopped, suspended or starved"],
  "program.not-real-time": [71, "the system refused real-time priority or locked memory"],
  "program.hangs": [72, "the control loop does not get on: the program ends and is to be started again"],
  "program.late": [73, "many ticks are overruns: they come too late for their slot"],
  "settings.reloaded": [74, "the configuration was read again"],
  "settings.refused": [75, "the configuration cannot be used: the old one stays"],
  "settings.kept": [76, "a part of the configuration takes effect at the next start only"],
  "pair.paused": [77, "somebody asked for the follower to stay where it is"],
  "pair.resumed": [78, "somebody asked to go on"],
  "pair.released": [79, "somebody asked to release the follower"],
  "control.refused": [80, "the control socket cannot be made"],
  "program.internal-error": [
    81,
    "the program made a mistake: the follower is held, and the pair starts over",
  ],
  "pair.taken": [85, "another program has the pair: this one waits for its end, or ends for it"],
  "control.made-again": [86, "the control socket was removed, and is made again"],
  "pair.not-parked": [90, "the follower could not be led to its parking pose, though somebody asked for it"],

  "port.slow": [92, "the replies of an arm take longer than a tick: they set the rate"],
  "port.too-slow": [93, "the replies of an arm come too late for hold_after_ms"],
  "port.latency-timer": [94, "a USB adapter holds replies back although it was told not to"],

  "pair.unsettled": [
    98,
    "something else was asked for again and again: the follower is held for a moment first",
  ],

  "pair.lent": [
    100,
    "another program has borrowed the arms: the follower is released, and both ports are closed",
  ],
  "pair.taken-back": [101, "the arms are lent no more: the pair goes on as before"],
  "claim.began": [102, "somebody begins to claim a page: to show at the leader that he is beside the arms"],
  "claim.made": [103, "a page was claimed: it may move the arms, and change settings, for 30 days"],
  "claim.failed": [104, "somebody has tried to claim a page, and failed"],

  "network.unsent": [110, "the leader's positions do not go out to the network"],
  "network.client-ended": [
    111,
    "the program beside this one that speaks to the broker has ended: it is started again",
  ],
  "network.name-twice": [115, "two machines call themselves by one name at the broker"],
  "network.command": [116, "a pause, a release or to go on was asked for over the network"],
  "network.command-ignored": [117, "what came over the network as a command was not obeyed"],

  "client.driving": [120, "a client or a replay gives the follower its targets from now on"],
  "client.silent": [
    121,
    "no target came from the client for 0.5 s: the follower is held, and it may go on within 10 s",
  ],
  "client.gone": [
    122,
    "the client drives no more: the follower is held until somebody moves the leader, or asks to go on",
  ],
  "leader.moved": [
    123,
    "the leader was moved while a client drives: the follower is held, and follows the leader once that has lasted 1 s",
  ],
  "leader.took-over": [124, "the leader of this pair drives in place of a client"],
  "recording.began": [125, "a recorder is there: it records this pair into a dataset"],
  "recording.saved": [126, "an episode was saved"],
  "recording.given-up": [127, "an episode was not saved"],
  "recording.ended": [128, "the recorder is done, has failed, or is gone"],

  "lerobot.second-client": [130, "a second client of LeRobot's was refused: one is connected"],
  "lerobot.no-command": [131, "what a client of LeRobot's sends is no command: it moves nothing"],
} as const satisfies Record<string, readonly [number: number, meaning: string]>;

/** The name of an event. */
export type EventCode = keyof typeof eventCodes;

/** A code as it is written everywhere: `SO101-E014 leader.bus.silent`. */
export function formatCode(code: EventCode, role?: Role): string {
  const [number] = eventCodes[code];
  const name = role === undefined || code.startsWith(`${role}.`) ? code : `${role}.${code}`;
  return `SO101-E${String(number).padStart(3, "0")} ${name}`;
}
