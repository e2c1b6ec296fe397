/** The table of a sweep: each joint's range so far, and what is still missing of it. */
import { STEPS_PER_TURN } from "../../feetech/units.ts";
import { styled } from "../../linux/text/styled.ts";
import type { SweptJoint } from "../../workflows/operator.ts";

const BAR_CELLS = 32;

const notes = {
  "too little": "move it",
  "passed the seam": "passed the seam",
  "too much": "went too far",
  "lost sight": "moved too fast",
};

/** The lines of the table, 80 columns wide at most. */
export function sweepTable(joints: readonly SweptJoint[]): string[] {
  return [
    styled("dim", columns("", "min", "now", "max", "0 … 4095")),
    ...joints.map((sweep) => {
      const { joint, min, position, max, trouble } = sweep;
      const note = trouble === undefined ? styled("green", "moved") : styled("yellow", notes[trouble]);
      return `${columns(joint, `${min}`, `${position}`, `${max}`, bar(sweep))}  ${note}`;
    }),
  ];
}

function columns(joint: string, min: string, position: string, max: string, range: string): string {
  return `${joint.padEnd(14)}${min.padStart(6)}${position.padStart(6)}${max.padStart(6)}  ${range.padEnd(BAR_CELLS)}`;
}

/** The whole turn; what was covered of it; where the joint is. */
function bar({ min, position, max }: SweptJoint): string {
  const cell = (steps: number) =>
    Math.min(Math.max(Math.floor((steps * BAR_CELLS) / STEPS_PER_TURN), 0), BAR_CELLS - 1);
  return Array.from({ length: BAR_CELLS }, (_, index) => {
    if (index === cell(position)) return "●";
    return index >= cell(min) && index <= cell(max) ? "━" : "·";
  }).join("");
}
