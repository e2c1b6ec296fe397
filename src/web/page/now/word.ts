/** What a pair does, in one word. */
import type { Known } from "../screens.tsx";

/** The word, and the class by which it is coloured. */
export interface Word {
  readonly word: string;
  readonly look: string;
}

type Because = Extract<Known, { kind: "absent" }>["because"];

/** Why a pair's service says nothing. */
const absences: Readonly<Record<Because, string>> = {
  "not running": "no service",
  ended: "no service",
  silent: "no answer",
  denied: "no access",
  unknown: "another version",
  refused: "no answer",
  failed: "no answer",
};

/** The word for what is known of a pair. */
export function wordOf(known: Known): Word {
  if (known === undefined) return { word: "…", look: "unknown" };
  if (known.kind === "absent") return { word: absences[known.because], look: "absent" };
  const { state, mode } = known.status;
  return { word: mode === "running" ? state : `${state} (${mode})`, look: state };
}
