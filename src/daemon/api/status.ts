/** The status of a running teleoperation, as the control socket tells it. */

import type { ArmStatus, JointStatus, PairArms, Status } from "../../api/protocol.ts";
import type { Calibration } from "../../arm/calibration/calibration.ts";
import { normalise } from "../../arm/calibration/normalisation.ts";
import { numbersOf } from "../../arm/calibration/numbers.ts";
import { JOINTS, type JointName, ROLES, type Role } from "../../arm/joints.ts";
import { type MeasuringRegister, namesOfErrorBits, physicalValue } from "../../feetech/registers.ts";
import { roundTripMs } from "../../feetech/round-trip.ts";
import { steps } from "../../feetech/units.ts";
import { version } from "../../host/version.ts";
import type { PairSettings } from "../../teleop/settings.ts";
import type { MainMemory } from "../../teleop/shared/control-memory.ts";
import type { JointFigure } from "../../teleop/shared/telemetry.ts";
import type { ClientDrives } from "../driving/clients.ts";
import type { EventHistory } from "../events/event-history.ts";
import type { Lending } from "../lending.ts";
import type { Drive } from "../network/drive.ts";
import type { RemoteFigures } from "../network/remote-figures.ts";
import type { RecorderPlace } from "../recorder-place.ts";
import type { SettingsReading } from "../settings/reload.ts";
import { summarise } from "../summary.ts";

/** So many events are part of a status. */
const LAST_EVENTS = 10;

/** What a status is made of. */
export interface StatusSources {
  readonly pair: string;
  readonly startedAt: Date;
  readonly settings: PairSettings;
  readonly reading: SettingsReading;
  readonly memory: MainMemory;
  readonly history: EventHistory;
  readonly lending: Lending;
  readonly drive: Drive;
  readonly clients: ClientDrives;
  readonly remote: RemoteFigures;
  readonly recorderPlace: RecorderPlace;
  readonly calibrations: Partial<Record<Role, Calibration>>;
}

/** The status as it is now. */
export function statusOf(sources: StatusSources): Status {
  const { pair, startedAt, settings, reading, memory, history, drive, clients } = sources;
  const remote = sources.remote.of(drive.wanted, drive.others);
  const lent = sources.lending.status;
  const recording = sources.recorderPlace.status;
  const { rateHz, ticks, lateTicks, latenessUs, alignments } = summarise(memory, history.state);
  return {
    pair,
    pid: process.pid,
    program: version,
    startedAt: startedAt.toISOString(),
    state: history.state,
    since: history.since.toISOString(),
    why: history.why,
    reasons: [...history.reasons],
    mode: lent === undefined ? memory.mailbox.mode : "lent",
    ...(lent && { lent }),
    isObeyed: memory.mailbox.isObeyed,
    settings: { readAt: reading.at.toISOString(), refused: [...reading.refused], kept: [...reading.kept] },
    configuredRateHz: settings.rateHz,
    ...{ rateHz, ticks, lateTicks, latenessUs, alignments },
    driver: clients.status ?? { ...drive.status, ...clients.awaited },
    armsHere: settings.armsHere ?? "both",
    ...(remote && { remote }),
    holds: history.holds,
    ...(recording && { recording }),
    arms: Object.fromEntries(ROLES.map((role) => [role, armStatus(role, sources)])) as Status["arms"],
    activeAlarms: [...history.activeAlarms],
    events: history.events
      .slice(-LAST_EVENTS)
      .map(({ time, number: _, ...event }) => ({ time: time.toISOString(), ...event })),
  };
}

/** What the arms are, and how their positions are normalised. */
export function armsOf(sources: StatusSources): PairArms {
  const { normalisation, rateHz } = sources.settings;
  const arm = (role: Role) => {
    const calibration = calibrationOf(role, sources);
    const joints = calibration === undefined ? null : numbersOf(calibration);
    return { id: armOf(role, sources.settings).id, joints };
  };
  return { normalisation, rateHz, leader: arm("leader"), follower: arm("follower") };
}

function armStatus(role: Role, sources: StatusSources): ArmStatus {
  const { settings, memory } = sources;
  const { telemetry } = memory;
  const { id, port } = armOf(role, settings);
  const counts = memory.roundTrips[role];
  return {
    id,
    port,
    timeouts: telemetry.bus(role, "timeouts"),
    lateReplies: telemetry.bus(role, "late"),
    roundTripMs: { p50: roundTripMs(counts, 0.5), p99: roundTripMs(counts, 0.99) },
    corruptedReplies: telemetry.bus(role, "corrupted"),
    noiseBytes: telemetry.bus(role, "noiseBytes"),
    retries: telemetry.bus(role, "retries"),
    joints: Object.fromEntries(
      JOINTS.map((joint, index) => [joint, jointStatus(role, joint, index, sources)]),
    ) as ArmStatus["joints"],
  };
}

/** The leader of another machine has no port. */
function armOf(role: Role, { arms, remoteLeader }: PairSettings): { id: string; port: string } {
  return role === "leader" && remoteLeader !== undefined ? { id: remoteLeader.name, port: "" } : arms[role];
}

function calibrationOf(role: Role, { calibrations, drive }: StatusSources): Calibration | undefined {
  return role === "leader" && drive.wanted !== null ? drive.calibration : calibrations[role];
}

function jointStatus(role: Role, joint: JointName, index: number, sources: StatusSources): JointStatus {
  const { memory, settings } = sources;
  const figure = (name: JointFigure) => {
    const value = memory.telemetry.joint(role, index, name);
    return Number.isNaN(value) ? null : value;
  };
  const physical = (name: JointFigure, register: MeasuringRegister) => {
    const value = figure(name);
    return value === null ? null : physicalValue(register, value);
  };
  const positionSteps = figure("position");
  const calibration = calibrationOf(role, sources)?.[joint];
  const torque = figure("torque");
  const current = physical("current", "present_current");
  return {
    positionSteps,
    positionNormalised:
      positionSteps === null || calibration === undefined
        ? null
        : normalise(steps(positionSteps), calibration, joint, settings.normalisation),
    rangeSteps: calibration === undefined ? null : { min: calibration.range_min, max: calibration.range_max },
    goalSteps: figure("goal"),
    torqueOn: torque === null ? null : torque !== 0,
    speedStepsPerS: figure("velocity"),
    loadPercent: physical("load", "present_load"),
    currentMa: current === null ? null : Math.round(current),
    voltageV: physical("voltage", "present_voltage"),
    temperatureC: figure("temperature"),
    errors: namesOfErrorBits(figure("errorBits") ?? 0),
    misses: figure("misses") ?? 0,
  };
}
