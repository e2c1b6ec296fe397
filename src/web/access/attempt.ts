/** What all ways to claim a page have in common. */

/** What came of an attempt: undefined when it passed, else why not, for the person. */
export type Refusal = string | undefined;

/** Whose arms and boards count as ones that somebody is beside. */
export type CountedPorts = "own USB" | "any";

/** Shows on every page how an attempt stands: what is asked for, and how much of it is done, 0 to 1. */
export type Show = (shown: { readonly text: string; readonly progress: number }) => void;

/** A number from 0 to less than 1 that nobody can guess. */
export function unguessable(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32;
}
