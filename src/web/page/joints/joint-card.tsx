/** One joint of both arms: where it stands within its range, and its servos' figures. */
import { useMemo } from "preact/hooks";
import type { JointStatus } from "../../../api/protocol.ts";
import type { JointName } from "../../../arm/joints.ts";

interface Properties {
  readonly joint: JointName;
  readonly leader: JointStatus;
  readonly follower: JointStatus;
  /** Of the leader and the follower: degrees from the middle; of the gripper 0 to 1. */
  readonly angles: readonly [number | null, number | null];
}

/** The card. */
export function JointCard({ joint, leader, follower, angles }: Properties) {
  const id = `joint-${joint}`;
  const rows = rowsOf(joint, leader, follower, angles);
  return (
    <article aria-labelledby={id}>
      <h3 id={id}>{joint}</h3>
      <Bar name="leader" of={leader} />
      <Bar name="follower" of={follower} />
      <table>
        <thead>
          <tr>
            <td />
            <th scope="col">leader</th>
            <th scope="col">follower</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, ofLeader, ofFollower]) => (
            <Row key={name} name={name} leader={ofLeader} follower={ofFollower} />
          ))}
        </tbody>
      </table>
      {troublesOf(leader, follower).map((trouble) => (
        <p key={trouble} class="notice">
          {trouble}
        </p>
      ))}
    </article>
  );
}

function rowsOf(
  joint: JointName,
  leader: JointStatus,
  follower: JointStatus,
  [ofLeader, ofFollower]: Properties["angles"],
): (readonly [string, string, string])[] {
  const row = (name: string, show: (of: JointStatus) => string) =>
    [name, show(leader), show(follower)] as const;
  const angle = (value: number | null) =>
    joint === "gripper" ? figure(value && value * 100, "%") : figure(value, "°");
  return [
    [joint === "gripper" ? "open" : "angle", angle(ofLeader), angle(ofFollower)],
    row("position", ({ positionSteps }) => figure(positionSteps, "steps")),
    row("temperature", ({ temperatureC }) => figure(temperatureC, "°C")),
    row("voltage", ({ voltageV }) => figure(voltageV, "V", 1)),
    row("current", ({ currentMa }) => figure(currentMa, "mA")),
    row("load", ({ loadPercent }) => figure(loadPercent, "%")),
    row("torque", ({ torqueOn }) => (torqueOn === null ? "–" : torqueOn ? "on" : "off")),
  ];
}

/** A row, made anew only when what it says is another text. */
function Row({
  name,
  leader,
  follower,
}: {
  readonly name: string;
  readonly leader: string;
  readonly follower: string;
}) {
  return useMemo(
    () => (
      <tr>
        <th scope="row">{name}</th>
        <td>{leader}</td>
        <td>{follower}</td>
      </tr>
    ),
    [name, leader, follower],
  );
}

function figure(value: number | null, unit: string, digits = 0): string {
  return value === null ? "–" : `${value.toFixed(digits)} ${unit}`;
}

function troublesOf(leader: JointStatus, follower: JointStatus): string[] {
  const of = (arm: string, { errors }: JointStatus) =>
    errors.length > 0 ? [`The ${arm}'s servo reports: ${errors.join(", ")}.`] : [];
  return [...of("leader", leader), ...of("follower", follower)];
}

/** Where a joint stands within its calibrated range. */
function Bar({ name, of }: { readonly name: string; readonly of: JointStatus }) {
  const { positionSteps, rangeSteps } = of;
  const share =
    positionSteps === null || rangeSteps === null
      ? undefined
      : Math.min(Math.max((positionSteps - rangeSteps.min) / (rangeSteps.max - rangeSteps.min), 0), 1);
  const text =
    share === undefined
      ? positionSteps === null
        ? "no answer"
        : "no range"
      : `${(share * 100).toFixed(0)} % of its range`;
  return useMemo(
    () => (
      <div class={`range ${name}`}>
        <span aria-hidden="true">{name}</span>
        <meter value={share ?? 0} aria-label={`${name}: ${text}`} />
        <span aria-hidden="true">{text}</span>
      </div>
    ),
    [name, share, text],
  );
}
