/** What a check finds in a dataset, as data: `messages/findings.ts` words it. */
import type { Gap } from "../gaps.ts";
import type { DatasetProblem } from "../problem.ts";
import type { STAT_KEYS } from "../stats.ts";

/** Where something was found. */
interface Where {
  /** The file, below the dataset's folder. */
  readonly file: string;
}

interface OfEpisode {
  readonly episode: number;
}

interface OfColumn {
  readonly column: string;
}

/** A figure that is not the one it must be. */
interface Figure {
  readonly has: number;
  readonly wanted: number;
}

/** What was found. A kind's name says what is wrong. */
export type Found =
  /** It cannot be read, or not on from there. */
  | { readonly kind: "unusable"; readonly problem: DatasetProblem }
  /** Nothing has been recorded yet: LeRobot looks for such a dataset on the Hub. */
  | { readonly kind: "empty" }
  /** Of another robot than a pair of these arms: it cannot be recorded into here, nor replayed. */
  | { readonly kind: "other robot"; readonly robotType: string | null; readonly column: string | undefined }
  | { readonly kind: "unknown keys"; readonly keys: readonly string[] }
  | { readonly kind: "splits"; readonly train: string | undefined; readonly wanted: string }
  /** A column that every dataset has, and that this one describes otherwise, or not at all. */
  | ({ readonly kind: "default column" } & OfColumn)
  | { readonly kind: "no tasks" }
  /** Without pandas' index every look-up of a task is wrong. */
  | { readonly kind: "task index" }
  | ({ readonly kind: "task number"; readonly row: number } & Figure)
  | { readonly kind: "task twice"; readonly task: string }
  | ({ readonly kind: "tasks" | "episodes" | "frames" } & Figure)
  | ({ readonly kind: "episode order"; readonly row: number } & Figure)
  /** `dataset_from_index` and `dataset_to_index` of its row. */
  | ({ readonly kind: "from" | "to" } & OfEpisode & Figure)
  /** Its row says that it stands in another file than it does. */
  | ({ readonly kind: "row place" } & OfEpisode & Where)
  /** A column that the first file of rows has not. */
  | ({ readonly kind: "row column" } & OfColumn & Where)
  | ({ readonly kind: "episode task"; readonly task: string } & OfEpisode)
  | ({ readonly kind: "no column" } & OfColumn & Where)
  | ({ readonly kind: "column type"; readonly has: string; readonly wanted: string } & OfColumn & Where)
  /** LeRobot casts a file to the columns of `info.json`, and refuses one that has more. */
  | ({ readonly kind: "extra column" } & OfColumn & Where)
  /** A type that LeRobot does not know. */
  | ({ readonly kind: "unknown type"; readonly dtype: string } & OfColumn)
  /** LeRobot reads parts of episodes by row groups, one an episode. */
  | ({ readonly kind: "row groups" } & Where)
  /** LeRobot reads files in the order of their names, and takes a frame's number for its row. */
  | ({ readonly kind: "file order" } & OfEpisode & Where)
  /** A value that a rule gives: times, numbers of frames, of episodes, of tasks. */
  | ({ readonly kind: "value"; readonly frame: number } & OfEpisode & OfColumn & Figure)
  /** A frame's task is none of those of its episode. */
  | ({ readonly kind: "frame task"; readonly frame: number; readonly has: number } & OfEpisode)
  | { readonly kind: "no statistics" }
  | ({ readonly kind: "column statistics" } & OfColumn)
  /** Older versions of LeRobot had none. */
  | ({ readonly kind: "no quantiles" } & OfColumn)
  /** `episode` where they are those of an episode's row. */
  | ({
      readonly kind: "statistics";
      readonly key: (typeof STAT_KEYS)[number];
      readonly episode: number | undefined;
    } & OfColumn &
      Figure)
  /** Statistics of numbers that have changed since: LeRobot's tools leave them so when they delete, split or merge episodes. */
  | { readonly kind: "renumbered"; readonly columns: readonly string[] }
  | ({ readonly kind: "row statistics" } & OfEpisode)
  | ({ readonly kind: "no video" } & OfEpisode & Where)
  /** Its index cannot be read: it was not written to its end, or is no MP4. */
  | ({ readonly kind: "damaged video" } & Where)
  /** How many frames it has, and how many a second. */
  | ({ readonly kind: "video frames" | "video rate" } & Where & Figure)
  /** The seconds that a video has for an episode, and where they begin. */
  | ({ readonly kind: "video time" | "video start" } & OfEpisode & OfColumn & Figure)
  /** Nothing says what the numbers of positions mean. */
  | { readonly kind: "no units" }
  | ({ readonly kind: "gaps"; readonly gaps: readonly Gap[] } & OfEpisode)
  /** Left by a recorder that was ended: `info.json` does not count it. A repair removes it. */
  | ({ readonly kind: "beyond" } & Where)
  /** Not counted either, but LeRobot reads it all the same: it cannot, or takes its frames for others. A repair removes it. */
  | ({ readonly kind: "beyond in the way" } & Where)
  /** It says more than counts. A repair puts it right. */
  | ({ readonly kind: "beyond within" } & Where)
  /** Another program records into it just now. */
  | { readonly kind: "in use" };

/** How much it matters: with an error LeRobot does not load it, or takes wrong numbers from it; a warning is worth knowing. */
export type Level = "error" | "warning";

/** Something that a check has found. */
export type Finding = Found & { readonly level: Level };

const WARNINGS: ReadonlySet<Found["kind"]> = new Set<Found["kind"]>([
  "empty",
  "other robot",
  "unknown keys",
  "splits",
  "row place",
  "row groups",
  "no quantiles",
  "renumbered",
  "row statistics",
  "no units",
  "gaps",
  "beyond",
  "beyond within",
  "in use",
]);

/** How much something matters that was found. */
export function levelOf({ kind }: Found): Level {
  return WARNINGS.has(kind) ? "warning" : "error";
}

/** Whether a repair puts it right. */
export function isRepairable({ kind }: Found): boolean {
  return kind === "beyond" || kind === "beyond in the way" || kind === "beyond within";
}
