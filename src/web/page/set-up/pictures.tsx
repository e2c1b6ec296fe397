/** Plain line drawings of what a person does with two arms; what they show is said beside them in words. */
import type { ComponentChildren } from "preact";
import type { StepName } from "../../set-up/messages.ts";

interface DrawingProperties {
  readonly children: ComponentChildren;
}

/** All of them are drawn on a field of 160 × 80, the floor at 70. */
function Drawing({ children }: DrawingProperties) {
  return (
    <svg class="drawing" viewBox="0 0 160 80" aria-hidden="true" focusable="false">
      <path class="floor" d="M4 70H156" />
      {children}
    </svg>
  );
}

interface ArmProperties {
  readonly as: "leader" | "follower";
  /** Where its base stands. */
  readonly at: number;
  /** How its upper arm, forearm and hand go on from each other, in steps to the right and up. */
  readonly pose: readonly (readonly [right: number, up: number])[];
}

const REST = [
  [-4, 22],
  [20, 6],
  [9, -8],
] as const;
/** Upper arm upright, forearm level, hand straight on, gripper half open. */
const MIDDLE = [
  [0, 26],
  [24, 0],
  [14, 0],
] as const;
const FOLDED = [
  [-9, 18],
  [17, -9],
  [7, -6],
] as const;
const STRETCHED = [
  [13, 20],
  [20, 10],
  [12, 4],
] as const;

/** An arm from its side: a base, three links and its joints. */
function Arm({ as, at, pose }: ArmProperties) {
  const joints: [number, number][] = [[at, 60]];
  for (const [right, up] of pose) {
    const [x, y] = joints.at(-1)!;
    joints.push([x + right, y - up]);
  }
  const [x, y] = joints.at(-1)!;
  return (
    <g class={as}>
      <path d={`M${at - 9} 70H${at + 9}L${at + 5} 62H${at - 5}Z`} />
      <path d={`M${joints.map((joint) => joint.join(" ")).join("L")}`} />
      {as === "leader" ? (
        <path d={`M${x} ${y}v9`} />
      ) : (
        <path d={`M${x + 7} ${y - 4}L${x} ${y}L${x + 7} ${y + 4}`} />
      )}
      {joints.slice(0, -1).map(([cx, cy]) => (
        <circle key={`${cx} ${cy}`} cx={cx} cy={cy} r="2.6" />
      ))}
    </g>
  );
}

/** A computer between two arms, a cable to each. */
export function Boards() {
  return (
    <Drawing>
      <Arm as="leader" at={26} pose={REST} />
      <Arm as="follower" at={112} pose={REST} />
      <rect class="thing" x="68" y="58" width="22" height="12" rx="2" />
      <path class="cable" d="M35 68C48 76 56 62 68 64M90 64C98 62 98 74 103 68" />
    </Drawing>
  );
}

/** A hand's motion at the leader. */
export function MoveLeader() {
  return (
    <Drawing>
      <Arm as="leader" at={50} pose={REST} />
      <path class="motion" d="M78 20a22 22 0 0 1 18 22m-5-4 5 5 5-6" />
      <path class="motion" d="M58 24a22 22 0 0 0-20-8m6-5-7 5 5 6" />
    </Drawing>
  );
}

/** A plug that is pulled. */
function Unplug() {
  return <Plug motion="M108 44H88m5-5-6 5 6 5" />;
}

/** The same put back. */
function PlugIn() {
  return <Plug motion="M88 44h20m-5-5 6 5-6 5" />;
}

function Plug({ motion }: { readonly motion: string }) {
  return (
    <Drawing>
      <Arm as="leader" at={34} pose={REST} />
      <path class="cable" d="M43 68C60 78 66 58 80 60" />
      <path class="thing" d="M80 55h12v10H80zM92 58h5M92 62h5" />
      <rect class="thing" x="112" y="50" width="30" height="20" rx="2" />
      <path class="motion" d={motion} />
    </Drawing>
  );
}

/** The chain of an arm's servos, by their ids. */
export function Servos() {
  return (
    <Drawing>
      <path class="cable" d="M20 40H140" />
      {[1, 2, 3, 4, 5, 6].map((id) => (
        <g key={id} class="follower">
          <rect class="thing" x={id * 22 - 9} y="28" width="16" height="24" rx="2" />
          <text x={id * 22 - 1} y="44">
            {id}
          </text>
        </g>
      ))}
    </Drawing>
  );
}

/** Every joint in the middle of its range: where a calibration begins. */
export function MiddlePose() {
  return (
    <Drawing>
      <Arm as="follower" at={56} pose={MIDDLE} />
      <path class="motion" d="M56 26V10M50 15l6-6 6 6" />
    </Drawing>
  );
}

/** Both arms folded: the first pose of a comparison. */
export function FirstPose() {
  return (
    <Drawing>
      <Arm as="leader" at={44} pose={FOLDED} />
      <Arm as="follower" at={110} pose={FOLDED} />
    </Drawing>
  );
}

/** Both arms stretched forward: the second pose. */
export function SecondPose() {
  return (
    <Drawing>
      <Arm as="leader" at={26} pose={STRETCHED} />
      <Arm as="follower" at={96} pose={STRETCHED} />
    </Drawing>
  );
}

/** The follower does as the leader. */
export function Following() {
  return (
    <Drawing>
      <Arm as="leader" at={26} pose={MIDDLE} />
      <Arm as="follower" at={104} pose={MIDDLE} />
      <path class="motion" d="M72 34h18m-6-5 6 5-6 5" />
    </Drawing>
  );
}

/** The picture of each step, where nothing nearer is asked for. */
export const PICTURES = {
  boards: Boards,
  servos: Servos,
  calibrations: MiddlePose,
  compare: FirstPose,
  follow: Following,
} as const satisfies Record<StepName, unknown>;

/** What workflows ask for, by their words, and its picture. */
const ASKED = [
  [/^Move the /, MoveLeader],
  [/^Unplug |^That was /, Unplug],
  [/^Plug it in/, PlugIn],
  [/the middle of its range|needs a calibration/, MiddlePose],
  [/^The six servos/, Servos],
  [/^First pose/, FirstPose],
  [/^Second pose/, SecondPose],
] as const;

/** The picture of what a person is asked to do; undefined where there is none. */
export function pictureOf(instruction: string | null | undefined) {
  return ASKED.find(([words]) => words.test(instruction ?? ""))?.[1];
}
