/** Lending both arms to another program: their ports closed until it gives them back, while this program goes on. */
import { ROLES, type Role } from "../arm/joints.ts";
import type { Clock } from "../linux/clock.ts";
import type { PairParts } from "./context.ts";
import { latencyAlarmOf } from "./preparation.ts";
import { UNKNOWN_POSITIONS } from "./shared/samples.ts";
import { LOOK_AGAIN_MS } from "./state/decide.ts";

/** The main thread ends a loan within a second of recalling it; a port that was closed then is free within some ms. */
const BACK_WITHIN_US = 3_000_000;
const FREE_WITHIN_US = 1_000_000;
const LOOK_AT_END_US = 20_000;

/** The arms of a pair, in their hands or in those of a borrower. */
export class Lending {
  readonly #parts: PairParts;
  readonly #clock: Clock;
  readonly #roles: () => readonly Role[];
  /** The number of the loan for which the ports are closed; 0 when they are not. */
  #lentFor = 0;
  #torque: "off" | "unknown" = "unknown";

  /** `roles` says which arms are used. */
  constructor(parts: PairParts, roles: () => readonly Role[]) {
    this.#parts = parts;
    this.#roles = roles;
    this.#clock = parts.ports.clock;
  }

  /** Whether the arms are out for a loan. For another one than before, or none, they are looked for again. */
  isOut(loan: number): boolean {
    if (loan !== this.#lentFor) this.#lentFor = 0;
    return this.#lentFor !== 0;
  }

  /** Closes both ports for a loan, as a wish has it; `torque` is what was seen of the follower's. */
  async lend(loan: number, wish: number, torque: "off" | "unknown"): Promise<void> {
    const { connections, alarms, memory, machine } = this.#parts;
    for (const role of ROLES) {
      await connections[role].close();
      alarms.clearQuietly(latencyAlarmOf(role));
      memory.telemetry.forgetArm(role);
    }
    this.#lentFor = loan;
    this.#torque = torque;
    machine.enter("waiting", [{ code: "pair.lent", stage: "lent", torque }]);
    this.stayOut(wish);
  }

  /** Leaves the arms to the borrower for a while, or until something is asked. */
  stayOut(wish: number): void {
    const { memory, machine } = this.#parts;
    const { mailbox, samples } = memory;
    samples.write(
      this.#clock.nowUs(),
      machine.state,
      UNKNOWN_POSITIONS,
      UNKNOWN_POSITIONS,
      UNKNOWN_POSITIONS,
    );
    mailbox.tellLent(wish, this.#torque);
    mailbox.wait(this.#clock, LOOK_AGAIN_MS);
  }

  /** At the end of the program: waits until the borrower, which was asked to, has given the arms back, and opens them. */
  async takeBack(): Promise<void> {
    if (this.#lentFor === 0) return;
    const { connections, memory } = this.#parts;
    await this.#until(() => memory.mailbox.loan === 0, BACK_WITHIN_US);
    await this.#until(async () => {
      const roles = this.#roles();
      for (const role of roles) await connections[role].reach();
      return roles.every((role) => connections[role].bus !== undefined);
    }, FREE_WITHIN_US);
  }

  async #until(isSo: () => boolean | Promise<boolean>, withinUs: number): Promise<void> {
    const giveUpUs = this.#clock.nowUs() + withinUs;
    while (!(await isSo()) && this.#clock.nowUs() < giveUpUs) {
      this.#parts.memory.telemetry.beat();
      this.#clock.sleepUntilUs(this.#clock.nowUs() + LOOK_AT_END_US);
    }
  }
}
