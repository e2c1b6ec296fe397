/** The fleet's status of a pair of this machine, made of what its service says on the control socket. */
import type { Status } from "../../api/protocol.ts";
import { JOINTS } from "../../arm/joints.ts";
import { version } from "../../host/version.ts";
import {
  FLEET_VERSION,
  type FleetFarewell,
  type FleetStatus,
  LONGEST_MESSAGE_BYTES,
  MOST_ALARMS,
} from "./protocol.ts";

/** What this process is. */
export interface Speaker {
  /** Random: another one speaks for this pair where another is heard. */
  readonly instance: string;
  readonly takesCommands: boolean;
}

/** Of a sentence that others read; those who read cut at as much. */
const LONGEST_SENTENCE = 500;

/** The status to publish; of a pair whose service does not run, `status` is undefined. */
export function ownStatus(status: Status | undefined, { instance, takesCommands }: Speaker): FleetStatus {
  const time = new Date().toISOString();
  const speaker = { v: FLEET_VERSION, online: true as const, instance, takesCommands, time };
  if (status === undefined) {
    return {
      ...speaker,
      ...{ program: version, startedAt: null, state: null, since: null, why: "its service does not run" },
      ...{ mode: null, armsHere: "both", driver: null, rateHz: null, configuredRateHz: null },
      ...{ temperatureC: null, remote: null, alarms: [] },
    };
  }
  const { program, startedAt, state, since, mode, armsHere = "both", remote } = status;
  return {
    ...speaker,
    ...{ program, startedAt, state, since, why: short(status.why), mode, armsHere },
    driver: driverOf(status),
    rateHz: Math.round(status.rateHz),
    configuredRateHz: status.configuredRateHz,
    temperatureC: warmest(status),
    remote: remote === undefined ? null : remoteOf(remote),
    alarms: status.activeAlarms
      .slice(0, MOST_ALARMS)
      .map(({ code, message }) => ({ code, message: short(message) })),
  };
}

/** Others need not know which leader is waited for while nobody drives. */
function driverOf({ driver }: Status): FleetStatus["driver"] {
  if (driver === undefined) return null;
  const { source, leader, since, isAwaited } = driver;
  return isAwaited ? { source: "nobody", leader: null, since } : { source, leader, since };
}

/** A status as it is published: the last of too many long alarms are left out, lest nobody could read it. */
export function textOf(status: FleetStatus): string {
  const text = JSON.stringify(status);
  if (status.alarms.length === 0 || Buffer.byteLength(text) < LONGEST_MESSAGE_BYTES) return text;
  return textOf({ ...status, alarms: status.alarms.slice(0, -1) });
}

/** What is said when this process ends, and what the broker says for it when it is lost. */
export function farewell(instance: string, why: "stopped" | "lost"): FleetFarewell {
  return { v: FLEET_VERSION, online: false, instance, why };
}

/** What must be told at once when it changes; all else is told each second. */
export function gistOf({
  state,
  since,
  why,
  mode,
  armsHere,
  driver,
  alarms,
  startedAt,
}: FleetStatus): string {
  const codes = alarms.map(({ code }) => code);
  return JSON.stringify([state, since, why, mode, armsHere, driver, codes, startedAt]);
}

function remoteOf(remote: NonNullable<Status["remote"]>): NonNullable<FleetStatus["remote"]> {
  const { leader, delayMs, longestGapMs, holds, wantedS, followedS, missing, late } = remote;
  return { leader, delayMs, longestGapMs, dropped: missing + late, holds, wantedS, followedS };
}

function warmest({ arms }: Status): number | null {
  const known = JOINTS.map((joint) => arms.follower.joints[joint].temperatureC).filter((c) => c !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/** A sentence, cut where it is longer than anybody reads. */
export function short(text: string): string {
  return text.length > LONGEST_SENTENCE ? `${text.slice(0, LONGEST_SENTENCE - 1)}…` : text;
}
