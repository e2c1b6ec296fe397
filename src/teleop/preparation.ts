/** Bringing both arms to where they may be followed, and keeping what is known of them until one is lost. */
import { JOINT_COUNT, JOINTS, type JointName, ROLES, type Role } from "../arm/joints.ts";
import type { PairParts } from "./context.ts";
import { FollowerDrive } from "./loop/drive.ts";
import type { JointOutOfRange } from "./loop/position-limits.ts";
import { ArmMonitor } from "./monitoring/arm-monitor.ts";
import { FollowerGuard } from "./monitoring/guard.ts";
import { OverloadCure } from "./monitoring/overload.ts";
import type { ParkingContext } from "./park.ts";
import { type CheckedPair, type ConfiguredArm, checkPair, configurePair, readPair } from "./prepare.ts";
import type { Problem } from "./reporting/problem.ts";
import type { PairSettings } from "./settings.ts";
import type { Files } from "./shared/questions.ts";
import type { Conditions, Inspection } from "./state/conditions.ts";
import { LOOK_AGAIN_MS } from "./state/decide.ts";

/** An arm while it is connected: checked and configured, and not reset since. */
export interface ConnectedArm extends ConfiguredArm {
  readonly monitor: ArmMonitor;
}

/** A follower, with what moves it. */
export interface ConnectedFollower extends ConnectedArm {
  readonly drive: FollowerDrive;
  readonly overload: OverloadCure;
}

/** The arms of this machine that are used, all of them connected. */
export interface Connected {
  readonly leader?: ConnectedArm;
  readonly follower?: ConnectedFollower;
}

/** The alarm that an arm's adapter holds replies back, while its port is open. */
export const latencyAlarmOf = (role: Role): string => `port.latency-timer.${role}`;

/** Prepares the arms of one pair. What touches them throws {@link BusError}, {@link PortError}. */
export class Preparation {
  readonly #context: PairParts;
  #connected: Connected | undefined;
  #checked: CheckedPair | undefined;
  #faults: readonly Problem[] = [];
  /** The arms that are used. */
  #roles: readonly Role[] = ROLES;
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
    const follower = this.#connected?.follower;
    if (follower === undefined) return undefined;
    const { calibration, drive, monitor, marks } = follower;
    const { telemetry, samples } = this.#context.memory;
    const guard = new FollowerGuard(monitor.bus, drive, telemetry, monitor.figures, {
      marks,
      rateHz,
      samples,
    });
    return { drive, calibration, guard };
  }

  /** The leader is not used from now on; the follower, while it is connected, stays so. */
  leaveOutLeader(): void {
    const follower = this.#connected?.follower;
    if (follower !== undefined) this.#connected = { follower };
    this.#context.alarms.clearQuietly("leader.");
    this.#context.alarms.clearQuietly(latencyAlarmOf("leader"));
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
    return this.#connected?.follower?.drive.goals ?? this.#goals;
  }

  /**
   * Checks these arms, in the state connecting, unless a fault or a failure is looked at again. The main thread reads the
   * files meanwhile; "awaited" when it takes its time.
   */
  inspect({ normalisation, gains }: PairSettings, roles: readonly Role[]): Inspection | "awaited" {
    const { arms, connections, machine, reporter, memory, ports } = this.#context;
    this.#roles = roles;
    if (machine.state !== "faulted" && !reporter.isRetrying) this.#enterConnecting();
    memory.questions.askForFiles();
    const read = readPair(...roles.map((role) => ({ ...arms[role], bus: connections[role].bus! })));
    const files = memory.questions.takeFiles(ports.clock, LOOK_AGAIN_MS);
    if (files === undefined) return "awaited";
    for (const role of roles) this.#tellLatency(role, files[role]);
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

  /** Configures the arms as they were checked; how conditions are then. */
  configure(conditions: Conditions, settings: PairSettings): Conditions {
    if (this.#context.machine.state === "faulted") this.#enterConnecting();
    const configured = configurePair(this.#checked!);
    if ("stuck" in configured) {
      this.#gaveUp = true;
      this.#faults = [configured.stuck];
      return { ...conditions, gaveUp: true };
    }
    for (const role of ROLES) {
      const arm = configured[role];
      if (arm) this.#context.sink({ kind: "calibration", role, calibration: arm.calibration });
    }
    this.#connected = this.#connect(configured, settings);
    const asConfigured = <Seen extends Conditions[Role]>(seen: Seen) =>
      seen.is === "reached" ? { ...seen, isConfigured: true } : seen;
    const vitals = this.#connected.follower?.monitor.vitals;
    return {
      ...conditions,
      leader: asConfigured(conditions.leader),
      follower: asConfigured(conditions.follower),
      isConnected: true,
      ...(vitals && { heatLimits: vitals.heatLimits }),
    };
  }

  /** Goes on with other settings, if the arms are connected. */
  reconnect(settings: PairSettings): void {
    const before = this.#connected;
    if (before === undefined) return;
    this.disconnect();
    this.#connected = this.#connect(before, settings);
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
    const { machine, arms } = this.#context;
    if (machine.state === "connecting") return;
    const [role, other] = this.#roles;
    const only = role !== undefined && other === undefined ? { arm: arms[role] } : {};
    machine.enter("connecting", [{ code: "pair.connecting", ...only }]);
  }

  #connect(
    { leader, follower }: Partial<Readonly<Record<Role, ConfiguredArm>>>,
    settings: PairSettings,
  ): Connected {
    return {
      ...(leader && { leader: { ...leader, monitor: this.#monitor("leader", settings) } }),
      ...(follower && { follower: this.#connectFollower(follower, settings) }),
    };
  }

  #connectFollower({ calibration, marks }: ConfiguredArm, settings: PairSettings): ConnectedFollower {
    const { memory, alarms } = this.#context;
    const monitor = this.#monitor("follower", settings);
    const ranges = JOINTS.map((joint) => ({
      min: calibration[joint].range_min,
      max: calibration[joint].range_max,
    }));
    const drive = new FollowerDrive(monitor.bus, ranges, settings, this.#goals);
    const opens = calibration.gripper.drive_mode === 0 ? 1 : -1;
    const overload = new OverloadCure(monitor, drive, memory.telemetry, alarms, opens);
    return { calibration, marks, monitor, drive, overload };
  }

  #monitor(role: Role, { health }: PairSettings): ArmMonitor {
    const { arms, connections, memory, alarms } = this.#context;
    return new ArmMonitor(arms[role], connections[role].bus!, health, memory.telemetry, alarms);
  }
}
