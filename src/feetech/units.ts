/**
 * Numbers with a unit, which the compiler keeps apart: neither steps where degrees are wanted nor degrees where steps
 * are. At run time they are numbers and nothing else. What comes of arithmetic is a plain number; give it its unit
 * where it leaves a function.
 */

declare const unit: unique symbol;

type In<Unit extends string> = number & { readonly [unit]: Unit };

/** A servo's position or a distance: 4096 steps a turn; an encoder reads 0…4095. */
export type Steps = In<"steps">;

/** How fast a servo turns, and which way. */
export type StepsPerS = In<"steps/s">;

/** How much a servo's speed changes, steps/s². */
export type StepsPerS2 = In<"steps/s²">;

/** An angle; as a normalised position, from the middle of the joint's calibrated range. */
export type Degrees = In<"°">;

/** How fast an angle changes, °/s. */
export type DegreesPerS = In<"°/s">;

/**
 * A share of a whole: of a servo's torque; as a normalised position −100…100 of a body joint's calibrated range,
 * 0…100 of the gripper's.
 */
export type Percent = In<"%">;

/** A voltage. */
export type Volts = In<"V">;

/** A current, mA. */
export type Milliamperes = In<"mA">;

/** A temperature, °C. */
export type Celsius = In<"°C">;

/** A time, ms. */
export type Milliseconds = In<"ms">;

/** A time, µs. */
export type Microseconds = In<"µs">;

/** So many steps. */
export const steps = (value: number) => value as Steps;

/** So many steps in a second. */
export const stepsPerS = (value: number) => value as StepsPerS;

/** So many degrees. */
export const degrees = (value: number) => value as Degrees;

/** So many percent. */
export const percent = (value: number) => value as Percent;

/** So many volts. */
export const volts = (value: number) => value as Volts;

/** Steps in one turn of the encoder. */
export const STEPS_PER_TURN = 4096;

/** As many steps as an angle has, not rounded: 4096 to 360°. */
export function degreesToSteps(angle: Degrees): Steps {
  return steps((angle * STEPS_PER_TURN) / 360);
}

/** The angle that so many steps are, or the angular speed of so many in a second: 360° to 4096. */
export function stepsToDegrees(distance: Steps): Degrees;
export function stepsToDegrees(speed: StepsPerS): DegreesPerS;
export function stepsToDegrees(value: number): number {
  return (value * 360) / STEPS_PER_TURN;
}
