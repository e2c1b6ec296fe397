/** What an attack of the siege is: hostile input of one kind, and what became of it. */
import type { Random } from "../random.ts";

/** What attacks have to work with. */
export interface Siege {
  /** The compiled program. */
  readonly program: string;
  readonly random: Random;
  /** About how long the attack may take, s. */
  readonly seconds: number;
  /** A folder of the attack's own, empty and private. */
  readonly dir: string;
  /** Says what is being done, for who watches. */
  say(line: string): void;
}

/** What became of an attack. In `lost`, `hung` and `escalated` stands one sentence for each case: none, where all is well. */
export interface AttackReport {
  /** How many hostile inputs were tried. */
  readonly tried: number;
  /** Files or data that were lost or damaged, safety rules that were broken, crashes. */
  readonly lost: readonly string[];
  /** What did not end, or did not answer, in its time. */
  readonly hung: readonly string[];
  /** What was written, read or owned with rights that the attacker has not. */
  readonly escalated: readonly string[];
  /** What was measured, by its name with the unit. */
  readonly figures?: Readonly<Record<string, number | string>>;
}

/** One kind of hostile input. */
export interface Attack {
  readonly name: string;
  run(siege: Siege): Promise<AttackReport>;
}
