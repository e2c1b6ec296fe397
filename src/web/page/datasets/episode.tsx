/** An episode's plots: of each joint what the leader asked for, and where the follower was. */
import type { EpisodeLine, EpisodeReply } from "../../datasets/messages.ts";
import { plotLook } from "../frame/plot-look.ts";
import { usePlot } from "../frame/use-plot.ts";
import { byOwnMeans } from "../own-means.ts";
import { usePolled } from "../polled.ts";
import { durationOf } from "./listed.ts";

/** An episode does not change. */
const LOOK_EVERY_MS = 600_000;

/** It. */
export function Episode({ name, number }: { readonly name: string; readonly number: string }) {
  const query = new URLSearchParams({ name, number });
  const { answer, problem } = usePolled<EpisodeReply>(`/episode?${query}`, LOOK_EVERY_MS);
  return (
    <section class="datasets" aria-labelledby="episode-title">
      <p>
        <a class="button" href={`#datasets/${name}`}>
          All of {name}
        </a>
      </p>
      <h2 id="episode-title">
        {name}, episode {number}
      </h2>
      {problem !== undefined && (
        <p class="notice" role="alert">
          {byOwnMeans(problem)}
        </p>
      )}
      {answer === undefined ? (
        <p>{problem === undefined ? "Reading the episode …" : ""}</p>
      ) : (
        <>
          <p>
            {durationOf(answer.frames / answer.fps)}, {answer.frames} frames at {answer.fps} a second
            {answer.every > 1 && `; drawn is one in ${answer.every}`}.
          </p>
          {answer.lines.map((line, index) => (
            <LinePlot key={index} timesS={answer.timesS} of={line} />
          ))}
        </>
      )}
    </section>
  );
}

interface PlotProperties {
  readonly timesS: readonly number[];
  readonly of: EpisodeLine;
}

function LinePlot({ timesS, of }: PlotProperties) {
  const { name, action, state } = of;
  const none = timesS.map(() => null);
  const lines = [action ?? none, state ?? none].map((values) => [...values]);
  const { place } = usePlot(plotOptions, [[...timesS], ...lines], of);
  const [asked, was] = [rangeOf(action), rangeOf(state)];
  return (
    <figure class="plot">
      <figcaption>
        <b>{name}</b>: <span class="leader">action {asked}</span>, <span class="follower">state {was}</span>
      </figcaption>
      <div ref={place} role="img" aria-label={`${name} over time: action ${asked}, state ${was}`} />
    </figure>
  );
}

/** From where to where it goes. */
function rangeOf(values: readonly number[] | null): string {
  if (values === null || values.length === 0) return "–";
  const [min, max] = values.reduce(
    ([min, max], value) => [Math.min(min, value), Math.max(max, value)] as const,
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const,
  );
  return `${min.toFixed(1)} … ${max.toFixed(1)}`;
}

function plotOptions(place: HTMLElement) {
  const { colour, axis } = plotLook(place);
  const line = (label: string, name: string) => ({
    label,
    stroke: colour(name),
    width: 1.5,
    points: { show: false },
  });
  return {
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false } },
    axes: [
      { ...axis, size: 22, values: (_: unknown, at: number[]) => at.map((second) => `${second} s`) },
      { ...axis, size: 44 },
    ],
    series: [{}, line("action", "--leader"), line("state", "--follower")],
  };
}
