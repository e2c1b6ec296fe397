/** One look at an arm's servos, as data. */
import type { Calibration } from "../../arm/calibration/calibration.ts";
import type { ServoFigures } from "../../arm/servos/telemetry.ts";

/** Gives samples of an arm. */
export interface Source {
  /** How the arm is now. */
  sample(): Promise<Sample>;
  /** Ends what was begun for that. */
  close?(): void;
}

/** A servo's figures, null where one is not known. */
export type SampledFigures = {
  readonly [Name in keyof ServoFigures]: Name extends "errors"
    ? ServoFigures[Name]
    : ServoFigures[Name] | null;
};

/** What was read of an arm. */
export interface Sample {
  readonly name: string;
  /** In the joints' order; null where there was no answer. */
  readonly joints: readonly (SampledFigures | null)[];
  /** What is missing, and what to do. */
  readonly trouble: string | undefined;
  /** What the bus has counted; undefined while there is none. */
  readonly bus?: BusFigures | undefined;
  /** What positions are normalised by. */
  readonly calibration?: Calibration | undefined;
  /** Who has the bus, when it is not the monitor itself. */
  readonly via?: string;
}

/** What a bus has counted. */
export interface BusFigures {
  readonly timeouts: number;
  readonly corrupted: number;
  readonly noiseBytes: number;
  /** Replies that each joint owes, in the joints' order. */
  readonly lost: readonly number[];
}
