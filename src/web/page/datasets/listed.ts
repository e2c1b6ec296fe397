/** The datasets of the machine, and what is free on their disk, while somebody looks. */
import type { DatasetsReply } from "../../datasets/messages.ts";
import { type Polled, usePolled } from "../polled.ts";

/** An episode takes longer. */
const LOOK_EVERY_MS = 10_000;

/** Them; read again within a second whenever `news` is another one. */
export function useDatasets(news?: string): Polled<DatasetsReply> {
  return usePolled<DatasetsReply>("/datasets", LOOK_EVERY_MS, news);
}

/** How many episodes: `1 episode`. */
export function episodesOf(count: number): string {
  return `${count} ${count === 1 ? "episode" : "episodes"}`;
}

/** Bytes, as a person reads how much there is: `1.2 GB`. */
export function sizeOf(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}

/** Seconds, as a person reads how long: `1:05`, `1:02:05`. */
export function durationOf(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
