/** One leader–follower pair, from no arm at all to teleoperation and back, for ever: the states and what leads on. */

import { CONFIGURED_ACCELERATION } from "../arm/baseline.ts";
import type { Calibration } from "../arm/calibration.ts";
import { nameOfArm } from "../arm/findings.ts";
import { JOINTS, nameWithId, type Role } from "../arm/joints.ts";
import { ArmLink } from "../arm/link.ts";
import { goalTable } from "../arm/normalisation.ts";
import { isPosition, positionsRead, SERVO_IDS } from "../arm/read.ts";
import { relax, torqueState } from "../arm/release.ts";
import { type BusAccess, BusError } from "../feetech/bus.ts";
import { BlockRead, blockOf } from "../feetech/sync.ts";
import { nowUs } from "../serial/clock.ts";
import { PortError } from "../serial/wire.ts";
import { connect } from "./connect.ts";
import { FollowerDrive } from "./drive.ts";
import type { Severity, Tell } from "./events.ts";
import { type FollowEnd, FollowLoop } from "./follow.ts";
import { Herald } from "./herald.ts";
import type { PairSettings } from "./settings.ts";
import { Command, type SharedState } from "./shared.ts";
import { type ReadyFollower, type Stopped, stopFollower } from "./stop.ts";

/** How often a missing board or a silent arm is looked for: aligning must begin within 0.5 s of its return. */
const LOOK_EVERY_MS = 100;

/** A fault is looked at again this often, to notice that the person has settled it. */
const RECHECK_FAULT_EVERY_MS = 200;

/** A leader that falls silent is waited for this long before its power or its board counts as lost. */
const HOLDING_MS = 1_000;
const ASK_SILENT_LEADER_EVERY_MS = 10;

/** Runs a pair. Everything here blocks the thread that it runs on. */
export class Pair {
  readonly #settings: PairSettings;
  readonly #shared: SharedState;
  readonly #herald: Herald;
  readonly #leader: ArmLink;
  readonly #follower: ArmLink;
  /** True when configuring again would wear the arms' EEPROM for nothing, until an arm was gone. */
  #gaveUp = false;
  /** Both arms' calibrations while both are connected: checked and configured, and not reset since. */
  #calibrations: Readonly<Record<Role, Calibration>> | undefined;
  #drive: FollowerDrive | undefined;
  /** Since when the follower has been held in place with nothing to follow. */
  #heldSinceUs: number | undefined;

  constructor(settings: PairSettings, shared: SharedState, tell: Tell) {
    this.#settings = settings;
    this.#shared = shared;
    this.#herald = new Herald(shared, tell);
    this.#leader = linkTo("leader", settings, "limp");
    this.#follower = linkTo("follower", settings, "drive");
  }

  /** Teleoperates until the main thread asks to stop, then stops as configured and gives the ports up. */
  async run(): Promise<void> {
    while (this.#shared.command === Command.none) {
      try {
        await this.#advance();
      } catch (error) {
        await this.#recover(error);
      }
    }
    const how = this.#stop();
    await this.#leader.close();
    await this.#follower.close();
    this.#herald.enter("stopped", how);
    this.#herald.tell({ kind: "stopped", how });
  }

  async #advance(): Promise<void> {
    const reached = await this.#reachBoth();
    if (!reached || this.#herald.isRetrying) this.#keepSafe();
    if (!reached) {
      this.#shared.waitForCommand(LOOK_EVERY_MS);
    } else if (!this.#connectBoth()) {
      this.#keepSafe();
      this.#shared.waitForCommand(RECHECK_FAULT_EVERY_MS);
    } else if (!this.#leaderHasPosition()) {
      this.#shared.waitForCommand(LOOK_EVERY_MS);
    } else if (this.#shared.command === Command.none) {
      this.#teleoperate();
    }
  }

  /** What must not be forgotten while the arms are not teleoperated. */
  #keepSafe(): void {
    this.#limpLeader();
    this.#boundHolding();
  }

  async #reachBoth(): Promise<boolean> {
    const links = [this.#leader, this.#follower];
    for (const link of links) await link.reach();
    this.#herald.reach(links);
    if (links.every(({ trouble }) => trouble === undefined)) return true;
    this.#calibrations = undefined;
    this.#gaveUp = false;
    return false;
  }

  /** True when both arms may be used; otherwise the pair is faulted, and why has been said. */
  #connectBoth(): boolean {
    if (this.#calibrations !== undefined && this.#isConfigured()) return true;
    if (this.#gaveUp) return false;
    if (this.#herald.state !== "faulted" && !this.#herald.isRetrying)
      this.#herald.enter("connecting", "both arms answer");
    const leader = { role: "leader", id: this.#settings.arms.leader.id, bus: this.#leader.bus! } as const;
    const follower = {
      role: "follower",
      id: this.#settings.arms.follower.id,
      bus: this.#follower.bus!,
    } as const;
    const { findings, calibrations, gaveUp } = connect(leader, follower, this.#settings.calibrationDir);
    this.#gaveUp = gaveUp === true;
    const ofSeverity = (wanted: Severity) => findings.filter(({ severity }) => severity === wanted);
    this.#herald.warn(ofSeverity("warning").map(({ message }) => message));
    this.#calibrations = calibrations;
    if (calibrations === undefined) {
      this.#herald.fault(ofSeverity("fault").map(({ message }) => message));
      return false;
    }
    for (const role of ["leader", "follower"] as const) {
      this.#herald.tell({ kind: "calibration", role, calibration: calibrations[role] });
    }
    this.#drive = this.#makeDrive(calibrations.follower);
    return true;
  }

  /** False when an arm was reset by a loss of power since it was configured. */
  #isConfigured(): boolean {
    return [this.#leader.bus!, this.#follower.bus!].every((bus) => {
      const acceleration = new BlockRead(SERVO_IDS, blockOf("acceleration"));
      bus.readBlock(acceleration);
      return SERVO_IDS.every(
        (_, joint) => acceleration.value(joint, "acceleration") === CONFIGURED_ACCELERATION,
      );
    });
  }

  /** Whether there is something to follow: without it the follower is not energised, or held no longer. */
  #leaderHasPosition(): boolean {
    const bus = this.#leader.bus!;
    const positions = positionsRead();
    bus.readBlock(positions);
    const index = SERVO_IDS.findIndex((_, joint) => !isPosition(positions.value(joint, "present_position")));
    if (index === -1) return true;
    const reading = positions.value(index, "present_position");
    this.#herald.failed(
      `${bus.nameOf(SERVO_IDS[index]!)} reports ${reading}, which is no position — switch its power off and on`,
    );
    return false;
  }

  #makeDrive(calibration: Calibration): FollowerDrive {
    const ranges = JOINTS.map((joint) => ({
      min: calibration[joint].range_min,
      max: calibration[joint].range_max,
    }));
    return new FollowerDrive(this.#follower.bus!, ranges, this.#settings);
  }

  #teleoperate(): void {
    const calibrations = this.#calibrations!;
    const drive = this.#drive!;
    this.#heldSinceUs ??= nowUs();
    drive.energise();
    this.#herald.succeeded();
    this.#herald.enter("aligning", "the follower moves slowly to the leader's pose");
    this.#shared.count("alignments");
    const { rateHz, holdAfterMs, normalisation } = this.#settings;
    const loop = new FollowLoop({
      leader: this.#leader.bus!,
      follower: this.#follower.bus!,
      drive,
      goalTables: JOINTS.map((joint) =>
        goalTable(calibrations.leader, calibrations.follower, joint, normalisation),
      ),
      rateHz,
      holdAfterMs,
      shared: this.#shared,
      tell: this.#herald.tell,
      leaderName: this.#leader.name,
      enter: (state, why) => this.#herald.enter(state, why),
    });
    try {
      this.#afterFollowing(loop.run());
    } finally {
      // A run that had nothing to follow was holding all the same.
      if (loop.hasTargets) this.#heldSinceUs = nowUs();
    }
  }

  #afterFollowing(end: FollowEnd): void {
    switch (end.kind) {
      case "command":
        return;
      case "leader silent":
        this.#herald.enter(
          "holding",
          `no position from ${this.#leader.name} for ${this.#settings.holdAfterMs} ms`,
        );
        this.#awaitLeader();
        return;
      case "stalled":
        this.#herald.enter("holding", `the program did not run for ${end.forMs} ms`);
        return;
      case "follower silent":
        this.#calibrations = undefined;
        this.#herald.enter(
          "waiting",
          `${this.#follower.name}: no answer from ${nameWithId(JOINTS[end.joint]!)}`,
        );
        return;
      case "follower reset": {
        this.#calibrations = undefined;
        const joint = nameWithId(JOINTS[end.joint]!);
        const why = `${this.#follower.name}: ${joint} lost its power for a moment — check the supply and the leads`;
        this.#herald.enter("waiting", why);
      }
    }
  }

  /** Gives a leader that fell silent a moment to come back before it is looked for from the board on. */
  #awaitLeader(): void {
    const positions = positionsRead();
    const giveUpUs = nowUs() + HOLDING_MS * 1e3;
    while (nowUs() < giveUpUs && this.#shared.command === Command.none) {
      if (this.#leader.bus!.exchange(positions)) return;
      this.#shared.waitForCommand(ASK_SILENT_LEADER_EVERY_MS);
    }
  }

  /** An arm on the leader's port that holds, whichever it is and whoever has energised it, is let down. */
  #limpLeader(): void {
    const bus = this.#leader.bus;
    if (bus === undefined || torqueState(bus, 1) !== "on") return;
    const message = `${this.#leader.name}: its torque was on, which it must never be — it is let down`;
    this.#herald.notice("warning", message);
    relax(bus);
  }

  /** Holding an arm in place for ever burns it: after the bound it is let down. */
  #boundHolding(): void {
    const bus = this.#follower.bus;
    if (bus === undefined) return;
    const torque = torqueState(bus, 1);
    if (torque === "off") this.#heldSinceUs = undefined;
    if (torque !== "on") return;
    this.#heldSinceUs ??= nowUs();
    if (nowUs() - this.#heldSinceUs < this.#settings.holdForS * 1e6) return;
    const unconfirmed = relax(bus).map((id) => bus.nameOf(id));
    this.#heldSinceUs = undefined;
    const released = `${this.#follower.name}: released after being held for ${this.#settings.holdForS} s`;
    const message =
      unconfirmed.length === 0 ? released : `${released}; ${unconfirmed.join(", ")} did not confirm it`;
    this.#herald.notice("warning", message);
  }

  /** What an error in the middle of anything leads to: a lost port or a silent servo are looked for again. */
  async #recover(error: unknown): Promise<void> {
    this.#calibrations = undefined;
    if (error instanceof PortError) {
      const link = this.#leader.owns(error) ? this.#leader : this.#follower;
      await link.close();
      // Of a board that is gone the next look says what to do.
      if (error.trouble === "lost") return;
      this.#herald.failed(`${link.name}: ${error.message}`);
    } else if (error instanceof BusError) {
      this.#herald.failed(error.message);
    } else {
      throw error;
    }
    this.#shared.waitForCommand(LOOK_EVERY_MS);
  }

  #stop(): string {
    try {
      // The follower may hang on the leader's port, where it must be limp anyway.
      this.#limpLeader();
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
    }
    const bus = this.#follower.bus;
    const { how, concern } =
      bus === undefined ? this.#notConnected() : stopFollower(bus, this.#settings, this.#ready());
    if (concern !== undefined) {
      this.#herald.notice("warning", `${this.#follower.name}: ${concern}`);
    }
    return how;
  }

  #notConnected(): Stopped {
    const how = "the follower is not connected";
    if (this.#heldSinceUs === undefined) return { how };
    return { how, concern: "it may still hold where it was — switch its power off before touching it" };
  }

  #ready(): ReadyFollower | undefined {
    const calibration = this.#calibrations?.follower;
    return this.#drive && calibration && { drive: this.#drive, calibration };
  }
}

function linkTo(role: Role, { arms }: PairSettings, access: BusAccess): ArmLink {
  return new ArmLink(nameOfArm({ role, id: arms[role].id }), arms[role].port, access);
}
