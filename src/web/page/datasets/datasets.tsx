/** The datasets of this machine: which there are, what is in one, and the plots of an episode. Nothing here changes one. */
import type { ListedDataset } from "../../datasets/messages.ts";
import type { ScreenProperties } from "../screens.tsx";
import { When } from "../when.tsx";
import { Dataset } from "./dataset.tsx";
import { Episode } from "./episode.tsx";
import { durationOf, episodesOf, sizeOf, useDatasets } from "./listed.ts";
import "./datasets.css";

/** The screen: all, one of them (`#datasets/NAME`), or an episode (`#datasets/NAME/3`). */
export function Datasets({ isClaimed, status }: ScreenProperties) {
  const [, name, episode] = location.hash.split("/").map(decoded);
  const { answer, problem } = useDatasets(`${status?.recording?.dataset} ${status?.recording?.episode}`);
  const listed = answer?.datasets.find((one) => one.name === name);
  if (name !== undefined && name !== "" && episode !== undefined) {
    return <Episode key={`${name}/${episode}`} name={name} number={episode} />;
  }
  if (name !== undefined && name !== "") {
    return <Dataset key={name} name={name} changedAt={listed?.changedAt} isClaimed={isClaimed} />;
  }
  return (
    <section class="datasets" aria-labelledby="datasets-title">
      <h2 id="datasets-title">Datasets</h2>
      {problem !== undefined && (
        <p class="notice" role="alert">
          {problem}
        </p>
      )}
      {answer?.problem && <p class="notice">{answer.problem}</p>}
      {answer === undefined ? (
        <p>{problem === undefined ? "Asking the machine …" : ""}</p>
      ) : (
        <>
          <p>
            {answer.datasets.length === 0 &&
              answer.problem === null &&
              "There is none yet: Record makes one. "}
            They are in {answer.folder}
            {answer.freeBytes !== null && `, where ${sizeOf(answer.freeBytes)} are free`}.
          </p>
          <ul class="list" aria-label="Datasets">
            {answer.datasets.map((dataset) => (
              <Listed key={dataset.name} of={dataset} />
            ))}
          </ul>
          {answer.others > 0 && (
            <p>
              {answer.others} more there {answer.others === 1 ? "is" : "are"} not shown: links, files, names
              other than letters, digits and . _ -, or more than are listed.
            </p>
          )}
        </>
      )}
    </section>
  );
}

function Listed({ of: { name, changedAt, info, problem } }: { readonly of: ListedDataset }) {
  return (
    <li>
      <a class="button" href={`#datasets/${name}`}>
        {name}
      </a>
      <p>
        {info === null
          ? `It cannot be read: ${problem}.`
          : `${episodesOf(info.episodes)}, ${info.frames} frames at ${info.fps} a second: ${durationOf(info.frames / info.fps)}.`}{" "}
        Changed <When time={changedAt} />.
      </p>
    </li>
  );
}

/** A part of the address; one that is not written as it should leads nowhere. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
