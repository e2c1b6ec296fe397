/** What a metric of a pair is. */
import type { Status } from "../api/protocol.ts";

/** What a sample is of. */
export type Labels = Readonly<Record<string, string>>;

/** One metric of a pair: its name with the unit, what it is, and its samples; null where nothing is known. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "summary";
  samples(status: Status): readonly (readonly [labels: Labels, value: number | null])[];
}
