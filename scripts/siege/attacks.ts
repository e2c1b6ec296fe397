/** All attacks of the siege, in the order in which they are made. */
import type { Attack } from "./attack.ts";
import { bus } from "./bus.ts";
import { files } from "./files.ts";
import { kills } from "./kills.ts";
import { network } from "./network.ts";
import { page } from "./page.ts";
import { socket } from "./socket.ts";

export type { Attack, AttackReport } from "./attack.ts";

export const ATTACKS: readonly Attack[] = [bus, socket, network, page, files, kills];
