/** One leader–follower pair, from no arm at all to teleoperation and back, for ever: the states and what leads on. */

import { CONFIGURED_ACCELERATION } from "../arm/baseline.ts";
import type { Calibration } from "../arm/calibration.ts";
import { JOINTS, nameWithId, type Role } from "../arm/joints.ts";
import { goalTable } from "../arm/normalisation.ts";
import { positionsRead, SERVO_IDS } from "../arm/read.ts";
import { BusError } from "../feetech/bus.ts";
import { BlockRead, blockOf } from "../feetech/sync.ts";
import { nowUs } from "../serial/clock.ts";
import { PortError } from "../serial/wire.ts";
import { connect } from "./connect.ts";
import { FollowerDrive } from "./drive.ts";
import type { Severity, Tell } from "./events.ts";
import { type FollowEnd, FollowLoop } from "./follow.ts";
import { ArmLink } from "./link.ts";
import { isEnergised, relax } from "./release.ts";
import type { PairSettings } from "./settings.ts";
import { Command, type PairState, type SharedState } from "./shared.ts";
import { stopFollower } from "./stop.ts";

/** How often a missing board or a silent arm is looked for: aligning must begin within 0.5 s of its return. */
const LOOK_EVERY_MS = 100;

/** A fault is looked at again this often, to notice that the person has settled it. */
const RECHECK_FAULT_EVERY_MS = 1_000;

/** A leader that falls silent is waited for this long before its power or its board counts as lost. */
const HOLDING_MS = 1_000;
const ASK_SILENT_LEADER_EVERY_MS = 10;

/** Runs a pair. Everything here blocks the thread that it runs on. */
export class Pair {
  readonly #settings: PairSettings;
  readonly #shared: SharedState;
  readonly #tell: Tell;
  readonly #leader: ArmLink;
  readonly #follower: ArmLink;
  #state: PairState | undefined;
  /** Both arms' calibrations while both are connected: checked and configured, and not reset since. */
  #calibrations: Readonly<Record<Role, Calibration>> | undefined;
  #drive: FollowerDrive | undefined;
  /** Since when the follower has been held in place with nothing to follow. */
  #heldSinceUs: number | undefined;
  /** What was said last of each thing that a message is about, so that it is said once. */
  readonly #said = new Map<string, string>();
  #warned: ReadonlySet<string> = new Set();

  constructor(settings: PairSettings, shared: SharedState, tell: Tell) {
    this.#settings = settings;
    this.#shared = shared;
    this.#tell = tell;
    this.#leader = new ArmLink("leader", settings.arms.leader);
    this.#follower = new ArmLink("follower", settings.arms.follower);
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
    this.#enter("stopped", how);
    this.#tell({ kind: "stopped", how });
  }

  async #advance(): Promise<void> {
    if (!(await this.#reachBoth())) {
      this.#boundHolding();
      this.#shared.waitForCommand(LOOK_EVERY_MS);
    } else if (!this.#connectBoth()) {
      this.#boundHolding();
      this.#shared.waitForCommand(RECHECK_FAULT_EVERY_MS);
    } else {
      this.#teleoperate();
    }
  }

  async #reachBoth(): Promise<boolean> {
    const links = [this.#leader, this.#follower];
    for (const link of links) await link.reach();
    const troubled = links.filter(({ trouble }) => trouble !== undefined);
    if (troubled.length > 0) {
      this.#calibrations = undefined;
      const fresh = troubled.filter(({ role, trouble }) => this.#said.get(role) !== trouble);
      if (this.#state !== "waiting")
        this.#enter("waiting", troubled.map(({ trouble }) => trouble).join("; "));
      else
        for (const { trouble } of fresh) this.#tell({ kind: "notice", severity: "info", message: trouble! });
    }
    for (const { role, name, trouble } of links) {
      if (trouble !== undefined) this.#said.set(role, trouble);
      else if (this.#said.delete(role))
        this.#tell({ kind: "notice", severity: "info", message: `${name} answers` });
    }
    return troubled.length === 0;
  }

  /** True when both arms may be used; otherwise the pair is faulted, and why has been said. */
  #connectBoth(): boolean {
    if (this.#calibrations !== undefined && this.#isConfigured()) return true;
    if (this.#state !== "faulted") this.#enter("connecting", "both arms answer");
    const leader = { role: "leader", id: this.#settings.arms.leader.id, bus: this.#leader.bus! } as const;
    const follower = {
      role: "follower",
      id: this.#settings.arms.follower.id,
      bus: this.#follower.bus!,
    } as const;
    const { findings, calibrations } = connect(leader, follower, this.#settings.calibrationDir);
    const ofSeverity = (wanted: Severity) => findings.filter(({ severity }) => severity === wanted);
    this.#warn(ofSeverity("warning").map(({ message }) => message));
    this.#calibrations = calibrations;
    if (calibrations === undefined) {
      const faults = ofSeverity("fault").map(({ message }) => message);
      if (this.#state === "faulted") this.#say("faults", "fault", faults.join("; "));
      else this.#said.set("faults", faults.join("; "));
      this.#enter("faulted", faults.join("; "));
      return false;
    }
    for (const role of ["leader", "follower"] as const) {
      this.#tell({ kind: "calibration", role, calibration: calibrations[role] });
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
    this.#enter("aligning", "the follower moves slowly to the leader's pose");
    this.#shared.count("alignments");
    drive.energise();
    this.#heldSinceUs = undefined;
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
      tell: this.#tell,
      followerName: this.#follower.name,
      enter: (state, why) => this.#enter(state, why),
    });
    try {
      this.#afterFollowing(loop.run());
    } finally {
      this.#heldSinceUs = nowUs();
    }
  }

  #afterFollowing(end: FollowEnd): void {
    switch (end.kind) {
      case "command":
        return;
      case "leader silent":
        this.#enter("holding", `no position from ${this.#leader.name} for ${this.#settings.holdAfterMs} ms`);
        this.#awaitLeader();
        return;
      case "stalled":
        this.#enter("holding", `the program did not run for ${end.forMs} ms`);
        return;
      case "follower silent":
        this.#calibrations = undefined;
        this.#enter("waiting", `${this.#follower.name}: no answer from ${nameWithId(JOINTS[end.joint]!)}`);
        return;
      case "follower reset": {
        this.#calibrations = undefined;
        const joint = nameWithId(JOINTS[end.joint]!);
        const why = `${this.#follower.name}: ${joint} lost its power for a moment — check the supply and the leads`;
        this.#enter("waiting", why);
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

  /** Holding an arm in place for ever burns it: after the bound it is let down. */
  #boundHolding(): void {
    const bus = this.#follower.bus;
    if (bus === undefined) return;
    if (!isEnergised(bus)) {
      this.#heldSinceUs = undefined;
      return;
    }
    this.#heldSinceUs ??= nowUs();
    if (nowUs() - this.#heldSinceUs < this.#settings.holdForS * 1e6) return;
    relax(bus);
    this.#heldSinceUs = undefined;
    const message = `${this.#follower.name}: released after being held for ${this.#settings.holdForS} s`;
    this.#tell({ kind: "notice", severity: "warning", message });
  }

  /** What an error in the middle of anything leads to: a lost port or a silent servo are looked for again. */
  async #recover(error: unknown): Promise<void> {
    this.#calibrations = undefined;
    if (error instanceof PortError) {
      const link = this.#leader.owns(error) ? this.#leader : this.#follower;
      await link.close();
      this.#enter("waiting", `${link.name}: ${error.message}`);
    } else if (error instanceof BusError) {
      this.#say("bus", "warning", error.message);
      this.#enter("waiting", error.message);
      this.#shared.waitForCommand(LOOK_EVERY_MS);
    } else {
      throw error;
    }
  }

  #stop(): string {
    const bus = this.#follower.bus;
    if (bus === undefined) return "the follower was not connected";
    const calibration = this.#calibrations?.follower;
    const ready = this.#drive && calibration ? { drive: this.#drive, calibration } : undefined;
    const { how, concern } = stopFollower(bus, this.#settings, ready);
    if (concern !== undefined) {
      this.#tell({ kind: "notice", severity: "warning", message: `${this.#follower.name}: ${concern}` });
    }
    return how;
  }

  #enter(to: PairState, why: string): void {
    const from = this.#state;
    if (from === to) return;
    this.#state = to;
    this.#shared.state = to;
    this.#tell({ kind: "state", from, to, why });
  }

  /** Says the warnings that are new since the arms were last looked at. */
  #warn(messages: readonly string[]): void {
    const fresh = messages.filter((message) => !this.#warned.has(message));
    this.#warned = new Set(messages);
    for (const message of fresh) this.#tell({ kind: "notice", severity: "warning", message });
  }

  #say(about: string, severity: Severity, message: string): void {
    if (this.#said.get(about) === message) return;
    this.#said.set(about, message);
    this.#tell({ kind: "notice", severity, message });
  }
}
