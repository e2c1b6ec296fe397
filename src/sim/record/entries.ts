/** What the record of a simulation holds, one JSON a line: every packet both ways, and what happened to the arms. */
import type { ArmName, JointName } from "../arm/joints.ts";
import type { ServoEvent } from "../servo/servo.ts";

/** Times are µs of `nowUs`, which is one clock for all processes of the machine. */
interface Timed {
  t: number;
}

/**
 * Bytes that crossed between host and board, in hexadecimal digits.
 * `request`: one packet of the host; `t` = `firstT` is when its first byte was read from the pty.
 * `reply`: all packets that answer one request; `t` = `lastT` is when the last byte was written to the pty.
 * `injected`: noise, or a reply that a fault held back. `unheard`: bytes of the host that are no packet.
 */
export interface BytesEntry extends Timed {
  kind: "request" | "reply" | "injected" | "unheard";
  arm: ArmName;
  hex: string;
  firstT: number;
  lastT: number;
}

/** Something that happened to one servo. */
export type ServoEntry = Timed & { kind: "event"; arm: ArmName; joint: JointName } & ServoEvent;

/** Something that happened to a board or on its line. */
export interface BoardEntry extends Timed {
  kind: "event";
  arm: ArmName;
  joint?: never;
  /** `opened` and `closed` are the program under test's doing. */
  event: "plugged" | "pulled" | "opened" | "closed";
}

/** A request that met a reply on the line: both were destroyed. */
export interface CollisionEntry extends Timed {
  kind: "event";
  arm: ArmName;
  joint?: never;
  event: "collision";
  /** The request. */
  hex: string;
  /** Whether it met by the host's doing: in real time a busy machine may have let the board read the request late. */
  isExact: boolean;
}

/** A request on the control socket that changed something. */
export interface InjectionEntry extends Timed {
  kind: "injection";
  request: { do: string; arm?: ArmName | undefined; joint?: JointName | undefined; [field: string]: unknown };
}

/** A note that a test put here. */
export interface MarkEntry extends Timed {
  kind: "mark";
  text: string;
}

/** Where an arm's joints truly were, steps, at a low rate. */
export interface PositionsEntry extends Timed {
  kind: "positions";
  arm: ArmName;
  positions: number[];
}

/** A line of the record. */
export type RecordEntry =
  | BytesEntry
  | ServoEntry
  | BoardEntry
  | CollisionEntry
  | InjectionEntry
  | MarkEntry
  | PositionsEntry;
