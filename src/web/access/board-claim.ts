/** While no board is named, no leader is known: who is beside the boards unplugs one, and plugs it in again. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Board } from "../../host/boards.ts";
import { RULES_DIR, RULES_FILE, rulesIn } from "../../host/naming-rules.ts";
import type { Boards } from "../boards.ts";
import type { ServedPair } from "../pairs/served-pair.ts";
import { type CountedPorts, type Refusal, type Show, unguessable } from "./attempt.ts";

const WITHIN_MS = 20_000;

/** Whether any board is named: a rule of ours names one, or a pair has the port of one of its arms. Never rejects. */
export async function areNamed(pairs: readonly ServedPair[], counted: CountedPorts): Promise<boolean> {
  // The rules of the machine name no simulated board.
  if (counted === "own USB" && rulesIn(join(RULES_DIR, RULES_FILE)).length > 0) return true;
  const statuses = await Promise.all(pairs.map(({ feed }) => feed.ask()));
  return statuses.some((status) => status && Object.values(status.arms).some(({ port }) => existsSync(port)));
}

/**
 * Picks a board, and waits until it has gone and is back; undefined then, else why not, for the person. `isCounted` says of
 * a port whether somebody can be beside it. Never rejects.
 */
export async function unplugAndReplug(
  boards: Boards,
  isCounted: (port: string) => boolean,
  show: Show,
  signal: AbortSignal,
): Promise<Refusal> {
  const counted = async () => (await boards.list()).filter(({ path }) => isCounted(path));
  const first = await counted();
  const picked = first[Math.floor(unguessable() * first.length)];
  if (picked === undefined) {
    return "No board is plugged in: plug the boards of both arms into this machine, then try again.";
  }
  const before = countsOf(first);
  const without = countsOf(first.filter((board) => board !== picked));
  const which = first.length === 1 ? "the board" : `the board ${describe(picked)}, and no other`;
  const { promise, resolve } = Promise.withResolvers<Refusal>();
  let isOut = false;
  let looking = Promise.resolve();
  const look = async () => {
    const now = countsOf(await counted());
    if (!isOut && Bun.deepEquals(now, without)) {
      isOut = true;
      show({ text: "Plug it in again, into the same socket.", progress: 0.5 });
    } else if (isOut && Bun.deepEquals(now, before)) resolve(undefined);
    else if (!Bun.deepEquals(now, isOut ? without : before)) {
      resolve("That was another board: try again, and unplug only the one that is asked for.");
    }
  };
  show({ text: `Unplug ${which} within ${WITHIN_MS / 1e3} s, and plug it in again.`, progress: 0 });
  const over = new AbortController();
  boards.watch(
    () => {
      looking = looking.then(look);
    },
    AbortSignal.any([over.signal, signal]),
  );
  const timer = setTimeout(
    () => resolve(`The ${WITHIN_MS / 1e3} s are over: ${isOut ? "it is not back" : "try again"}.`),
    WITHIN_MS,
  );
  const gone = () => resolve("The page has gone away.");
  signal.addEventListener("abort", gone, { once: true });
  if (signal.aborted) gone();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", gone);
    over.abort();
  }
}

/** How many boards there are of each kind and serial number: what a board is called in /dev may change. */
function countsOf(boards: readonly Board[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { vendorId, productId, serial } of boards) {
    const key = JSON.stringify([vendorId, productId, serial]);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** What is printed on a board, or told by the system about it. */
function describe({ serial, product, path }: Board): string {
  return serial === undefined ? `${product ?? ""} at ${path}`.trim() : `with serial ${serial}`;
}
