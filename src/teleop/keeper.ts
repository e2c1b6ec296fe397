/** Keeps both arms safe while they are not teleoperated: a leader without torque, a follower not held for ever. */
import type { ArmConnection } from "../arm/connection.ts";
import type { ArmIdentity } from "../arm/identity.ts";
import { JOINTS, type JointName, type Role } from "../arm/joints.ts";
import { SERVO_IDS } from "../arm/servos/read.ts";
import { release, type TorqueState, torqueState } from "../arm/servos/release.ts";
import type { Bus } from "../feetech/bus.ts";
import type { Clock } from "../linux/clock.ts";
import type { Reporter } from "./reporting/reporter.ts";
import type { ReleaseReason } from "./state/decide.ts";
import { GrowingPauses } from "./state/growing-pauses.ts";

/** Every method that touches an arm throws {@link PortError} when its port is lost. */
export class Keeper {
  readonly #arms: Readonly<Record<Role, ArmIdentity>>;
  readonly #connections: Readonly<Record<Role, ArmConnection>>;
  readonly #reporter: Reporter;
  readonly #clock: Clock;
  /** Since when the follower has been held in place with nothing to follow. */
  #heldSinceUs: number | undefined;
  /** Between releases of each arm, where its torque is seen on again and again. */
  readonly #pauses: Record<Role, GrowingPauses> = {
    leader: new GrowingPauses(),
    follower: new GrowingPauses(),
  };
  /** Who did not confirm the release that was told last: it is tried again and again, and told once. */
  #toldUnconfirmed = "";

  constructor(
    arms: Readonly<Record<Role, ArmIdentity>>,
    connections: Readonly<Record<Role, ArmConnection>>,
    reporter: Reporter,
    clock: Clock,
  ) {
    this.#arms = arms;
    this.#connections = connections;
    this.#reporter = reporter;
    this.#clock = clock;
  }

  /** Whether the follower may be held, for all that was seen last. */
  get mayHold(): boolean {
    return this.#heldSinceUs !== undefined;
  }

  /** For how long the follower has been held, in s; 0 when it is not. */
  get heldForS(): number {
    return this.#heldSinceUs === undefined ? 0 : (this.#clock.nowUs() - this.#heldSinceUs) / 1e6;
  }

  /** Takes in how the follower's torque was seen. */
  saw(torque: TorqueState): void {
    if (torque === "off") this.#heldSinceUs = undefined;
    if (torque === "on") this.#heldSinceUs ??= this.#clock.nowUs();
  }

  /** The follower has moved until now: from here on it is held, and the next release of it is a first one. */
  followerMoved(): void {
    this.#toldUnconfirmed = "";
    this.#pauses.follower = new GrowingPauses();
    this.#heldSinceUs = this.#clock.nowUs();
  }

  /** Releases the arm on the leader's port, whichever it is and whoever has switched its torque on; not without pause. */
  releaseLeader(): void {
    if (this.#pauses.leader.isOver(this.#clock.nowUs())) this.#releaseLeader();
  }

  #releaseLeader(): void {
    const { bus } = this.#connections.leader;
    if (bus === undefined) return;
    const unconfirmed = releaseJoints(bus);
    this.#pauses.leader.begin(this.#clock.nowUs());
    this.#reporter.notice("warning", { code: "leader.torque-on", arm: this.#arms.leader, unconfirmed });
  }

  /** Releases the leader if its torque is on; for the end. */
  releaseLeaderIfHeld(): void {
    const { bus } = this.#connections.leader;
    if (bus !== undefined && torqueState(bus, 1) === "on") this.#releaseLeader();
  }

  /** Releases the follower, and says why; not without pause, where it still holds after that. */
  releaseFollower(reason: ReleaseReason): void {
    const { bus } = this.#connections.follower;
    if (bus === undefined || !this.#pauses.follower.isOver(this.#clock.nowUs())) return;
    const heldForS = Math.round(this.heldForS);
    const unconfirmed = releaseJoints(bus);
    this.#pauses.follower.begin(this.#clock.nowUs());
    this.#heldSinceUs = undefined;
    if (reason === "pair.released") {
      const told = this.#toldUnconfirmed;
      this.#toldUnconfirmed = unconfirmed.join();
      if (unconfirmed.length > 0 && this.#toldUnconfirmed === told) return;
      const problem = { code: reason, arm: this.#arms.follower, stage: "done", unconfirmed } as const;
      // What was asked for and has happened is no warning.
      this.#reporter.notice(unconfirmed.length === 0 ? "info" : "warning", problem);
    } else if (reason === "servo.cooling") {
      this.#reporter.notice("warning", { code: reason, arm: this.#arms.follower, unconfirmed });
    } else {
      this.#reporter.notice("warning", { code: reason, arm: this.#arms.follower, heldForS, unconfirmed });
    }
  }

  /** Releases a follower that is parked; the joints that did not confirm it. What was done is told by the caller. */
  releaseParked(): JointName[] {
    this.#heldSinceUs = undefined;
    return releaseJoints(this.#connections.follower.bus!);
  }

  /** Releases the follower because somebody has asked for it, unless its torque is off. */
  releaseFollowerUnlessOff(): void {
    const { bus } = this.#connections.follower;
    if (bus !== undefined && torqueState(bus, 1) !== "off") this.releaseFollower("pair.released");
  }
}

/** Releases an arm; the joints that did not confirm it. */
function releaseJoints(bus: Bus): JointName[] {
  return release(bus).map((id) => JOINTS[SERVO_IDS.indexOf(id)]!);
}
