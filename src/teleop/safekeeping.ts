/** What must not be forgotten while the arms are not teleoperated: a limp leader, and a follower not held for ever. */

import type { ArmConnection } from "../arm/connection.ts";
import { JOINT_COUNT, JOINTS, nameWithId } from "../arm/joints.ts";
import { SERVO_IDS } from "../arm/read.ts";
import { release, torqueState } from "../arm/release.ts";
import { ReadRequest, spanOf } from "../feetech/requests.ts";
import { nowUs } from "../linux/clock.ts";
import type { EventCode } from "./codes.ts";
import type { Herald } from "./herald.ts";
import type { Vitals } from "./monitoring/vitals.ts";

/** Keeps both arms safe. Every method throws {@link PortError} when a port is lost. */
export class Safekeeping {
  readonly #leader: ArmConnection;
  readonly #follower: ArmConnection;
  readonly #herald: Herald;
  /** Since when the follower has been held in place with nothing to follow. */
  #heldSinceUs: number | undefined;
  /** True from when the follower was let down for its heat until it is cool. */
  #cooling = false;

  constructor(leader: ArmConnection, follower: ArmConnection, herald: Herald) {
    this.#leader = leader;
    this.#follower = follower;
    this.#herald = herald;
  }

  /** Whether the follower may be held, for all that was seen last. */
  get mayHold(): boolean {
    return this.#heldSinceUs !== undefined;
  }

  /** The follower is about to be held, or is held still. */
  holds(): void {
    this.#heldSinceUs ??= nowUs();
  }

  /** The follower has moved: it is held from now on. */
  moved(): void {
    this.#heldSinceUs = nowUs();
  }

  /** An arm on the leader's port that holds, whichever it is and whoever has energised it, is let down. */
  limpLeader(): void {
    const { bus, name } = this.#leader;
    if (bus === undefined || torqueState(bus, 1) !== "on") return;
    const message = `${name}: its torque was on, which it must never be — it is let down`;
    this.#herald.notice("warning", { code: "leader.energised", message });
    release(bus);
  }

  /** Holding an arm in place for ever burns it: after the bound it is let down. */
  boundHolding(holdForS: number): void {
    const { bus } = this.#follower;
    if (bus === undefined) return;
    const torque = torqueState(bus, 1);
    if (torque === "off") this.#heldSinceUs = undefined;
    if (torque !== "on") return;
    this.holds();
    if (nowUs() - this.#heldSinceUs! < holdForS * 1e6) return;
    this.#letDown("arm.held-too-long", `released after being held for ${holdForS} s`);
  }

  /** Lets the follower down because somebody has asked for it; nothing happens when it is limp. */
  release(): void {
    const { bus } = this.#follower;
    if (bus === undefined || torqueState(bus, 1) === "off") return;
    this.#letDown("pair.released", "released, as was asked");
  }

  /** Lets a follower down that is too hot; {@link isCool} is false from now on until it has cooled down. */
  cool(): void {
    this.#cooling = true;
    this.#letDown("servo.cooling", "let down to cool");
  }

  /**
   * Whether the follower may be energised, for its temperatures. If not, that is said and it is let down.
   * Throws {@link BusError}.
   */
  isCool(vitals: Vitals): boolean {
    const { bus, name } = this.#follower;
    const warmth = new ReadRequest(SERVO_IDS, spanOf("present_temperature"));
    bus!.readAll(warmth);
    const celsius = (joint: number) => warmth.value(joint, "present_temperature");
    const limit = (joint: number) => (this.#cooling ? vitals.coolBelowC(joint) : vitals.releaseFromC(joint));
    let hot = -1;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      if (celsius(joint) >= limit(joint) && (hot === -1 || celsius(joint) > celsius(hot))) hot = joint;
    }
    if (hot === -1) {
      this.#cooling = false;
      vitals.settle(SERVO_IDS.map((_, joint) => celsius(joint)));
      return true;
    }
    this.#cooling = true;
    if (torqueState(bus!, 1) === "on") this.#letDown("servo.cooling", "let down to cool");
    this.#herald.enter("waiting", {
      code: "servo.cooling",
      role: "follower",
      message:
        `${name}: ${nameWithId(JOINTS[hot]!)} is at ${celsius(hot)} °C, which is too hot to go on — ` +
        `it goes on by itself below ${vitals.coolBelowC(hot)} °C`,
    });
    return false;
  }

  #letDown(code: EventCode, why: string): void {
    const { bus, name } = this.#follower;
    const unconfirmed = release(bus!).map((id) => bus!.nameOf(id));
    this.#heldSinceUs = undefined;
    const released = `${name}: ${why}`;
    const message =
      unconfirmed.length === 0 ? released : `${released}; ${unconfirmed.join(", ")} did not confirm it`;
    this.#herald.notice("warning", {
      code,
      ...(code.startsWith("pair.") ? {} : { role: "follower" }),
      message,
    });
  }
}
