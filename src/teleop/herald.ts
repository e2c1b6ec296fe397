/** Tells the main thread the pair's state and what keeps it there, each thing once for as long as it lasts. */

import type { ConnectionTrouble } from "../arm/connection.ts";
import type { Finding, FindingCode } from "../arm/findings.ts";
import type { Role } from "../arm/joints.ts";
import type { EventCode } from "./codes.ts";
import type { Note, Severity, Tell } from "./events.ts";
import type { PairState, SharedState } from "./shared/state.ts";

const codeOfTrouble: Readonly<Record<ConnectionTrouble, EventCode>> = {
  missing: "board.missing",
  denied: "port.denied",
  "in use": "port.busy",
  unusable: "port.failed",
  silent: "bus.silent",
  "missing joints": "bus.joints-missing",
  damaged: "bus.damaged",
};

const codeOfFinding: Readonly<Record<FindingCode, EventCode>> = {
  "missing joints": "bus.joints-missing",
  "swapped arms": "arm.swapped",
  "wrong model": "servo.wrong-model",
  "no calibration": "calibration.missing",
  "calibration mismatch": "calibration.mismatch",
  "unfinished calibration": "calibration.unfinished",
  "mixed firmware": "servo.mixed-firmware",
  voltage: "servo.voltage",
  "servo error": "servo.error",
  "EEPROM does not keep": "servo.eeprom",
  "wrist_roll ranges": "calibration.wrist-roll",
};

/** An arm as the herald sees it. */
interface Reached {
  readonly role: Role;
  readonly name: string;
  readonly trouble: string | undefined;
  readonly troubleKind: ConnectionTrouble | undefined;
}

/** A finding, and whose it is. */
export interface FindingOf extends Finding {
  readonly role: Role;
}

/** The pair's voice. */
export class Herald {
  readonly tell: Tell;
  readonly #shared: SharedState;
  #state: PairState | undefined;
  /** What is said to be missing of each arm, by its role. */
  readonly #troubles = new Map<Role, string>();
  /** The same of both, as the reason of the state. */
  #waitsFor = "";
  #warnings: ReadonlySet<string> = new Set();
  #faults: string | undefined;
  #failure: string | undefined;

  constructor(shared: SharedState, tell: Tell) {
    this.#shared = shared;
    this.tell = tell;
  }

  /** The state that was entered last. */
  get state(): PairState | undefined {
    return this.#state;
  }

  /** True while what goes wrong, as {@link failed} has said, is tried again. */
  get isRetrying(): boolean {
    return this.#failure !== undefined;
  }

  /** Enters a state, unless it is the present one. */
  enter(to: PairState, { code, role, message }: Note): void {
    const from = this.#state;
    if (from === to) return;
    this.#state = to;
    this.#shared.state = to;
    this.tell({ kind: "state", from, to, why: message, code, ...(role && { role }) });
  }

  /** Enters a state, or gives a new reason for the present one. */
  enterOrNotice(to: PairState, note: Note): void {
    if (this.#state === to) this.notice("info", note);
    else this.enter(to, note);
  }

  notice(severity: Severity, note: Note): void {
    this.tell({ kind: "notice", severity, ...note });
  }

  /** Says what is missing of the arms, or that one of which something was missing is back. */
  reach(arms: readonly Reached[]): void {
    const troubled = arms.filter(({ trouble }) => trouble !== undefined);
    const why = troubled.map(({ trouble }) => trouble).join("; ");
    const waitedFor = this.#waitsFor;
    this.#waitsFor = why;
    const fresh = troubled.filter(({ role, trouble }) => this.#troubles.get(role) !== trouble);
    const noteOf = ({ role, trouble, troubleKind }: Reached): Note => ({
      code: codeOfTrouble[troubleKind!],
      role,
      message: trouble!,
    });
    if (troubled.length > 0 && this.#state !== "waiting") {
      this.enter("waiting", { ...noteOf(troubled[0]!), message: why });
    } else {
      if (troubled.length > 0 && why !== waitedFor) {
        const { code, role } = noteOf(troubled[0]!);
        this.tell({ kind: "reason", why, code, ...(role && { role }) });
      }
      for (const arm of fresh) this.notice("info", noteOf(arm));
    }
    for (const { role, name, trouble } of arms) {
      if (trouble !== undefined) this.#troubles.set(role, trouble);
      else if (this.#troubles.delete(role))
        this.notice("info", { code: "arm.back", role, message: `${name} answers` });
    }
  }

  /** Says the warnings that are new since the arms were last looked at. */
  warn(findings: readonly FindingOf[]): void {
    const fresh = findings.filter(({ message }) => !this.#warnings.has(message));
    this.#warnings = new Set(findings.map(({ message }) => message));
    for (const { code, role, message } of fresh) {
      this.notice("warning", { code: codeOfFinding[code], role, message });
    }
  }

  /** Enters the faulted state, or says that other faults have taken the place of those said before. */
  fault(findings: readonly FindingOf[]): void {
    const faults = findings.map(({ message }) => message).join("; ");
    const { code, role } = findings[0]!;
    const note = { code: codeOfFinding[code], role, message: faults };
    if (this.#state === "faulted" && this.#faults !== faults) this.notice("fault", note);
    this.#faults = faults;
    this.enter("faulted", note);
  }

  /** Waits with what went wrong; says it once while it goes on going wrong, until {@link succeeded}. */
  failed(note: Note): void {
    if (this.#failure === note.message) return;
    this.#failure = note.message;
    if (this.#state === "waiting") this.notice("warning", note);
    else this.enter("waiting", note);
  }

  /** Forgets what had {@link failed}. */
  succeeded(): void {
    this.#failure = undefined;
  }
}
