/** What is in a dataset, what the check finds, and taking it along. */
import type { DatasetContent, DatasetReply, ListedEpisode } from "../../datasets/messages.ts";
import { byOwnMeans } from "../own-means.ts";
import { usePolled } from "../polled.ts";
import { durationOf, episodesOf } from "./listed.ts";

interface Properties {
  readonly name: string;
  /** It is read again when that is another time. */
  readonly changedAt: string | undefined;
  readonly isClaimed: boolean;
}

/** Reading a large one takes seconds: when it changes it is read at once. */
const LOOK_EVERY_MS = 60_000;

const UNITS = {
  range: "percent of the calibrated range",
  degrees: "degrees, of the gripper percent",
} as const;

/** It. */
export function Dataset({ name, changedAt, isClaimed }: Properties) {
  const query = new URLSearchParams({ name });
  const { answer, problem } = usePolled<DatasetReply>(`/dataset?${query}`, LOOK_EVERY_MS, changedAt);
  return (
    <section class="datasets" aria-labelledby="dataset-title">
      <p>
        <a class="button" href="#datasets">
          All datasets
        </a>
      </p>
      <h2 id="dataset-title">{name}</h2>
      {problem !== undefined && (
        <p class="notice" role="alert">
          {byOwnMeans(problem)}
        </p>
      )}
      {answer === undefined && problem === undefined && <p>Reading the dataset …</p>}
      {answer && <Findings of={answer} />}
      {answer?.content && <Content name={name} of={answer.content} />}
      {isClaimed ? (
        <p>
          <a class="button" href={`/dataset.tar?${query}`} download={`${name}.tar`}>
            Download {name}.tar
          </a>
        </p>
      ) : (
        <p>
          To download it takes a claimed page.{" "}
          <a class="button" href="#access">
            Claim this page
          </a>
        </p>
      )}
    </section>
  );
}

function Findings({ of: { findings, findingCount } }: { readonly of: DatasetReply }) {
  if (findingCount === 0) return <p class="well">The check finds nothing.</p>;
  return (
    <>
      <h3 id="findings">What the check finds</h3>
      <ul aria-labelledby="findings" class="findings">
        {findings.map(({ level, text }, index) => (
          <li key={index} class={level}>
            <b>{level === "error" ? "wrong" : "worth knowing"}</b>: {byOwnMeans(text)}
          </li>
        ))}
      </ul>
      {findingCount > findings.length && <p>… and {findingCount - findings.length} more.</p>}
    </>
  );
}

function Content({ name, of }: { readonly name: string; readonly of: DatasetContent }) {
  const { fps, robotType, units, episodes, episodeCount } = of;
  return (
    <>
      <p>
        {episodesOf(episodeCount)} at {fps} frames a second, of {robotType ?? "a robot of no name"}. Units:{" "}
        {units === null ? "not known, for no card of ours is with it" : UNITS[units]}.
      </p>
      <h3 id="episodes">Episodes</h3>
      <ul aria-labelledby="episodes" class="list">
        {episodes.map((episode) => (
          <EpisodeLine key={episode.number} name={name} fps={fps} of={episode} />
        ))}
      </ul>
      {episodeCount > episodes.length && <p>… and {episodeCount - episodes.length} more.</p>}
    </>
  );
}

interface LineProperties {
  readonly name: string;
  readonly fps: number;
  readonly of: ListedEpisode;
}

function EpisodeLine({ name, fps, of: { number, frames, tasks, gaps } }: LineProperties) {
  return (
    <li>
      <a class="button" href={`#datasets/${name}/${number}`}>
        Episode {number}
      </a>
      <p>
        {durationOf(frames / fps)}, {frames} frames: {tasks.join("; ") || "no task"}
        {gaps > 0 && <b class="gaps"> {gaps} frames were lost.</b>}
      </p>
    </li>
  );
}
