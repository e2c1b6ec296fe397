/** The pictures that workflows show, as lines of a terminal, 80 columns wide at most. */
import { styleText } from "node:util";
import type { Picture, SetupPicture } from "../../workflows/operator.ts";
import { sweepTable } from "./sweep-table.ts";

/** The lines of a picture. */
export function linesOf(picture: Picture): string[] {
  switch (picture.kind) {
    case "sweep":
      return sweepTable(picture.joints);
    case "setup":
      return [setupLine(picture)];
  }
}

/** `✓ gripper  ▸ wrist_roll  · wrist_flex  · elbow_flex  · shoulder_lift  · shoulder_pan` */
function setupLine({ joints }: SetupPicture): string {
  const words = {
    done: (joint: string) => styleText("green", `✓ ${joint}`),
    now: (joint: string) => styleText("bold", `▸ ${joint}`),
    "to do": (joint: string) => styleText("dim", `· ${joint}`),
  };
  return joints.map(({ joint, state }) => words[state](joint)).join(" ");
}
