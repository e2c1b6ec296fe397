/** Which faults chaos draws, and how often. */

import type { Random } from "../random.ts";
import { ARM_FAULTS } from "./arm-faults.ts";
import type { Draw, Fault, Victims } from "./fault.ts";
import { HAND_FAULTS } from "./hand-faults.ts";
import { MACHINE_FAULTS } from "./machine-faults.ts";

/** Faults of arms, hands and the machine that has them. */
export const LOCAL_DRAWS: Readonly<Record<string, Draw>> = {
  ...ARM_FAULTS,
  ...HAND_FAULTS,
  ...MACHINE_FAULTS,
};

/** How often each is drawn, against the others. Restarts are rare: only a process that lives shows whether it grows. */
const weights: Readonly<Record<string, number>> = {
  "killed process": 0.15,
  "busy machine": 0.3,
  "pull both": 0.5,
};

/** Draws one of these faults, that uses nothing of `taken`. */
export function drawFault<Of extends Victims>(
  random: Random,
  victims: Of,
  taken: ReadonlySet<string>,
  draws: Readonly<Record<string, (random: Random, victims: Of) => Fault>>,
): Fault {
  const kinds = Object.keys(draws);
  for (;;) {
    const kind = random.of(kinds);
    if (!random.chance(weights[kind] ?? 1)) continue;
    const fault = draws[kind]!(random, victims);
    if (!fault.uses.some((use) => taken.has(use))) return fault;
  }
}
