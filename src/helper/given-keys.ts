/** Checking keys that somebody gives for a configuration, before it is known which there are. */
import * as v from "valibot";

/** What means something to JavaScript: valibot's record passes over these, as if nobody had given them. */
const PASSED_OVER = ["__proto__", "prototype", "constructor"];

/** Takes an object none of whose keys a record would pass over: who gives one is told that it is none. */
export const withGivenKeys = v.custom<object>(
  (given) =>
    typeof given === "object" &&
    given !== null &&
    !Array.isArray(given) &&
    !PASSED_OVER.some((key) => Object.hasOwn(given, key)),
  "not a key",
);
