/**
 * The network's client as a child of a service that was started by hand: this program itself, in a process of its own, so
 * that whatever comes over the network reaches no loop. It ends when this one does, however that ends.
 */
import { lastLineOf, type SelfStarted, startSelf } from "../../host/programs.ts";
import type { EventSink } from "../../teleop/reporting/events.ts";

/** It is started again at once, and where it ends again and again after ever longer, s. */
const AGAIN_S = [0.5, 1, 2, 5, 10, 30] as const;
/** One that has run for so long has not ended again and again. */
const GOOD_AFTER_MS = 60_000;

/** Without the compiler for what must be fastest it is 4 MB smaller, and as fast as it must be: so101-network.service, too. */
const SMALL = { BUN_JSC_useFTLJIT: "0" } as const;

/** A running client. */
export interface ClientProcess {
  /** Has it say goodbye to the broker, and end. */
  stop(): void;
}

/** Runs this program with these words for as long as this process does; `sink` is told when it ends by itself. */
export function runClientProcess(words: readonly string[], sink: EventSink): ClientProcess {
  let running: SelfStarted | undefined;
  let timer: NodeJS.Timeout | undefined;
  let failures = 0;
  let isStopped = false;
  const start = async () => {
    const startedMs = performance.now();
    running = startSelf(words, SMALL);
    const [why, exitCode] = await Promise.all([lastLineOf(running.stderr), running.exited]);
    if (isStopped) return;
    failures = performance.now() - startedMs > GOOD_AFTER_MS ? 0 : failures + 1;
    const againS = AGAIN_S[Math.min(failures, AGAIN_S.length) - 1] ?? AGAIN_S[0];
    const problem = { code: "network.client-ended", exitCode, why, againS } as const;
    sink({ kind: "notice", severity: "warning", problem });
    timer = setTimeout(() => void start(), againS * 1_000);
  };
  void start();
  return {
    stop() {
      isStopped = true;
      clearTimeout(timer);
      running?.stdin.end();
    },
  };
}
