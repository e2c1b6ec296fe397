/** One leader–follower pair, from no arm at all to teleoperation and back, for ever: the states and what leads on. */

import { CONFIGURED_ACCELERATION } from "../arm/baseline.ts";
import type { Calibration } from "../arm/calibration/calibration.ts";
import { goalTable } from "../arm/calibration/normalisation.ts";
import { ArmConnection } from "../arm/connection.ts";
import { nameOfArm } from "../arm/findings.ts";
import { JOINT_COUNT, JOINTS, nameWithId, ROLES, type Role } from "../arm/joints.ts";
import { MotionDetector } from "../arm/motion-detector.ts";
import { isPosition, positionsRead, SERVO_IDS } from "../arm/read.ts";
import { torqueState } from "../arm/release.ts";
import { type Bus, type BusAccess, BusError } from "../feetech/bus.ts";
import { ReadRequest, spanOf } from "../feetech/requests.ts";
import { nowUs } from "../linux/clock.ts";
import { PortError } from "../serial/transport.ts";
import { connect } from "./connect.ts";
import type { Tell } from "./events.ts";
import { Herald } from "./herald.ts";
import { FollowerDrive } from "./loop/drive.ts";
import { type FollowEnd, FollowLoop } from "./loop/loop.ts";
import { Episodes } from "./monitoring/alarms.ts";
import { ArmWatch } from "./monitoring/arm-monitor.ts";
import { publishArm } from "./monitoring/figures.ts";
import { OverloadCure } from "./monitoring/overload.ts";
import { Safekeeping } from "./safekeeping.ts";
import type { PairSettings } from "./settings.ts";
import { Command, type SharedState } from "./shared/state.ts";
import { type Stopped, stopFollower } from "./stop.ts";

/** How often a missing board or a silent arm is looked for: aligning must begin within 0.5 s of its return. */
const LOOK_EVERY_MS = 100;

/** A fault is looked at again this often, to notice that the person has settled it. */
const RECHECK_FAULT_EVERY_MS = 200;

/** A leader whose motion is awaited is read this often. */
const WATCH_LEADER_EVERY_MS = 20;

/** A leader that falls silent is waited for this long before its power or its board counts as lost. */
const HOLDING_MS = 1_000;
const ASK_SILENT_LEADER_EVERY_MS = 10;

/** Both arms while they are connected: checked and configured, and not reset since. */
interface Connected {
  readonly calibrations: Readonly<Record<Role, Calibration>>;
  readonly leader: ArmWatch;
  readonly follower: ArmWatch;
  readonly drive: FollowerDrive;
  readonly overload: OverloadCure;
}

/** Runs a pair. Everything here blocks the thread that it runs on. */
export class Pair {
  #settings: PairSettings;
  readonly #shared: SharedState;
  readonly #herald: Herald;
  readonly #episodes: Episodes;
  readonly #leader: ArmConnection;
  readonly #follower: ArmConnection;
  readonly #safekeeping: Safekeeping;
  /** True when configuring again would wear the arms' EEPROM for nothing, until an arm was gone. */
  #gaveUp = false;
  #connected: Connected | undefined;
  /** The goals that the follower was given last, by whichever drive. */
  readonly #goals = new Int32Array(JOINT_COUNT).fill(-1);
  /** While the follower waits, limp, for the leader to be moved. */
  #detector: MotionDetector<"leader"> | undefined;

  constructor(settings: PairSettings, shared: SharedState, tell: Tell) {
    this.#settings = settings;
    this.#shared = shared;
    this.#herald = new Herald(shared, tell);
    this.#episodes = new Episodes(tell);
    this.#leader = linkTo("leader", settings, "torque off");
    this.#follower = linkTo("follower", settings, "drive");
    this.#safekeeping = new Safekeeping(this.#leader, this.#follower, this.#herald);
  }

  /** Teleoperates until the main thread asks to stop, then stops as configured and gives the ports up. */
  async run(): Promise<void> {
    while (!this.#shared.isStopping) {
      this.#shared.beat();
      try {
        this.#attend();
        await this.#advance();
      } catch (error) {
        await this.#recover(error);
      }
    }
    const how = this.#stop();
    await this.#leader.close();
    await this.#follower.close();
    this.#herald.enter("stopped", { code: "pair.stopped", message: how });
    this.#herald.tell({ kind: "stopped", how });
  }

  /** Takes what the main thread has asked for, except a stop. */
  #attend(): void {
    this.#shared.attend();
    const settings = this.#shared.takeSettings() as PairSettings | undefined;
    if (settings === undefined) return;
    this.#settings = settings;
    const calibrations = this.#connected?.calibrations;
    if (calibrations === undefined) return;
    this.#disconnect();
    this.#connected = this.#watchBoth(calibrations);
  }

  async #advance(): Promise<void> {
    const { mode } = this.#shared;
    if (mode === "released") this.#safekeeping.release();
    const reached = await this.#reachBoth();
    if (!reached || this.#herald.isRetrying) this.#keepSafe();
    if (!reached) {
      this.#shared.waitForCommand(LOOK_EVERY_MS);
    } else if (mode !== "running") {
      this.#standBy(mode);
    } else if (!this.#connectBoth()) {
      this.#keepSafe();
      this.#shared.waitForCommand(RECHECK_FAULT_EVERY_MS);
    } else if (!this.#safekeeping.isCool(this.#connected!.follower.vitals)) {
      this.#keepSafe();
      this.#shared.waitForCommand(LOOK_EVERY_MS);
    } else if (!this.#leaderHasPosition()) {
      this.#shared.waitForCommand(LOOK_EVERY_MS);
    } else if (!this.#mayBegin()) {
      this.#keepSafe();
      this.#shared.waitForCommand(WATCH_LEADER_EVERY_MS);
    } else if (this.#shared.command === Command.none) {
      this.#teleoperate();
    }
  }

  /** What must not be forgotten while the arms are not teleoperated, and what somebody may want to know of them. */
  #keepSafe(): void {
    this.#safekeeping.limpLeader();
    this.#safekeeping.boundHolding(this.#settings.holdForS);
    const { bus: leader } = this.#leader;
    const { bus: follower } = this.#follower;
    if (leader && this.#leader.trouble === undefined) publishArm("leader", leader, this.#shared);
    if (follower && this.#follower.trouble === undefined) publishArm("follower", follower, this.#shared);
  }

  /** Somebody has asked for the follower to be held, or let go, until they ask to go on. */
  #standBy(mode: "paused" | "released"): void {
    this.#detector = undefined;
    this.#keepSafe();
    const goesOn = '"so101 resume" goes on';
    if (mode === "paused")
      this.#herald.enter("holding", { code: "pair.paused", message: `paused, as was asked: ${goesOn}` });
    else
      this.#herald.enter("waiting", { code: "pair.released", message: `released, as was asked: ${goesOn}` });
    this.#shared.waitForCommand(LOOK_EVERY_MS);
  }

  async #reachBoth(): Promise<boolean> {
    const links = { leader: this.#leader, follower: this.#follower };
    for (const link of Object.values(links)) await link.reach();
    this.#herald.reach(
      ROLES.map((role) => {
        const { name, trouble, troubleKind } = links[role];
        return { role, name, trouble, troubleKind };
      }),
    );
    for (const role of ROLES) {
      if (links[role].trouble === undefined) continue;
      this.#disconnect();
      this.#gaveUp = false;
      this.#shared.forgetArm(role);
    }
    return this.#leader.trouble === undefined && this.#follower.trouble === undefined;
  }

  /** The arms must be checked and configured again before they may be used. */
  #disconnect(): void {
    this.#connected = undefined;
    this.#detector = undefined;
    for (const role of ROLES) this.#episodes.endAll(`${role}.`);
  }

  /** True when both arms may be used; otherwise the pair is faulted, and why has been said. */
  #connectBoth(): boolean {
    if (this.#connected !== undefined && this.#isConfigured()) return true;
    if (this.#gaveUp) return false;
    if (this.#herald.state !== "faulted" && !this.#herald.isRetrying)
      this.#herald.enter("connecting", { code: "pair.connecting", message: "both arms answer" });
    const { arms, calibrationDir } = this.#settings;
    const leader = { role: "leader", id: arms.leader.id, bus: this.#leader.bus! } as const;
    const follower = { role: "follower", id: arms.follower.id, bus: this.#follower.bus! } as const;
    const { findings, calibrations, gaveUp } = connect(leader, follower, calibrationDir);
    this.#gaveUp = gaveUp === true;
    this.#herald.warn(findings.filter(({ severity }) => severity === "warning"));
    this.#disconnect();
    if (calibrations === undefined) {
      this.#herald.fault(findings.filter(({ severity }) => severity === "fault"));
      return false;
    }
    for (const role of ROLES) {
      this.#herald.tell({ kind: "calibration", role, calibration: calibrations[role] });
    }
    this.#connected = this.#watchBoth(calibrations);
    return true;
  }

  #watchBoth(calibrations: Readonly<Record<Role, Calibration>>): Connected {
    const { health } = this.#settings;
    const watch = (role: Role, link: ArmConnection) =>
      new ArmWatch({ role, name: link.name, bus: link.bus! }, health, this.#shared, this.#episodes);
    const leader = watch("leader", this.#leader);
    const follower = watch("follower", this.#follower);
    const drive = this.#makeDrive(calibrations.follower);
    return {
      calibrations,
      leader,
      follower,
      drive,
      overload: new OverloadCure(follower, drive, this.#episodes),
    };
  }

  /** False when an arm was reset by a loss of power since it was configured. */
  #isConfigured(): boolean {
    return [this.#leader.bus!, this.#follower.bus!].every((bus) => {
      const acceleration = new ReadRequest(SERVO_IDS, spanOf("acceleration"));
      bus.readAll(acceleration);
      return SERVO_IDS.every(
        (_, joint) => acceleration.value(joint, "acceleration") === CONFIGURED_ACCELERATION,
      );
    });
  }

  /** Whether there is something to follow: without it the follower is not energised, or held no longer. */
  #leaderHasPosition(): boolean {
    const bus = this.#leader.bus!;
    const positions = readPositions(bus);
    const index = positions.findIndex((position) => !isPosition(position));
    if (index === -1) return true;
    const message = `${bus.nameOf(SERVO_IDS[index]!)} reports ${positions[index]}, which is no position — switch its power off and on`;
    this.#herald.failed({ code: "servo.no-position", role: "leader", message });
    return false;
  }

  /** Whether a follower that is limp begins to follow now, as configured. */
  #mayBegin(): boolean {
    if (this.#settings.start === "at once" || torqueState(this.#follower.bus!) !== "off") return true;
    this.#detector ??= new MotionDetector();
    this.#detector.see("leader", readPositions(this.#leader.bus!));
    if (this.#detector.moved !== undefined) {
      this.#detector = undefined;
      return true;
    }
    const message = `${this.#leader.name}: move it by hand to begin`;
    this.#herald.succeeded();
    this.#herald.enter("waiting", { code: "leader.awaited", message });
    return false;
  }

  #makeDrive(calibration: Calibration): FollowerDrive {
    const ranges = JOINTS.map((joint) => ({
      min: calibration[joint].range_min,
      max: calibration[joint].range_max,
    }));
    return new FollowerDrive(this.#follower.bus!, ranges, this.#settings, this.#goals);
  }

  #teleoperate(): void {
    const connected = this.#connected!;
    const { calibrations, drive } = connected;
    this.#safekeeping.holds();
    drive.energise();
    this.#herald.succeeded();
    const message = "the follower moves slowly to the leader's pose";
    this.#herald.enter("aligning", { code: "pair.aligning", message });
    this.#shared.count("alignments");
    const { rateHz, holdAfterMs, normalisation } = this.#settings;
    const loop = new FollowLoop({
      ...connected,
      goalTables: JOINTS.map((joint) =>
        goalTable(calibrations.leader, calibrations.follower, joint, normalisation),
      ),
      rateHz,
      holdAfterMs,
      shared: this.#shared,
      episodes: this.#episodes,
      tell: this.#herald.tell,
      enter: (state, note) => this.#herald.enter(state, note),
    });
    try {
      this.#afterFollowing(loop.run());
    } finally {
      // A run that had nothing to follow was holding all the same.
      if (loop.hasTargets) this.#safekeeping.moved();
    }
  }

  #afterFollowing(end: FollowEnd): void {
    const { name } = this.#follower;
    switch (end.kind) {
      case "command":
        return;
      case "leader silent": {
        const message = `no position from ${this.#leader.name} for ${this.#settings.holdAfterMs} ms`;
        this.#herald.enter("holding", { code: "leader.silent", message });
        this.#awaitLeader();
        return;
      }
      case "stalled": {
        const message = `the program did not run for ${end.forMs} ms`;
        this.#herald.enter("holding", { code: "program.stalled", message });
        return;
      }
      case "follower silent": {
        this.#disconnect();
        const message = `${name}: no answer from ${nameWithId(JOINTS[end.joint]!)}`;
        this.#herald.enter("waiting", { code: "servo.silent", role: "follower", message });
        return;
      }
      case "follower reset": {
        this.#disconnect();
        const joint = nameWithId(JOINTS[end.joint]!);
        const message = `${name}: ${joint} lost its power for a moment — check the supply and the leads`;
        this.#herald.enter("waiting", { code: "servo.reset", role: "follower", message });
        return;
      }
      case "overheated":
        this.#safekeeping.cool();
        return;
      case "gripper overloaded":
        // What is off is energised where it is, by the one way that there is.
        this.#connected!.overload.gripperNeedsTorque = false;
        this.#follower.bus!.writeRam(SERVO_IDS[GRIPPER]!, "torque_enable", 0);
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

  /** What an error in the middle of anything leads to: a lost port or a silent servo are looked for again. */
  async #recover(error: unknown): Promise<void> {
    this.#disconnect();
    if (error instanceof PortError) {
      const role = this.#leader.owns(error) ? "leader" : "follower";
      const link = role === "leader" ? this.#leader : this.#follower;
      await link.close();
      // Of a board that is gone the next look says what to do.
      if (error.trouble === "lost") return;
      this.#herald.failed({ code: "port.failed", role, message: `${link.name}: ${error.message}` });
    } else if (error instanceof BusError) {
      this.#herald.failed({ code: "bus.failed", message: error.message });
    } else {
      throw error;
    }
    this.#shared.waitForCommand(LOOK_EVERY_MS);
  }

  #stop(): string {
    try {
      // The follower may hang on the leader's port, where it must be limp anyway.
      this.#safekeeping.limpLeader();
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
    }
    const { bus, name } = this.#follower;
    const ready = this.#connected && {
      drive: this.#connected.drive,
      calibration: this.#connected.calibrations.follower,
    };
    const { how, concern } =
      bus === undefined
        ? this.#notConnected()
        : stopFollower(bus, this.#settings, ready, () => this.#shared.command);
    if (concern !== undefined) {
      const message = `${name}: ${concern}`;
      this.#herald.notice("warning", { code: "arm.may-hold", role: "follower", message });
    }
    return how;
  }

  #notConnected(): Stopped {
    const how = "the follower is not connected";
    if (!this.#safekeeping.mayHold) return { how };
    return { how, concern: "it may still hold where it was — switch its power off before touching it" };
  }
}

const GRIPPER = JOINTS.indexOf("gripper");

/** Throws {@link BusError}, {@link PortError}. */
function readPositions(bus: Bus): number[] {
  const positions = positionsRead();
  bus.readAll(positions);
  return SERVO_IDS.map((_, joint) => positions.value(joint, "present_position"));
}

function linkTo(role: Role, { arms }: PairSettings, access: BusAccess): ArmConnection {
  return new ArmConnection(nameOfArm({ role, id: arms[role].id }), arms[role].port, access);
}
