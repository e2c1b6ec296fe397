/** A report for whoever helps: what the doctor finds, the status, what was told, and the versions. Nothing personal. */
import { arch, release } from "node:os";
import type { ArmStatus, NumberedEvent, Status } from "../../api/protocol.ts";
import { armsRead, JOINTS, rolesHere } from "../../arm/joints.ts";
import { ConfigError, DEFAULT_CONFIG_PATH } from "../../config/config.ts";
import { loadMachineNetwork } from "../../config/network.ts";
import { listBoards } from "../../host/boards.ts";
import { distribution, machineModel } from "../../host/machine.ts";
import { namingRules } from "../../host/naming-rules.ts";
import { ownNames } from "../../host/people.ts";
import { versionLine } from "../../host/version.ts";
import { messageOf } from "../../workflows/api-problem.ts";
import type { Check } from "../../workflows/check.ts";
import type { ServedPair } from "../pairs/served-pair.ts";
import { withoutPersonal } from "./anonymous.ts";
import type { PairHealth } from "./health.ts";

/** Of one pair. Never rejects: what cannot be learnt is said to be so. */
export async function reportOf(pair: ServedPair, health: PairHealth): Promise<string> {
  const [examined, status, events, boards] = await Promise.all([
    health.look().catch((error: unknown) => messageOf(error, pair.audience)),
    pair.feed.ask(),
    health.events().catch((error: unknown) => messageOf(error, pair.audience)),
    listBoards(),
  ]);
  const text = [
    "# Report of so101",
    `${distribution() ?? "an unknown system"}, Linux ${release()}, ${arch()}, ${machineModel() ?? "unknown model"}`,
    "",
    "## Doctor",
    ...(typeof examined === "string" ? [examined] : examined.checks.map(lineOfCheck)),
    "",
    "## Status",
    ...(status === undefined ? ["the service is not heard"] : linesOfStatus(status)),
    "",
    "## Events",
    ...(typeof events === "string" ? [events] : events.map(lineOfEvent)),
  ].join("\n");
  const serials = [
    ...boards.map(({ serial }) => serial),
    ...namingRules().map(({ mark }) => (mark?.by === "serial" ? mark.serial : undefined)),
  ];
  const own = ownNames();
  const plain = withoutPersonal(text, {
    ...own,
    hosts: [...own.hosts, ...networkNames()],
    serials: serials.filter((serial) => serial !== undefined),
    given: [pair.name, ...(status === undefined ? [] : namesIn(status))],
  });
  // The commit is as long as a serial number, and nobody's.
  return `${plain.replace("\n", `\n${versionLine}\n`)}\n`;
}

/** The names that people have given to what a status is about. */
function namesIn({ pair, arms, driver, remote }: Status): string[] {
  const leaders = [driver?.leader, remote?.leader].flatMap((name) => name?.split("/") ?? []);
  return [pair, arms.leader.id, arms.follower.id, ...leaders];
}

/** By what this machine and its broker are known in the network. */
function networkNames(): string[] {
  try {
    const { machine = "", broker, user = "" } = loadMachineNetwork(DEFAULT_CONFIG_PATH);
    return [machine, user, broker === undefined ? "" : new URL(broker).hostname];
  } catch (error) {
    if (error instanceof ConfigError) return [];
    throw error;
  }
}

function lineOfCheck({ area, level, message, cure }: Check): string {
  return `${level.padEnd(7)}  ${area}: ${message}${cure === undefined ? "" : ` — ${cure}`}`;
}

function lineOfEvent({ time, code, severity, message }: NumberedEvent): string {
  return `${time}  ${severity.padEnd(7)}  ${code}  ${message}`;
}

function linesOfStatus(status: Status): string[] {
  const { state, mode, since, startedAt, why, program, configuredRateHz, rateHz, latenessUs } = status;
  const { ticks, lateTicks, alignments, holds, activeAlarms } = status;
  return [
    `service ${program}, started ${startedAt}`,
    `${state} (${mode}) since ${since}: ${why}`,
    `${rateHz.toFixed(1)} of ${configuredRateHz} Hz, ${count(lateTicks)} of ${count(ticks)} ticks too late`,
    `lateness ${latenessUs.p50}/${latenessUs.p99}/${latenessUs.p999}/${latenessUs.max} µs (p50/p99/p999/max)`,
    `aligned ${count(alignments)} times, held ${holds === undefined ? "an unknown number of" : count(holds)} times`,
    ...activeAlarms.map(({ code, message }) => `alarm ${code}: ${message}`),
    ...linesOfDriver(status),
    ...rolesHere(armsRead(status)).flatMap((role) => [
      lineOfArm(role, status.arms[role]),
      ...linesOfJoints(status.arms[role]),
    ]),
  ];
}

function linesOfDriver({ driver, armsHere = "both", remote }: Status): string[] {
  const here = `arms here: ${armsHere}; ${driver === undefined ? "" : `driven by ${driver.isAwaited ? "nobody" : `the ${driver.source}`} since ${driver.since}`}`;
  if (remote === undefined) return [here];
  const { samples, delayMs, longestGapMs, old, late, ofOthers, missing, holds, wantedS, followedS } = remote;
  return [
    here,
    `remote leader: delay ${delayMs.p50 ?? "–"}/${delayMs.p99 ?? "–"} ms (p50/p99), longest gap ${longestGapMs} ms, ` +
      `${count(samples)} samples, ${count(missing)} missing, ${count(late)} late, ${count(old)} old, ` +
      `${count(ofOthers)} of others, ${count(holds)} holds, followed ${count(followedS)} of ${count(wantedS)} s`,
  ];
}

function lineOfArm(role: string, arm: ArmStatus): string {
  const { roundTripMs, timeouts, lateReplies, corruptedReplies, noiseBytes, retries } = arm;
  const ms = (value: number | null) => (value === null ? "–" : value.toFixed(1));
  return (
    `${role}: replies take ${ms(roundTripMs.p50)}/${ms(roundTripMs.p99)} ms (p50/p99), ${count(timeouts)} lost, ` +
    `${count(lateReplies)} late, ${count(corruptedReplies)} damaged, ${count(noiseBytes)} bytes of noise, ` +
    `${count(retries)} retries`
  );
}

function linesOfJoints({ joints }: ArmStatus): string[] {
  return JOINTS.map((joint) => {
    const of = joints[joint];
    const figure = (value: number | null, unit: string) => `${value ?? "–"} ${unit}`;
    const range = of.rangeSteps ? `${of.rangeSteps.min}–${of.rangeSteps.max}` : "no range";
    const torque = of.torqueOn === null ? "unknown" : of.torqueOn ? "on" : "off";
    return [
      `  ${joint}: at ${of.positionSteps ?? "–"} of ${range}, goal ${of.goalSteps ?? "–"}, torque ${torque}`,
      figure(of.temperatureC, "°C"),
      figure(of.voltageV, "V"),
      figure(of.currentMa, "mA"),
      `load ${figure(of.loadPercent, "%")}`,
      `${count(of.misses)} misses`,
      ...(of.errors.length > 0 ? [`reports ${of.errors.join(", ")}`] : []),
    ].join(", ");
  });
}

/** With commas: what is long and has none may be somebody's number, and is left out. */
function count(value: number): string {
  return value.toLocaleString("en-US");
}
