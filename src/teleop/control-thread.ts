/** The control thread: a Worker that owns both arms and talks to the main thread through shared memory. */
import { runOnTime } from "../linux/scheduling.ts";
import type { ControlEvent } from "./events.ts";
import { Pair } from "./pair.ts";
import type { PairSettings } from "./settings.ts";
import { SharedState } from "./shared/state.ts";

declare const self: Worker;

/** The one message that the control thread ever receives. */
export interface ControlOrder {
  readonly settings: PairSettings;
  readonly memory: SharedArrayBuffer;
}

const tell = (event: ControlEvent): void => self.postMessage(event);

self.onmessage = async ({ data }: MessageEvent<ControlOrder>) => {
  for (const refusal of runOnTime())
    tell({ kind: "notice", severity: "info", code: "program.not-real-time", message: refusal });
  await new Pair(data.settings, new SharedState(data.memory), tell).run();
};
