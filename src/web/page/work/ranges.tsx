/** Joints that are moved from end to end: a bar each, which turns green once the joint was moved enough. */
import type { ShownPicture } from "../../work/messages.ts";

type Joints = Extract<ShownPicture, { kind: "sweep" }>["joints"];

/** What a joint's range still lacks. */
const notes = {
  "too little": "move it",
  "passed the seam": "passed the seam",
  "too much": "went too far",
  "lost sight": "moved too fast",
} as const;

/** A turn, in steps. */
const TURN = 4096;
/** The mark of where a joint is, in steps: some pixels of a phone. */
const MARK = 60;

/** The bars. */
export function SweptRanges({ joints }: { readonly joints: Joints }) {
  const left = joints.filter(({ trouble }) => trouble !== undefined).length;
  return (
    <div class="swept">
      <p class="quiet" aria-live="polite">
        {left === 0
          ? "Every joint was moved enough."
          : `${joints.length - left} of ${joints.length} moved enough`}
      </p>
      {joints.map(({ joint, min, position, max, trouble }) => {
        const note = trouble === undefined ? "enough" : notes[trouble];
        return (
          <div
            key={joint}
            class={trouble === undefined ? "swept-joint enough" : `swept-joint ${classOf(trouble)}`}
          >
            <span class="name">{joint}</span>
            <span class="note">{trouble === undefined ? "✓ enough" : note}</span>
            <svg
              role="img"
              aria-label={`${joint}: from ${min} to ${max} of ${TURN - 1}, now at ${position}, ${note}`}
              viewBox={`0 0 ${TURN} 10`}
              preserveAspectRatio="none"
            >
              <rect class="covered" x={min} width={Math.max(max - min, MARK)} height="10" />
              <rect class="mark" x={position - MARK / 2} width={MARK} height="10" />
            </svg>
          </div>
        );
      })}
    </div>
  );
}

function classOf(trouble: keyof typeof notes): string {
  return trouble === "too little" ? "" : "wrong";
}
