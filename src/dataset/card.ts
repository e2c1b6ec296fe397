/**
 * `README.md`, the card of a dataset: for people, and the one place that says in which units positions are. LeRobot has none
 * for that, and does not read the card. It is written once: what people add to it stays.
 */
import type { NormalisationMode } from "../arm/calibration/normalisation.ts";

/** A line of the block at the card's beginning, the front matter: `so101_units: degrees`. */
const UNITS_KEY = "so101_units";

/** What a card tells. */
export interface CardFacts {
  readonly units: NormalisationMode;
  readonly fps: number;
  readonly robotType: string;
  /** Who writes it: `so101 0.2.0`. */
  readonly writer: string;
}

const meanings: Readonly<Record<NormalisationMode, string>> = {
  degrees:
    "body joints in degrees from the middle of their calibrated range, the gripper from 0 to 100 of its. LeRobot " +
    "0.4.4 and later work so by default (`use_degrees=true`)",
  range:
    "body joints from -100 to 100 of their calibrated range, the gripper from 0 to 100 of its. LeRobot up to 0.4.3 " +
    "works so by default; later ones with `use_degrees=false`",
};

/** A new card. */
export function cardText({ units, fps, robotType, writer }: CardFacts): string {
  return `---
tags:
- LeRobot
task_categories:
- robotics
configs:
- config_name: default
  data_files: data/*/*.parquet
${UNITS_KEY}: ${units}
---

# Recorded with an SO-101 pair

A LeRobotDataset v3.0 of joints, without cameras, at ${fps} frames a second, written by ${writer}.

- Robot: \`${robotType}\` (SO-100 or SO-101), led by a leader arm of the same kind.
- **Units: ${units}**: ${meanings[units]}.
- \`action\` is what the leader read, before any limit; \`observation.state\` is where the follower was, read before that frame's
  command.
- \`timestamp\` is the frame's number divided by ${fps}.
- Episodes with gaps, where frames could not be read in time and the one before was repeated, are listed in
  \`meta/gaps.json\`, if there are any.

Keep the line \`${UNITS_KEY}: ${units}\` at the beginning of this file: nothing else in a dataset says what its numbers mean,
and \`so101 replay\` looks for it.
`;
}

/** The units that a card names; undefined where it names none. */
export function unitsOfCard(text: string): NormalisationMode | undefined {
  const [, frontMatter] = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(text) ?? [];
  const found = frontMatter?.match(
    new RegExp(`^${UNITS_KEY}:[ \\t]*["']?(degrees|range)["']?[ \\t]*\\r?$`, "m"),
  );
  return found?.[1] as NormalisationMode | undefined;
}
