/** One joint of the arms: where it stands within its range, and its servos' figures. */
import { useMemo } from "preact/hooks";
import type { JointStatus } from "../../../api/protocol.ts";
import type { JointName, Role } from "../../../arm/joints.ts";

/** One arm's servo of the joint. */
interface JointOfArm {
  readonly role: Role;
  readonly of: JointStatus;
  /** Degrees from the middle; of the gripper 0 to 1. */
  readonly angle: number | null;
}

interface Properties {
  readonly joint: JointName;
  /** Of the arms that are on this machine. */
  readonly arms: readonly JointOfArm[];
}

/** The card. */
export function JointCard({ joint, arms }: Properties) {
  const id = `joint-${joint}`;
  return (
    <article aria-labelledby={id}>
      <h3 id={id}>{joint}</h3>
      {arms.map(({ role, of }) => (
        <Bar key={role} name={role} of={of} />
      ))}
      <table>
        <thead>
          <tr>
            <td />
            {arms.map(({ role }) => (
              <th key={role} scope="col">
                {role}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rowsOf(joint, arms).map(({ name, cells }) => (
            <Row key={name} name={name} cells={cells} />
          ))}
        </tbody>
      </table>
      {arms.flatMap(troublesOf).map((trouble) => (
        <p key={trouble} class="notice">
          {trouble}
        </p>
      ))}
    </article>
  );
}

interface RowProperties {
  readonly name: string;
  readonly cells: readonly string[];
}

function rowsOf(joint: JointName, arms: readonly JointOfArm[]): RowProperties[] {
  const row = (name: string, show: (arm: JointOfArm) => string) => ({ name, cells: arms.map(show) });
  return [
    joint === "gripper"
      ? row("open", ({ angle }) => figure(angle && angle * 100, "%"))
      : row("angle", ({ angle }) => figure(angle, "°")),
    row("position", ({ of }) => figure(of.positionSteps, "steps")),
    row("temperature", ({ of }) => figure(of.temperatureC, "°C")),
    row("voltage", ({ of }) => figure(of.voltageV, "V", 1)),
    row("current", ({ of }) => figure(of.currentMa, "mA")),
    row("load", ({ of }) => figure(of.loadPercent, "%")),
    row("torque", ({ of: { torqueOn } }) => (torqueOn === null ? "–" : torqueOn ? "on" : "off")),
  ];
}

/** A row, made anew only when what it says is another text. */
function Row({ name, cells }: RowProperties) {
  return useMemo(
    () => (
      <tr>
        <th scope="row">{name}</th>
        {cells.map((cell, index) => (
          <td key={index}>{cell}</td>
        ))}
      </tr>
    ),
    [name, cells.join("\n")],
  );
}

function figure(value: number | null, unit: string, digits = 0): string {
  return value === null ? "–" : `${value.toFixed(digits)} ${unit}`;
}

function troublesOf({ role, of: { errors } }: JointOfArm): string[] {
  return errors.length > 0 ? [`The ${role}'s servo reports: ${errors.join(", ")}.`] : [];
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
