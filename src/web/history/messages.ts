/** What a page is told of the last ten minutes. */
import type { Role } from "../../arm/joints.ts";

/** What is kept of each joint of each arm, and how many digits of it mean something. */
export const FIGURES = {
  /** In steps. */
  position: { digits: 0 },
  /** Where it stands, in degrees from the middle of its range; of the gripper, in percent of its range. */
  angle: { digits: 1 },
  /** Where it is told to go, likewise; of the follower alone. */
  goal: { digits: 1 },
  /** °C */
  temperature: { digits: 0 },
  /** V */
  voltage: { digits: 1 },
  /** mA */
  current: { digits: 0 },
  /** Percent of the most torque. */
  load: { digits: 1 },
} as const;

/** One of them. */
export type FigureName = keyof typeof FIGURES;

/** A series of an arm's figure. */
export type SeriesName = `${Role} ${FigureName}`;

/** Its name. */
export function nameOfSeries(role: Role, figure: FigureName): SeriesName {
  return `${role} ${figure}`;
}

/** A joint's figures, row by row, the oldest first; null is what was not known. */
export interface HistoryReply {
  /** The time of the reply, by the clock of the rows' times … */
  readonly nowMs: number;
  /** … and by the machine's clock of the day, ISO 8601. */
  readonly now: string;
  /** The times of the rows, ms of a clock that never goes back. */
  readonly timesMs: readonly number[];
  readonly series: Readonly<Record<SeriesName, readonly (number | null)[]>>;
}
