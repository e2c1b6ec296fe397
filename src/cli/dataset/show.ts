/** `so101 dataset show`: what is in a dataset. */
import { Argument, Command } from "commander";
import { absolutePathOf } from "../../config/text.ts";
import { type Dataset, type Episode, readDataset } from "../../dataset/dataset.ts";
import { printLine } from "../../linux/text/stdout.ts";
import { styled } from "../../linux/text/styled.ts";
import { visible } from "../../linux/text/visible.ts";
import { sayUnits } from "../../messages/datasets.ts";
import { addJsonOption } from "../options/arm.ts";

/** Makes the command. */
export function showCommand(): Command {
  const command = new Command("show")
    .summary("what is in a dataset: robot, units, tasks, episodes")
    .description(
      "Says what a dataset has: its robot, its units as its card names them, its columns, its tasks, and each episode with " +
        "its length and its gaps. What a recorder that was cut off has left is not counted. The exit code is 1 when it " +
        "cannot be read.",
    )
    .addArgument(datasetArgument())
    .action(show);
  return addJsonOption(command);
}

/** The folder of a dataset. */
export function datasetArgument(): Argument {
  return new Argument("<dir>", "the dataset's folder, in which meta and data are").argParser((text: string) =>
    absolutePathOf(text, "the dataset"),
  );
}

async function show(dir: string, { json }: { readonly json?: true }): Promise<void> {
  const dataset = await readDataset(dir);
  if (json) printLine(JSON.stringify(eventOf(dataset)));
  else for (const line of describe(dataset)) printLine(line);
}

/** The dataset for programs. */
function eventOf({ dir, info, units, tasks, episodes }: Dataset) {
  return {
    ...{ event: "dataset", dir, version: info.codebase_version, robotType: info.robot_type, fps: info.fps },
    ...{ units: units ?? null, frames: info.total_frames, seconds: info.total_frames / info.fps },
    ...{ features: info.features, tasks, episodes },
  };
}

/** The dataset for people: names and tasks in it are anybody's, and shown as such. */
function describe({ dir, info, units, tasks, episodes }: Dataset): string[] {
  const seconds = (frames: number) => `${(frames / info.fps).toFixed(1)} s`;
  const columns = Object.entries(info.features)
    .filter(([, { shape }]) => shape.length !== 1 || shape[0] !== 1)
    .map(([name, { dtype, shape }]) => `${visible(name)} (${visible(dtype)}, ${shape.join("×")})`);
  const headings = ["episode", "frames", "length", "gaps", "task"];
  const rows = episodes.map((episode) => [
    `${episode.number}`,
    `${episode.length}`,
    seconds(episode.length),
    gapsOf(episode),
    visible(episode.tasks.join(" / ")),
  ]);
  const widths = headings.map((heading, at) =>
    Math.max(heading.length, ...rows.map((row) => row[at]!.length)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => (at < headings.length - 1 ? cell.padStart(widths[at]!) : cell))
      .join("  ")
      .trimEnd();
  return [
    `${visible(dir)}: LeRobotDataset ${visible(info.codebase_version)} of ${visible(info.robot_type ?? "a robot that is not named")}`,
    `${count(info.total_episodes, "episode")}, ${count(info.total_frames, "frame")} at ${info.fps} a second, ${seconds(info.total_frames)}; ${count(tasks.length, "task")}`,
    `positions in ${units === undefined ? "units that nothing says: see so101 dataset check" : sayUnits(units)}`,
    `columns: ${columns.join(", ")}`,
    ...(rows.length === 0 ? [] : ["", styled("dim", line(headings)), ...rows.map(line)]),
  ];
}

function gapsOf({ gaps }: Episode): string {
  return gaps.length === 0 ? "" : `${gaps.reduce((sum, { frames }) => sum + frames, 0)} lost`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
