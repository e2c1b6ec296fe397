/** An arm whose servos get their ids: which have theirs, and which one is next. */
import type { JointName } from "../../../arm/joints.ts";
import type { ShownPicture } from "../../work/messages.ts";

type Joints = Extract<ShownPicture, { kind: "setup" }>["joints"];

/** Where each joint's servo sits in an arm that is seen from its side, on a field of 100 × 100. */
const places: Readonly<Record<JointName, readonly [x: number, y: number]>> = {
  shoulder_pan: [22, 88],
  shoulder_lift: [22, 68],
  elbow_flex: [36, 26],
  wrist_flex: [70, 30],
  wrist_roll: [80, 40],
  gripper: [88, 54],
};

const words = { done: "has its id", now: "is next", "to do": "to come" } as const;
const marks = { done: "✓", now: "▸", "to do": "·" } as const;

/** The arm, and its joints in the order in which they are set up. */
export function ServosToSetUp({ joints }: { readonly joints: Joints }) {
  const outline = Object.values(places).map((place) => place.join(" "));
  const next = joints.find(({ state }) => state === "now")?.joint;
  return (
    <div class="servos">
      <svg
        viewBox="0 0 100 100"
        role="img"
        aria-label={next ? `An arm from its side: ${next} is marked` : "An arm from its side"}
      >
        <path class="bones" d={`M 8 96 L 36 96 M ${outline.join(" L ")} L 80 66`} />
        {joints.map(({ joint, state }) => {
          const [x, y] = places[joint];
          return <circle key={joint} class={classOf(state)} cx={x} cy={y} r={state === "now" ? 7 : 5} />;
        })}
      </svg>
      <ol>
        {joints.map(({ joint, state }) => (
          <li key={joint} class={classOf(state)} aria-current={state === "now" ? "step" : undefined}>
            <span aria-hidden="true">{marks[state]}</span> {joint} <small>{words[state]}</small>
          </li>
        ))}
      </ol>
    </div>
  );
}

function classOf(state: keyof typeof words): string {
  return state === "to do" ? "later" : state;
}
