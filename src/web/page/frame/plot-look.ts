/** How every plot looks, in the light and in the dark. */
import { useEffect, useState } from "preact/hooks";
import "uplot/dist/uPlot.min.css";

/** The page's colours by their variables, as they are where the plot stands; and what all axes are like. */
export function plotLook(place: HTMLElement) {
  const style = getComputedStyle(place);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--quiet"),
    font: "11px system-ui, sans-serif",
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  return { colour, axis };
}

/** Whether the page is dark; a canvas does not change its colours by itself. */
export function useDarkness(): boolean {
  const [query] = useState(() => matchMedia("(prefers-color-scheme: dark)"));
  const [isDark, setIsDark] = useState(query.matches);
  useEffect(() => {
    const changed = () => setIsDark(query.matches);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, [query]);
  return isDark;
}
