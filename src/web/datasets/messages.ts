/** What a page is told of the datasets in the machine's folder. */

/** What a dataset may be called on the page: a name that is no path, is not hidden, and means nothing to any program. */
export const DATASET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** A dataset as it is listed: what its info.json says, which is quick to read. */
export interface ListedDataset {
  readonly name: string;
  /** When it was changed last. */
  readonly changedAt: string;
  /** What it is; null of one that cannot be read. */
  readonly info: {
    readonly episodes: number;
    readonly frames: number;
    readonly fps: number;
    readonly robotType: string | null;
  } | null;
  /** Why it cannot be read; null where it can. */
  readonly problem: string | null;
}

/** The datasets. */
export interface DatasetsReply {
  /** Where they are. */
  readonly folder: string;
  /** Why the folder cannot be looked at; null where it can. */
  readonly problem: string | null;
  /** What is free on its disk; null where that is not known. */
  readonly freeBytes: number | null;
  /** The newest first, and no more than anybody looks through. */
  readonly datasets: readonly ListedDataset[];
  /** What else is in the folder: more datasets, folders of odd names, links. */
  readonly others: number;
}

/** An episode as it is listed. */
export interface ListedEpisode {
  readonly number: number;
  readonly frames: number;
  readonly tasks: readonly string[];
  /** Frames that the recorder had to do without. */
  readonly gaps: number;
}

/** What is in a dataset, and what the check finds. */
export interface DatasetReply {
  /** What it has; null where that cannot be read, as the findings say. */
  readonly content: DatasetContent | null;
  /** What the check finds, the worst first; nothing where all is well. No more than anybody reads. */
  readonly findings: readonly { readonly level: "error" | "warning"; readonly text: string }[];
  /** How many findings there are in all: more than are listed say no more. */
  readonly findingCount: number;
}

/** What is in a dataset. */
export interface DatasetContent {
  readonly fps: number;
  readonly robotType: string | null;
  /** Of our own card; null where nobody has said it. */
  readonly units: "range" | "degrees" | null;
  /** The first of them, and no more than anybody looks through. */
  readonly episodes: readonly ListedEpisode[];
  /** How many there are in all. */
  readonly episodeCount: number;
}

/** An episode's plots. */
export interface EpisodeReply {
  readonly number: number;
  readonly fps: number;
  readonly frames: number;
  /** Of how many frames one is here: there are more than a screen has pixels. */
  readonly every: number;
  readonly timesS: readonly number[];
  /** Of each joint, or whatever else a robot has. */
  readonly lines: readonly EpisodeLine[];
}

/** What the leader asked for, and where the follower was: as long as the times; null of what the episode has not. */
export interface EpisodeLine {
  readonly name: string;
  readonly action: readonly number[] | null;
  readonly state: readonly number[] | null;
}
