/** What the error bits of a servo's status mean to a person. */
import { type ErrorBitName, namesOfErrorBits } from "../feetech/registers.ts";

/** What a bit means, as it is said after "reports", and what to do about it. */
export interface ErrorMeaning {
  readonly what: string;
  readonly cure: string;
}

/** What a servo reports by each bit. */
export const errorMeanings = {
  voltage: { what: "a voltage outside its limits", cure: "check the arm's supply and its leads" },
  sensor: {
    what: "a failure of its angle sensor",
    cure: "switch the arm's power off and on; if it stays, replace the servo",
  },
  overheat: { what: "overheating", cure: "let it cool" },
  overcurrent: { what: "too much current", cure: "check that nothing blocks it" },
  overload: {
    what: "an overload",
    cure: "check that nothing blocks it; if it stays, switch the arm's power off and on",
  },
} as const satisfies Record<ErrorBitName, ErrorMeaning>;

/** What is reported by a bit, given as its mask. */
export function meaningOf(mask: number): ErrorMeaning {
  const [name] = namesOfErrorBits(mask);
  if (name !== undefined) return errorMeanings[name];
  return { what: `error bit ${mask}`, cure: "if it stays, switch the arm's power off and on" };
}
