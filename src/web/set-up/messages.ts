/** What the page is told of a pair that is set up. */
import * as v from "valibot";
import { ROLES } from "../../arm/joints.ts";

const arm = v.picklist(ROLES);

const stepSchema = v.object({
  step: v.picklist(["boards", "servos", "calibrations", "compare", "follow"]),
  state: v.picklist(["done", "now", "to do"]),
  /** What is there, or is to be done, in words. */
  text: v.string(),
});

/** Checks it. */
export const setUpViewSchema = v.object({
  /** The USB boards that are plugged in. */
  boards: v.array(
    v.object({
      name: v.string(),
      port: v.string(),
      /** Whose it is; null while it has no name. */
      arm: v.nullable(arm),
    }),
  ),
  steps: v.array(stepSchema),
  /** The arms of the pair that are on this machine. */
  arms: v.array(arm),
  /** Whether the boards have names: before, no leader can be told from any other arm. */
  isNamed: v.boolean(),
  /** Whose calibration file is waited for. */
  awaitedFile: v.nullable(arm),
});

/** How far a pair has come. */
export type SetUpView = v.InferOutput<typeof setUpViewSchema>;

/** One step of it. */
export type SetUpStep = v.InferOutput<typeof stepSchema>;

/** The name of a step. */
export type StepName = SetUpStep["step"];
