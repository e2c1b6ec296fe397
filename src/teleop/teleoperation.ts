/** The main thread's hold on a running teleoperation: starts the control thread, hears it, stops it. */
import type { ControlOrder } from "./control.ts";
import type { ControlEvent, Tell } from "./events.ts";
import type { PairSettings } from "./settings.ts";
import { Command, SharedState } from "./shared.ts";

/** A teleoperation that runs in a thread of its own. */
export interface Teleoperation {
  /** What the control thread publishes, as it changes. */
  readonly shared: SharedState;
  /** Resolves when the follower has been stopped as configured; rejects when the control thread failed. */
  readonly stopped: Promise<void>;
  /** Asks for a stop. A second call does nothing. */
  stop(): void;
}

/** Starts teleoperating a pair; `tell` hears of every change, on this thread. */
export function startTeleoperation(settings: PairSettings, tell: Tell): Teleoperation {
  const shared = new SharedState();
  const worker = new Worker(new URL("./control.ts", import.meta.url).href, { smol: true });
  const stopped = new Promise<void>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<ControlEvent>) => {
      tell(data);
      if (data.kind !== "stopped") return;
      // It waits for messages again, and would keep the process alive.
      worker.terminate();
      resolve();
    };
    worker.onerror = ({ message }) => reject(new Error(`the control thread failed: ${message}`));
    worker.addEventListener("close", () => reject(new Error("the control thread ended")));
  });
  worker.postMessage({ settings, memory: shared.buffer } satisfies ControlOrder);
  return { shared, stopped, stop: () => shared.request(Command.stop) };
}
