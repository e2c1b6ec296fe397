/** Both arms, joint by joint. */
import type { JointStatus } from "../../../api/protocol.ts";
import { JOINTS, type JointName } from "../../../arm/joints.ts";
import type { ScreenProperties } from "../screens.tsx";

/** What each servo reports. */
export function Joints({ status }: ScreenProperties) {
  if (status === undefined) return <p>The service is not heard: nothing is known of the joints.</p>;
  const { leader, follower } = status.arms;
  return (
    <section class="joints" aria-label="Joints">
      {JOINTS.map((joint) => (
        <Joint key={joint} joint={joint} leader={leader.joints[joint]} follower={follower.joints[joint]} />
      ))}
    </section>
  );
}

interface Properties {
  readonly joint: JointName;
  readonly leader: JointStatus;
  readonly follower: JointStatus;
}

function Joint({ joint, leader, follower }: Properties) {
  return (
    <article>
      <h3>{joint}</h3>
      <Bar name="leader" of={leader} />
      <Bar name="follower" of={follower} />
      <dl class="figures">
        <Figure name="temperature" value={follower.temperatureC} unit="°C" />
        <Figure name="voltage" value={follower.voltageV} unit="V" digits={1} />
        <Figure name="current" value={follower.currentMa} unit="mA" />
        <Figure name="load" value={follower.loadPercent} unit="%" />
        <div>
          <dt>torque</dt>
          <dd>{follower.torqueOn === null ? "–" : follower.torqueOn ? "on" : "off"}</dd>
        </div>
      </dl>
      {follower.errors.length > 0 && <p class="notice">the servo reports: {follower.errors.join(", ")}</p>}
    </article>
  );
}

/** Where a joint stands within its calibrated range. */
function Bar({
  name,
  of: { positionSteps, rangeSteps },
}: {
  readonly name: string;
  readonly of: JointStatus;
}) {
  const share =
    positionSteps === null || rangeSteps === null
      ? undefined
      : Math.min(Math.max((positionSteps - rangeSteps.min) / (rangeSteps.max - rangeSteps.min), 0), 1);
  return (
    <label class={`range ${name}`}>
      <span>{name}</span>
      <meter value={share ?? 0} aria-valuetext={share === undefined ? "unknown" : undefined} />
      <output>{positionSteps === null ? "no answer" : `${positionSteps}`}</output>
    </label>
  );
}

interface FigureProperties {
  readonly name: string;
  readonly value: number | null;
  readonly unit: string;
  readonly digits?: number;
}

function Figure({ name, value, unit, digits = 0 }: FigureProperties) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value === null ? "–" : `${value.toFixed(digits)} ${unit}`}</dd>
    </div>
  );
}
