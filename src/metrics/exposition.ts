/** The status of pairs as Prometheus reads it: text format 0.0.4. */
import { type ArmStatus, type JointStatus, type Status, statusSchema } from "../api/protocol.ts";
import { armsRead, rolesHere } from "../arm/joints.ts";
import { DRIVING_METRICS } from "./driving.ts";
import type { Labels, Metric } from "./metric.ts";

/** What is sent with it, as Content-Type. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** A pair, and its service's status; undefined while that is not heard. */
export interface ExposedPair {
  readonly name: string;
  readonly status: Status | undefined;
}

const { state: stateSchema, mode: modeSchema, arms: armsSchema } = statusSchema.entries;
const STATES = stateSchema.options;
const MODES = modeSchema.options;
const ERRORS = armsSchema.entries.leader.entries.joints.entries.gripper.entries.errors.item.options;

const UP = {
  name: "so101_up",
  help: "1 while the pair's service answers, 0 while it does not.",
  type: "gauge",
} as const;

/** All of a pair whose service answers. */
const METRICS: readonly Metric[] = [
  {
    name: "so101_build_info",
    help: "Always 1; the label has the version of the pair's service.",
    type: "gauge",
    samples: ({ program }) => [[{ version: program }, 1]],
  },
  {
    name: "so101_state",
    help: "1 for the state in which the pair is, 0 for the others.",
    type: "gauge",
    samples: ({ state }) => STATES.map((one) => [{ state: one }, Number(one === state)]),
  },
  {
    name: "so101_mode",
    help: "1 for what was asked for last, 0 for the others: running, paused, released.",
    type: "gauge",
    samples: ({ mode }) => MODES.map((one) => [{ mode: one }, Number(one === mode)]),
  },
  {
    name: "so101_start_time_seconds",
    help: "When the service started, Unix time.",
    type: "gauge",
    samples: ({ startedAt }) => [[{}, Date.parse(startedAt) / 1e3]],
  },
  {
    name: "so101_configured_rate_hertz",
    help: "How often a second the follower is to get goals.",
    type: "gauge",
    samples: ({ configuredRateHz }) => [[{}, configuredRateHz]],
  },
  {
    name: "so101_rate_hertz",
    help: "How often a second the loop ran, while it ran.",
    type: "gauge",
    samples: ({ rateHz }) => [[{}, rateHz]],
  },
  {
    name: "so101_ticks_total",
    help: "Ticks of the control loop.",
    type: "counter",
    samples: ({ ticks }) => [[{}, ticks]],
  },
  {
    name: "so101_overruns_total",
    help: "Ticks that came too late for their slot.",
    type: "counter",
    samples: ({ lateTicks }) => [[{}, lateTicks]],
  },
  {
    name: "so101_lateness_seconds",
    help: "How late ticks began.",
    type: "summary",
    samples: ({ latenessUs: { p50, p99, p999, max } }) =>
      Object.entries({ "0.5": p50, "0.99": p99, "0.999": p999, "1": max }).map(([quantile, us]) => [
        { quantile },
        us / 1e6,
      ]),
  },
  {
    name: "so101_alignments_total",
    help: "How often the follower was aligned with the leader.",
    type: "counter",
    samples: ({ alignments }) => [[{}, alignments]],
  },
  {
    name: "so101_holds_total",
    help: "How often the follower was held where it was.",
    type: "counter",
    samples: ({ holds = null }) => [[{}, holds]],
  },
  ...DRIVING_METRICS,
  {
    name: "so101_active_alarms",
    help: "Alarms that were raised and not cleared.",
    type: "gauge",
    samples: ({ activeAlarms }) => [[{}, activeAlarms.length]],
  },
  ofArms("so101_reply_timeouts_total", "Replies that did not come.", "counter", ({ timeouts }) => timeouts),
  ofArms(
    "so101_late_replies_total",
    "Replies that came after they were given up.",
    "counter",
    (arm) => arm.lateReplies,
  ),
  ofArms(
    "so101_corrupted_replies_total",
    "Replies that came damaged.",
    "counter",
    (arm) => arm.corruptedReplies,
  ),
  ofArms(
    "so101_noise_bytes_total",
    "Bytes that belonged to no packet.",
    "counter",
    ({ noiseBytes }) => noiseBytes,
  ),
  ofArms("so101_retries_total", "Requests that were asked again.", "counter", ({ retries }) => retries),
  {
    name: "so101_round_trip_seconds",
    help: "How long replies took.",
    type: "summary",
    samples: (status) =>
      armsOf(status).flatMap(([arm, { roundTripMs }]) =>
        Object.entries({ "0.5": roundTripMs.p50, "0.99": roundTripMs.p99 }).map(
          ([quantile, ms]) => [{ arm, quantile }, ms === null ? null : ms / 1e3] as const,
        ),
      ),
  },
  ofJoints("so101_servo_temperature_celsius", "A servo's temperature.", (joint) => joint.temperatureC),
  ofJoints("so101_servo_voltage_volts", "A servo's supply.", (joint) => joint.voltageV),
  ofJoints("so101_servo_current_amperes", "A servo's current.", ({ currentMa }) =>
    currentMa === null ? null : currentMa / 1e3,
  ),
  ofJoints("so101_servo_load_ratio", "A servo's load, of all that it has.", ({ loadPercent }) =>
    loadPercent === null ? null : loadPercent / 100,
  ),
  ofJoints("so101_servo_torque_on", "1 while a servo's torque is on.", ({ torqueOn }) =>
    torqueOn === null ? null : Number(torqueOn),
  ),
  {
    name: "so101_servo_error",
    help: "1 for each error that a servo reports, 0 for those that it does not.",
    type: "gauge",
    samples: (status) =>
      eachJoint(status).flatMap(({ labels, joint }) =>
        ERRORS.map((error) => {
          const value = joint.voltageV === null ? null : Number(joint.errors.includes(error));
          return [{ ...labels, error }, value] as const;
        }),
      ),
  },
  {
    name: "so101_servo_missed_replies_total",
    help: "Replies of a servo that did not come, or came damaged.",
    type: "counter",
    samples: (status) => eachJoint(status).map(({ labels, joint }) => [labels, joint.misses]),
  },
];

/** Every metric, for the manual. */
export const METRIC_FACTS: readonly Pick<Metric, "name" | "help" | "type">[] = [UP, ...METRICS];

/** The text for these pairs. */
export function exposition(pairs: readonly ExposedPair[]): string {
  const up = pairs.map(({ name, status }) => lineOf(UP.name, { pair: name }, Number(status !== undefined)));
  const others = METRICS.map((metric) =>
    familyOf(
      metric,
      pairs.flatMap(({ name, status }) =>
        (status === undefined ? [] : metric.samples(status)).flatMap(([labels, value]) =>
          value === null ? [] : [lineOf(metric.name, { pair: name, ...labels }, value)],
        ),
      ),
    ),
  );
  return [familyOf(UP, up), ...others].join("");
}

function familyOf(
  { name, help, type }: Pick<Metric, "name" | "help" | "type">,
  lines: readonly string[],
): string {
  if (lines.length === 0) return "";
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ""].join("\n");
}

function lineOf(name: string, labels: Labels, value: number): string {
  return `${name}${labelled(labels)} ${value}`;
}

function ofArms(
  name: string,
  help: string,
  type: Metric["type"],
  value: (arm: ArmStatus) => number | null,
): Metric {
  return {
    name,
    help,
    type,
    samples: (status) => armsOf(status).map(([arm, status]) => [{ arm }, value(status)]),
  };
}

function ofJoints(name: string, help: string, value: (joint: JointStatus) => number | null): Metric {
  return {
    name,
    help,
    type: "gauge",
    samples: (status) => eachJoint(status).map(({ labels, joint }) => [labels, value(joint)]),
  };
}

/** The arms that are read: of one on another machine nothing is known here. */
function armsOf(status: Status): [string, ArmStatus][] {
  return rolesHere(armsRead(status)).map((role) => [role, status.arms[role]]);
}

function eachJoint(status: Status): { labels: Labels; joint: JointStatus }[] {
  return armsOf(status).flatMap(([arm, { joints }]) =>
    Object.entries(joints).map(([name, joint]) => ({ labels: { arm, joint: name }, joint })),
  );
}

function labelled(labels: Labels): string {
  const text = Object.entries(labels).map(
    ([name, value]) =>
      `${name}="${value.replaceAll(/[\\"\n]/g, (one) => (one === "\n" ? "\\n" : `\\${one}`))}"`,
  );
  return `{${text.join(",")}}`;
}
