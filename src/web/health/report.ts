/** A report for whoever helps: what the doctor finds, the status, what was told, and the versions. Nothing personal. */
import { arch, release } from "node:os";
import type { ArmStatus, NumberedEvent, Status } from "../../api/protocol.ts";
import { JOINTS, ROLES } from "../../arm/joints.ts";
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
  const arms = status === undefined ? [] : ROLES.map((role) => status.arms[role].id);
  const serials = [
    ...boards.map(({ serial }) => serial),
    ...namingRules().map(({ mark }) => (mark?.by === "serial" ? mark.serial : undefined)),
  ];
  const plain = withoutPersonal(text, {
    ...ownNames(),
    serials: serials.filter((serial) => serial !== undefined),
    given: [...arms, pair.name, ...(status === undefined ? [] : [status.pair])],
  });
  // The commit is as long as a serial number, and nobody's.
  return `${plain.replace("\n", `\n${versionLine}\n`)}\n`;
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
    ...ROLES.flatMap((role) => [lineOfArm(role, status.arms[role]), ...linesOfJoints(status.arms[role])]),
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
