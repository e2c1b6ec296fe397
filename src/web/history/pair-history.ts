/** The last ten minutes of a pair, for plots: kept by the server, so that a page that opens now has them. */
import type { JointStatus, Status } from "../../api/protocol.ts";
import { JOINTS, type JointName, ROLES, type Role } from "../../arm/joints.ts";
import type { PageMessage } from "../messages.ts";
import { standOf } from "../pairs/stand.ts";
import { FIGURES, type FigureName, type HistoryReply, nameOfSeries, type SeriesName } from "./messages.ts";

/** Ten minutes of a status every 200 ms. In all it takes 1 MB a pair. */
const MOST_ROWS = 3_000;

/** What each figure is of a joint's status; NaN where that is unknown. */
const figureOf: Readonly<Record<FigureName, (of: JointStatus, joint: JointName) => number | null>> = {
  position: ({ positionSteps }) => positionSteps,
  angle: (of, joint) => angleOf(of, of.positionSteps, joint),
  goal: (of, joint) => angleOf(of, of.goalSteps, joint),
  temperature: ({ temperatureC }) => temperatureC,
  voltage: ({ voltageV }) => voltageV,
  current: ({ currentMa }) => currentMa,
  load: ({ loadPercent }) => loadPercent,
};
const NAMES = Object.keys(FIGURES) as FigureName[];

/** Rows of figures, of which the oldest goes for a new one. */
export class PairHistory {
  readonly #timesMs = new Float64Array(MOST_ROWS);
  readonly #values = new Float32Array(MOST_ROWS * ROLES.length * JOINTS.length * NAMES.length);
  /** How many there have been. */
  #rows = 0;
  #isKnown = false;

  /** Takes what is told of the pair at a time, ms of a clock that never goes back. */
  take(message: PageMessage, timeMs: number): void {
    if (message.kind === "status") this.#add(message.status, timeMs);
    // One row is enough that no line leads over a time in which nothing was known.
    else if (message.kind === "absent" && this.#isKnown) this.#add(undefined, timeMs);
  }

  /** What is known of a joint after a time; `now` is what the clock of the times and that of the day say. */
  of(joint: JointName, afterMs: number, now: { readonly ms: number; readonly date: Date }): HistoryReply {
    const slots: number[] = [];
    for (let row = Math.max(0, this.#rows - MOST_ROWS); row < this.#rows; row++) {
      if (this.#timesMs[row % MOST_ROWS]! > afterMs) slots.push(row % MOST_ROWS);
    }
    const index = JOINTS.indexOf(joint);
    const series = {} as Record<SeriesName, (number | null)[]>;
    for (const role of ROLES) {
      for (const figure of NAMES) {
        const start = columnOf(role, index, figure) * MOST_ROWS;
        const scale = 10 ** FIGURES[figure].digits;
        series[nameOfSeries(role, figure)] = slots.map((slot) => {
          const value = this.#values[start + slot]!;
          return Number.isNaN(value) ? null : Math.round(value * scale) / scale;
        });
      }
    }
    return {
      nowMs: now.ms,
      now: now.date.toISOString(),
      timesMs: slots.map((slot) => this.#timesMs[slot]!),
      series,
    };
  }

  #add(status: Status | undefined, timeMs: number): void {
    const slot = this.#rows % MOST_ROWS;
    // As it is told: by this a page asks for what comes after it.
    this.#timesMs[slot] = Math.round(timeMs);
    for (const role of ROLES) {
      for (const [index, joint] of JOINTS.entries()) {
        const of = status?.arms[role].joints[joint];
        for (const figure of NAMES) {
          const value = of && figureOf[figure](of, joint);
          this.#values[columnOf(role, index, figure) * MOST_ROWS + slot] = value ?? Number.NaN;
        }
      }
    }
    this.#rows++;
    this.#isKnown = status !== undefined;
  }
}

function columnOf(role: Role, joint: number, figure: FigureName): number {
  return (ROLES.indexOf(role) * JOINTS.length + joint) * NAMES.length + NAMES.indexOf(figure);
}

/** Degrees from the middle of a joint's range; of the gripper, percent of its range. */
function angleOf({ rangeSteps }: JointStatus, position: number | null, joint: JointName): number | null {
  if (position === null || rangeSteps === null) return null;
  const stand = standOf(joint, position, rangeSteps);
  return joint === "gripper" ? 100 * stand : stand;
}
