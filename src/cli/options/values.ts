/** The values that options take, read from the command line. */
import { InvalidArgumentError } from "commander";

/** The value of an option that takes seconds, more than 0. Throws InvalidArgumentError. */
export function positiveSeconds(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value > 0 && Number.isFinite(value)))
    throw new InvalidArgumentError("Expected seconds, more than 0.");
  return value;
}
