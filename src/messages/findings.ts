/** What a check of a dataset has found, in words: what is wrong, and what that does. */
import type { Finding } from "../dataset/check/finding.ts";
import { sayDatasetProblem } from "./datasets.ts";

/** A figure as people read it: no more digits than tell it apart. */
const figure = (value: number) => (Number.isInteger(value) ? `${value}` : `${Number(value.toPrecision(7))}`);

/** A finding as a sentence. */
export function sayFinding(finding: Finding): string {
  switch (finding.kind) {
    case "unusable":
      return sayDatasetProblem(finding.problem);
    case "empty":
      return "nothing has been recorded into it yet: LeRobot looks for such a dataset on the Hub";
    case "other robot": {
      const { robotType, column } = finding;
      const of = robotType === null ? "another robot" : robotType;
      const why = column === undefined ? "" : `, column ${column} is not that of one SO-101 without cameras`;
      return `it is of ${of}${why}: LeRobot uses it, and here it can be looked at, not recorded into`;
    }
    case "unknown keys":
      return `meta/info.json has what LeRobot does not know and ignores with a warning: ${finding.keys.join(", ")}`;
    case "splits":
      return `meta/info.json names the episodes ${finding.train ?? "of no split"} for training, and there are ${finding.wanted}`;
    case "default column":
      return `meta/info.json does not describe the column ${finding.column} as every dataset of LeRobot has it`;
    case "no tasks":
      return "meta/tasks.parquet is missing: LeRobot does not load it";
    case "task index":
      return "meta/tasks.parquet does not say that the task's text is pandas' index: LeRobot finds a wrong task for every frame";
    case "task number":
      return `row ${finding.row} of meta/tasks.parquet has the task_index ${finding.has}: LeRobot takes the row for the number`;
    case "task twice":
      return `meta/tasks.parquet has a task twice: ${finding.task}`;
    case "tasks":
      return `meta/info.json counts ${finding.wanted} tasks, and meta/tasks.parquet has ${finding.has}`;
    case "episodes":
      return `meta/info.json counts ${finding.wanted} episodes, and meta/episodes has ${finding.has}`;
    case "frames":
      return `meta/info.json counts ${finding.wanted} frames, and the episodes have ${finding.has}`;
    case "episode order":
      return `row ${finding.row} of meta/episodes is of episode ${finding.has}: LeRobot takes the row for the number`;
    case "from":
      return `episode ${finding.episode} begins with frame ${finding.has} of the dataset by its row, and follows the one before with ${finding.wanted}`;
    case "to":
      return `episode ${finding.episode} ends before frame ${finding.has} of the dataset by its row, and by its length before ${finding.wanted}`;
    case "row place":
      return `the row of episode ${finding.episode} stands in ${finding.file}, and says another file: LeRobot would go on recording in a wrong one`;
    case "row column":
      return `${finding.file} has the column ${finding.column}, which the first file of episodes has not: LeRobot does not load it`;
    case "episode task":
      return `episode ${finding.episode} has a task that meta/tasks.parquet does not know: ${finding.task}`;
    case "no column":
      return `${finding.file} has no column ${finding.column}: LeRobot does not load it`;
    case "column type":
      return `column ${finding.column} of ${finding.file} is ${finding.has}, which cannot be read as the ${finding.wanted} of meta/info.json`;
    case "extra column":
      return `${finding.file} has a column that meta/info.json does not describe: ${finding.column}; LeRobot refuses the file`;
    case "unknown type":
      return `meta/info.json says that ${finding.column} is of type ${finding.dtype}, which LeRobot does not know`;
    case "row groups":
      return `${finding.file} has not one row group an episode: LeRobot reads parts of it slowly, and not over the network`;
    case "file order":
      return `episode ${finding.episode} does not follow the one before in ${finding.file}: LeRobot takes the frames of others for its own`;
    case "value":
      return `${finding.column} of frame ${finding.frame} of episode ${finding.episode} is ${figure(finding.has)}, and must be ${figure(finding.wanted)}`;
    case "frame task":
      return `frame ${finding.frame} of episode ${finding.episode} has the task ${finding.has}, which is none of those of its episode`;
    case "no statistics":
      return "meta/stats.json is missing, or is none: LeRobot loads the dataset, and cannot train on it";
    case "column statistics":
      return `meta/stats.json has no whole statistics of ${finding.column}: LeRobot cannot normalise it in training`;
    case "no quantiles":
      return `meta/stats.json has no quantiles of ${finding.column}, as LeRobot's before 0.4 had none: policies that normalise by quantiles cannot train on it`;
    case "statistics": {
      const where =
        finding.episode === undefined ? "in meta/stats.json" : `in the row of episode ${finding.episode}`;
      return `${finding.key} of ${finding.column} is ${figure(finding.has)} ${where}, and ${figure(finding.wanted)} by the frames`;
    }
    case "renumbered":
      return `the statistics of ${finding.columns.join(" and ")} are of other numbers than the frames', as LeRobot's tools leave them when they delete, split or merge episodes: nothing is computed with them`;
    case "row statistics":
      return `the row of episode ${finding.episode} has no whole statistics: LeRobot's tools cannot split or merge the dataset with them`;
    case "no video":
      return `${finding.file} of episode ${finding.episode} is missing: LeRobot goes to the Hub for it, which looks like an error of the network`;
    case "damaged video":
      return `${finding.file} is no whole MP4: it was perhaps not written to its end`;
    case "video frames":
      return `${finding.file} has ${finding.has} frames, and its episodes have ${finding.wanted}`;
    case "video rate":
      return `${finding.file} has ${figure(finding.has)} frames a second, and the dataset ${finding.wanted}: LeRobot takes wrong frames`;
    case "video start":
      return `episode ${finding.episode} begins at ${figure(finding.has)} s of the video ${finding.column}, and the one before ends at ${figure(finding.wanted)} s`;
    case "video time":
      return `episode ${finding.episode} has ${figure(finding.has)} s of the video ${finding.column}, and its frames take ${figure(finding.wanted)} s`;
    case "no units":
      return 'nothing says in which units its positions are — write "so101_units: degrees" (LeRobot from 0.4.4 on) or "so101_units: range" into the block between --- and --- at the beginning of README.md, if you know it';
    case "gaps": {
      const frames = finding.gaps.reduce((sum, gap) => sum + gap.frames, 0);
      const [{ from = 0 } = {}] = finding.gaps;
      return `episode ${finding.episode} has gaps: ${frames === 1 ? "1 frame was lost and repeats" : `${frames} frames were lost and repeat`} the one before, first at frame ${from}`;
    }
    case "beyond":
      return `${finding.file} is left of an episode that was not saved, and does not count`;
    case "beyond in the way":
      return `${finding.file} does not count, and LeRobot reads it all the same: it cannot, or takes its frames for those of others`;
    case "beyond within":
      return `${finding.file} has something of an episode that was not saved`;
    case "in use":
      return "another program records into it just now, or repairs it: the episode that is being saved is not looked at";
  }
}
