/** One figure of a joint over the last ten minutes, of both arms. */
import { useEffect } from "preact/hooks";
import type { SeriesName } from "../../history/messages.ts";
import { plotLook } from "../frame/plot-look.ts";
import { type PlotOptions, usePlot } from "../frame/use-plot.ts";
import { type History, SPAN_S } from "./history.ts";

/** A line of a plot. */
export interface Line {
  readonly series: SeriesName;
  readonly label: string;
  /** The variable of its colour. */
  readonly colour: "--leader" | "--follower" | "--quiet";
  readonly dash?: readonly number[];
}

interface Properties {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
  readonly history: History;
  /** Which share of the width is pointed at, 0 to 1; undefined where nothing is. */
  readonly pointed: number | undefined;
}

/** A label each so many seconds. */
const LABEL_EVERY_S = 120;

/** The plot, with what it says in words: where a finger points, else now. */
export function Plot({ title, unit, lines, history, pointed }: Properties) {
  const data = dataOf(history, lines);
  const [times] = data;
  const row = pointed === undefined ? times.length - 1 : rowNearest(times, (pointed - 1) * SPAN_S);
  const { place, plot } = usePlot(optionsFor(lines), data, lines);
  useEffect(() => plot.current?.setData(data), [history]);
  useEffect(() => {
    const made = plot.current;
    if (made === undefined) return;
    const left = pointed === undefined ? -10 : pointed * made.over.clientWidth;
    made.setCursor({ left, top: pointed === undefined ? -10 : 0 });
  }, [pointed, history]);
  const says = lines.map(({ series, label }) => {
    const value = history.series[series][row];
    return `${label} ${value === null || value === undefined ? "–" : `${value} ${unit}`}`;
  });
  const at = pointed === undefined || row < 0 ? "now" : `${(-times[row]! / 60).toFixed(1)} min ago`;
  return (
    <figure class="plot">
      <figcaption>
        <b>{title}</b> {at}:{" "}
        {says.map((words, index) => (
          <span key={lines[index]!.series} class={lines[index]!.colour.slice(2)}>
            {words}{" "}
          </span>
        ))}
      </figcaption>
      <div
        ref={place}
        role="img"
        aria-label={`${title} of the last ten minutes; ${at}: ${says.join(", ")}`}
      />
    </figure>
  );
}

/** Seconds before the newest row, and the lines' values. */
function dataOf({ timesMs, series }: History, lines: readonly Line[]): [number[], ...(number | null)[][]] {
  const newest = timesMs.at(-1) ?? 0;
  const values = lines.map((line) => series[line.series] as (number | null)[]);
  return [timesMs.map((time) => (time - newest) / 1e3), ...values];
}

/** The row whose time is nearest; -1 where there is none. */
function rowNearest(times: readonly number[], timeS: number): number {
  const after = times.findIndex((time) => time >= timeS);
  if (after <= 0) return after === 0 ? 0 : times.length - 1;
  return timeS - times[after - 1]! < times[after]! - timeS ? after - 1 : after;
}

function optionsFor(lines: readonly Line[]): PlotOptions {
  return (place) => {
    const { colour, axis } = plotLook(place);
    return {
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false },
        bind: { mousemove: () => null, mouseleave: () => null },
      },
      scales: { x: { time: false, range: [-SPAN_S, 0] } },
      axes: [
        {
          ...axis,
          size: 22,
          splits: () =>
            Array.from({ length: SPAN_S / LABEL_EVERY_S + 1 }, (_, at) => at * LABEL_EVERY_S - SPAN_S),
          values: (_, at) => at.map((second) => (second === 0 ? "now" : `${second / 60} min`)),
        },
        { ...axis, size: 44 },
      ],
      series: [
        {},
        ...lines.map(({ label, colour: name, dash }) => ({
          label,
          stroke: colour(name),
          width: 1.5,
          points: { show: false },
          ...(dash && { dash: [...dash] }),
        })),
      ],
    };
  };
}
