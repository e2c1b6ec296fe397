/** Bringing both arms to where they may be followed, and keeping what is known of them until one is lost. */
import type { Calibration } from "../arm/calibration/calibration.ts";
import { JOINT_COUNT, JOINTS, type JointName, ROLES, type Role } from "../arm/joints.ts";
import type { Marks } from "../arm/servos/baseline.ts";
import type { PairParts } from "./context.ts";
import { FollowerDrive } from "./loop/drive.ts";
import type { JointOutOfRange } from "./loop/position-limits.ts";
import { ArmMonitor } from "./monitoring/arm-monitor.ts";
import { FollowerGuard } from "./monitoring/guard.ts";
import { OverloadCure } from "./monitoring/overload.ts";
import type { ParkingContext } from "./park.ts";
import { type CheckedPair, calibrationsOf, checkPair, configurePair, readPair } from "./prepare.ts";
import type { Problem } from "./reporting/problem.ts";
import type { PairSettings } from "./settings.ts";
import type { Files } from "./shared/questions.ts";
import type { Conditions, Inspection } from "./state/conditions.ts";
import { LOOK_AGAIN_MS } from "./state/decide.ts";

/** Both arms while they are connected: checked and configured, and not reset since. */
export interface Connected {
  readonly calibrations: Readonly<Record<Role, Calibration>>;
  /** By what the servos of each arm show that they are configured. */
  readonly marks: Readonly<Record<Role, Marks>>;
  readonly leader: ArmMonitor;
  readonly follower: ArmMonitor;
  readonly drive: FollowerDrive;
  readonly overload: OverloadCure;
}

/** The alarm that an arm's adapter holds replies back, while its port is open. */
export const latencyAlarmOf = (role: Role): string => `port.latency-timer.${role}`;

/** Prepares the arms of one pair. What touches them throws {@link BusError}, {@link PortError}. */
export class Preparation {
  readonly #context: PairParts;
  #connected: Connected | undefined;
  #checked: CheckedPair | undefined;
  #faults: readonly Problem[] = [];
  /** File and servos disagreed when they were checked last: when they still do, that is so. */
  #doubted = false;
  #gaveUp = false;
  /** The follower's joints whose servos would drive them to their limits from outside. */
  readonly #clamping = new Set<JointName>();
  #goals: ArrayLike<number> = new Int32Array(JOINT_COUNT).fill(-1);

  constructor(context: PairParts) {
    this.#context = context;
  }

  /** Both arms, while they may be followed. */
  get connected(): Connected | undefined {
    return this.#connected;
  }

  /** What leads the follower to a pose, while it may be led. */
  parking({ rateHz }: PairSettings): ParkingContext | undefined {
    if (this.#connected === undefined) return undefined;
    const { calibrations, drive, follower, marks } = this.#connected;
    const { telemetry } = this.#context.memory;
    const guard = new FollowerGuard(follower.bus, drive, telemetry, follower.figures, {
      marks: marks.follower,
      rateHz,
    });
    return { drive, calibration: calibrations.follower, guard };
  }

  /** EEPROM did not take a value: each further try would wear it. */
  get gaveUp(): boolean {
    return this.#gaveUp;
  }

  /** What the checks, or EEPROM that does not take a value, have found last. */
  get faults(): readonly Problem[] {
    return this.#faults;
  }

  /** The goals that the follower was given last, by whichever drive; −1 where there is none. */
  get goals(): ArrayLike<number> {
    return this.#connected?.drive.goals ?? this.#goals;
  }

  /**
   * Checks both arms, in the state connecting, unless a fault or a failure is looked at again. The main thread reads the
   * files meanwhile; "awaited" when it takes its time.
   */
  inspect({ normalisation, gains }: PairSettings): Inspection | "awaited" {
    const { arms, connections, machine, reporter, memory, ports } = this.#context;
    if (machine.state !== "faulted" && !reporter.isRetrying) this.#enterConnecting();
    memory.questions.askForFiles();
    const armOf = (role: Role) => ({ ...arms[role], bus: connections[role].bus! });
    const read = readPair(armOf("leader"), armOf("follower"));
    const files = memory.questions.takeFiles(ports.clock, LOOK_AGAIN_MS);
    if (files === undefined) return "awaited";
    for (const role of ROLES) this.#tellLatency(role, files[role]);
    const checked = checkPair(read, { files, normalisation, gains, clamping: this.#clamping });
    const mayPass = checked.mayPass && !this.#doubted;
    this.#doubted = checked.mayPass;
    if (!mayPass) {
      this.#checked = checked;
      this.#faults = checked.faults;
      reporter.warn(checked.warnings);
      reporter.remark(checked.remarks);
    }
    return { faults: checked.faults, mayPass };
  }

  /** Configures both arms as they were checked; how conditions are then. */
  configure(conditions: Conditions, settings: PairSettings): Conditions {
    if (this.#context.machine.state === "faulted") this.#enterConnecting();
    const configuredPair = configurePair(this.#checked!);
    if ("stuck" in configuredPair) {
      this.#gaveUp = true;
      this.#faults = [configuredPair.stuck];
      return { ...conditions, gaveUp: true };
    }
    const calibrations = calibrationsOf(this.#checked!);
    for (const role of ROLES) {
      this.#context.sink({ kind: "calibration", role, calibration: calibrations[role] });
    }
    this.#connected = this.#connect(calibrations, configuredPair.marks, settings);
    const configured = <Seen extends Conditions[Role]>(seen: Seen) => ({ ...seen, isConfigured: true });
    return {
      ...conditions,
      leader: configured(conditions.leader),
      follower: configured(conditions.follower),
      isConnected: true,
      heatLimits: this.#connected.follower.vitals.heatLimits,
    };
  }

  /** Goes on with other settings, if the arms are connected. */
  reconnect(settings: PairSettings): void {
    if (this.#connected === undefined) return;
    const { calibrations, marks } = this.#connected;
    this.disconnect();
    this.#connected = this.#connect(calibrations, marks, settings);
  }

  /** The arms must be checked and configured again before they may be used. */
  disconnect(): void {
    this.#goals = this.goals;
    this.#connected = undefined;
    for (const role of ROLES) this.#context.alarms.clearQuietly(`${role}.`);
  }

  /** The arms are not checked now: what their files say is asked anew when they are. */
  forgetFiles(): void {
    this.#context.memory.questions.forget("files");
  }

  /** An arm was away: what was found of both need not be so any more. */
  startOver(): void {
    this.forgetFiles();
    this.#gaveUp = false;
    this.#doubted = false;
    this.#clamping.clear();
  }

  /** A joint is too far outside of its range to have its torque where it is: it is checked for that from now on. */
  foundOutOfRange({ joint }: JointOutOfRange): void {
    this.#clamping.add(JOINTS[joint]!);
  }

  #tellLatency(role: Role, { latencyTimer }: Files): void {
    const { arms, connections, alarms } = this.#context;
    const name = latencyAlarmOf(role);
    const arm = arms[role];
    if (latencyTimer === undefined) alarms.clearQuietly(name);
    else {
      const { path } = connections[role];
      alarms.raise(name, "warning", { code: "port.latency-timer", arm, path, ...latencyTimer });
    }
  }

  #enterConnecting(): void {
    const { machine } = this.#context;
    if (machine.state !== "connecting") machine.enter("connecting", [{ code: "pair.connecting" }]);
  }

  #connect(
    calibrations: Readonly<Record<Role, Calibration>>,
    marks: Readonly<Record<Role, Marks>>,
    settings: PairSettings,
  ): Connected {
    const { arms, connections, memory, alarms } = this.#context;
    const monitor = (role: Role) =>
      new ArmMonitor(arms[role], connections[role].bus!, settings.health, memory.telemetry, alarms);
    const follower = monitor("follower");
    const ranges = JOINTS.map((joint) => ({
      min: calibrations.follower[joint].range_min,
      max: calibrations.follower[joint].range_max,
    }));
    const drive = new FollowerDrive(follower.bus, ranges, settings, this.#goals);
    const opens = calibrations.follower.gripper.drive_mode === 0 ? 1 : -1;
    const overload = new OverloadCure(follower, drive, memory.telemetry, alarms, opens);
    return { calibrations, marks, leader: monitor("leader"), follower, drive, overload };
  }
}
