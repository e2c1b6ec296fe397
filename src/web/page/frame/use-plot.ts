/** A plot that is as wide as its place. */
import { useEffect, useRef } from "preact/hooks";
import UPlot from "uplot";
import { useDarkness } from "./plot-look.ts";

/** How high each plot is, px. */
const HEIGHT = 130;

/** What a plot is made of, for the place where it stands; its size is not for it to say. */
export type PlotOptions = (place: HTMLElement) => Omit<UPlot.Options, "width" | "height">;

/**
 * Has a plot stand in the element that gets `place`, and makes it anew when `of` is another one, or the page's light. `plot` is
 * the one that stands there.
 */
export function usePlot(optionsFor: PlotOptions, data: UPlot.AlignedData, of: unknown) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  const isDark = useDarkness();
  useEffect(() => {
    const stands = place.current!;
    const size = { width: Math.max(100, stands.clientWidth), height: HEIGHT };
    const made = new UPlot({ ...optionsFor(stands), ...size }, data, stands);
    plot.current = made;
    const resized = new ResizeObserver(([entry]) =>
      made.setSize({ width: Math.floor(entry!.contentRect.width), height: HEIGHT }),
    );
    resized.observe(stands);
    return () => {
      resized.disconnect();
      made.destroy();
    };
  }, [isDark, of]);
  return { place, plot };
}
