/** Doing at once what is asked for now and then, and with growing pauses what is asked for again and again. */
import { GrowingPauses } from "../../teleop/state/growing-pauses.ts";

/** Time, and being called back after so long; the process's own if left out. */
export interface PausesClock {
  nowMs(): number;
  later(act: () => void, ms: number): void;
}

const processClock: PausesClock = {
  nowMs: () => performance.now(),
  later: (act, ms) => void setTimeout(act, ms).unref(),
};

/** `act`, with pauses. However often it is asked for during one, it is done once at its end: the last wish counts. */
export function withPauses(act: () => void, clock: PausesClock = processClock): () => void {
  const pauses = new GrowingPauses();
  let isWaiting = false;
  const now = () => {
    isWaiting = false;
    pauses.begin(clock.nowMs() * 1e3);
    act();
  };
  return () => {
    if (isWaiting) return;
    const leftMs = pauses.leftMs(clock.nowMs() * 1e3);
    if (leftMs <= 0) {
      now();
      return;
    }
    isWaiting = true;
    clock.later(now, leftMs);
  };
}
