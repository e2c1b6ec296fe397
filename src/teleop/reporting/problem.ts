/** What a teleoperation has to tell, as data: a code, the arm, the joint and the figures. Worded at the edge. */
import type { NormalisationMode } from "../../arm/calibration/normalisation.ts";
import type { ArmIdentity } from "../../arm/identity.ts";
import type { JointName } from "../../arm/joints.ts";
import type { ArmProblem } from "../../arm/problem.ts";
import type { Gains } from "../../arm/servos/baseline.ts";
import type { Owner } from "../../linux/owners/program.ts";
import type { BrokerClosed, RemoteTrouble } from "../settings.ts";
import type { EventCode } from "./codes.ts";

/** How the follower was left at the end. */
export type Left =
  /** Its torque is off. */
  | "released"
  /** It was led to the park pose, then its torque was switched off. */
  | "parked"
  /** It is held where it is, as configured. */
  | "held"
  /** It is held for the program that comes next. */
  | "handed over"
  /** It is not on this machine. */
  | "elsewhere"
  /** There is no connection to it. */
  | "not connected"
  /** Another program has its port: nothing could be done. */
  | "in use"
  /** It could not be released for certain. */
  | "in doubt";

/** Why the follower may hold although it should not. */
export type Doubt =
  | { readonly why: "not connected" | "no answer" }
  | { readonly why: "not confirmed"; readonly joints: readonly JointName[] }
  | { readonly why: "port lost"; readonly fact: string }
  | { readonly why: "in use"; readonly path: string; readonly owner?: Owner | undefined };

/** Servos that did not confirm that their torque is off. */
interface Released {
  readonly unconfirmed: readonly JointName[];
}

/** Who has borrowed the arms. */
export interface Borrower {
  /** Undefined where that cannot be seen. */
  readonly program: Owner | undefined;
  /** As the program says: "calibrate". */
  readonly purpose: string;
}

/** How a loan ends. */
export type GivenBack =
  /** The borrower is done, or gone. */
  | "given back"
  /** The borrower was asked to give them back, and has not: the service tries to take them. */
  | "demanded"
  /** It did not come to a loan. */
  | "not lent";

/** Who drives in the leader's place. */
export interface DrivingClient {
  readonly as: "client" | "replay";
  /** As it calls itself: its address, or what is replayed. */
  readonly who: string;
}

/** Why a client drives no more. */
export type DriveOver =
  /** It has said so, or the service has ended it. */
  | "ended"
  | "paused"
  | "released"
  | "parked"
  | "lent"
  /** To go on with the leader was asked for, or something of the above that the main thread has not told. */
  | "asked"
  /** No target came for too long. */
  | "silent"
  /** It was let drive, and gave no target. */
  | "no target"
  /** A person has moved the leader for so long that it drives. */
  | "leader took over"
  /** A person had the leader in hand when it began. */
  | "leader in hand"
  /** Somebody has chosen a leader to be followed. */
  | "other leader"
  /** The program ends. */
  | "program ends";

/** The ports are closed; before that the follower was seen without torque, or not all its servos answered. */
interface LentArms {
  readonly stage: "lent";
  readonly torque: "off" | "unknown";
}

/** What becomes known with a code, beside the arm and the joint that it is about. */
interface Figures {
  /** The joints that something keeps from the leader's pose. */
  "pair.following": { readonly stopped: readonly JointName[]; readonly client?: DrivingClient };
  /** The main thread knows who drives, where it is a client. */
  "pair.aligning": { readonly client?: DrivingClient };
  "pair.stopped": { readonly left: Left };
  "leader.silent": { readonly forMs: number };
  /** Why, where that is known. */
  "leader.away": { readonly trouble?: RemoteTrouble };
  "leader.unfit": { readonly theirs: NormalisationMode; readonly ours: NormalisationMode };
  /** `desk/main`, or the leader of this pair. */
  "drive.changed": { readonly leader: string };
  /** The main thread knows who drives. */
  "client.driving": { readonly client: DrivingClient };
  "client.silent": { readonly forMs: number; readonly client?: DrivingClient };
  "client.gone": { readonly client?: DrivingClient; readonly why?: DriveOver };
  "leader.moved": { readonly client?: DrivingClient };
  "leader.took-over": { readonly client: DrivingClient; readonly why: DriveOver };
  "leader.torque-on": Released;
  "pair.paused": { readonly stage: "asked" | "holding" | "torque off" | "not sent" };
  "pair.released": { readonly stage: "asked" | "waiting" } | ({ readonly stage: "done" } & Released);
  /** The main thread knows who has borrowed the arms, and for what. */
  "pair.lent": ({ readonly stage: "asked" | "releasing" } | LentArms) & { readonly borrower?: Borrower };
  "pair.taken-back": { readonly borrower: Borrower; readonly how: GivenBack };
  "pair.parking": { readonly stage: "asked" | "moving" };
  "pair.parked": Released;
  "pair.not-parked":
    | { readonly why: "no pose" | "not ready" | "ended" }
    | ({ readonly why: "not there"; readonly joints: readonly JointName[] } & Released);
  "arm.held-too-long": Released & { readonly heldForS: number };
  "arm.may-hold": { readonly doubt: Doubt };
  "supply.sags": { readonly volts: number; readonly usualVolts: number };
  "servo.hot": { readonly celsius: number };
  "servo.too-hot": { readonly celsius: number; readonly releaseFromC: number };
  "servo.cooling": Released | { readonly celsius: number; readonly coolBelowC: number };
  /** Those that are not LeRobot's. */
  "servo.gains": { readonly gains: readonly ({ readonly joint: JointName } & Gains)[] };
  "program.stalled": { readonly forMs: number };
  "program.late": { readonly overruns: number; readonly ticks: number };
  "program.not-real-time": { readonly refused: "priority" | "locked code"; readonly errno: string };
  "program.hangs": { readonly forS: number };
  "program.internal-error": { readonly what: string };
  "port.slow": { readonly roundTripMs: number; readonly rateHz: number; readonly configuredRateHz: number };
  "bus.lossy": { readonly lost: number; readonly ticks: number };
  "settings.refused": { readonly problems: readonly string[] };
  "settings.kept": { readonly keys: readonly string[] };
  "control.refused": { readonly why: string };
  /** `why` is what it said last. */
  "network.client-ended": { readonly exitCode: number; readonly why: string; readonly againS: number };
  "network.unsent": { readonly trouble: BrokerClosed };
  /** What the machine calls itself at its broker, where that is known. */
  "network.name-twice": { readonly machine: string | undefined };
  "network.command":
    | { readonly stage: "asked"; readonly wish: "pause" | "release" | "resume" }
    | { readonly stage: "not done" };
  /** The client's address, where it is known. */
  "lerobot.second-client": { readonly client: string | undefined };
  "lerobot.no-command": { readonly client: string | undefined };
  "network.command-ignored": { readonly why: "retained" | "unknown" | "too many" };
  "recording.began": { readonly dataset: string };
  /** `episode` counts from 0, as LeRobot does. */
  "recording.saved": {
    readonly dataset: string;
    readonly episode: number;
    readonly seconds: number;
    readonly frames: number;
    /** Frames that were not read. */
    readonly lost: number;
  };
  "recording.given-up": { readonly dataset: string; readonly episode: number; readonly why: string };
  "recording.ended": {
    readonly dataset: string;
    readonly how: "done" | "failed" | "gone";
    readonly saved: number;
    readonly why: string;
  };
  "pair.taken": { readonly stage: "waiting" | "lost" | "in the way"; readonly owner: Owner | undefined };
}

/** What is told by a code that is not an arm's own. */
export type TeleopCode = Exclude<EventCode, ArmProblem["code"]>;

/** One thing to be told of teleoperation itself. */
export type TeleopProblem = {
  [Code in TeleopCode]: {
    readonly code: Code;
    readonly arm?: ArmIdentity;
    readonly joint?: JointName;
  } & (Code extends keyof Figures ? Figures[Code] : unknown);
}[TeleopCode];

/** One thing to be told: what is wrong with an arm, or what teleoperation does and meets. */
export type Problem = ArmProblem | TeleopProblem;
