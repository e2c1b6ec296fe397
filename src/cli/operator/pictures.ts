/** The pictures that workflows show, as lines of a terminal, 80 columns wide at most. */

import { styled } from "../../linux/text/styled.ts";
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
    done: (joint: string) => styled("green", `✓ ${joint}`),
    now: (joint: string) => styled("bold", `▸ ${joint}`),
    "to do": (joint: string) => styled("dim", `· ${joint}`),
  };
  return joints.map(({ joint, state }) => words[state](joint)).join(" ");
}
