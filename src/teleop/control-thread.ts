/** The control thread: a Worker that owns both arms and talks to the main thread through shared memory. */
import { systemPorts } from "../arm/connection.ts";
import { runOnTime } from "../linux/scheduling.ts";
import { Pair } from "./pair.ts";
import type { ControlEvent } from "./reporting/events.ts";
import type { PairSettings } from "./settings.ts";
import { openMemory } from "./shared/control-memory.ts";

declare const self: Worker;

/** The one message that the control thread ever receives. */
export interface ControlOrder {
  readonly settings: PairSettings;
  readonly memory: SharedArrayBuffer;
}

const sink = (event: ControlEvent): void => self.postMessage(event);

self.onmessage = async ({ data }: MessageEvent<ControlOrder>) => {
  for (const { refused, errno } of runOnTime()) {
    sink({
      kind: "notice",
      severity: "info",
      problem: { code: "program.not-real-time", refused, errno },
    });
  }
  const memory = openMemory(data.memory);
  await new Pair(data.settings, { ports: systemPorts, memory, sink, onMissingEdge: "start over" }).run();
};
