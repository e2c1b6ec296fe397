/** All attacks of the siege, in the order in which they are made. */
import type { Attack } from "./attack.ts";
import { files } from "./files.ts";
import { kills } from "./kills.ts";

export type { Attack, AttackReport } from "./attack.ts";

export const ATTACKS: readonly Attack[] = [files, kills];
