/** The control thread: a Worker that owns both arms and talks to the main thread through shared memory. */
import { systemPorts } from "../arm/connection.ts";
import { runOnTime } from "../linux/scheduling.ts";
import { Pair } from "./pair.ts";
import type { ControlEvent } from "./reporting/events.ts";
import type { PairSettings } from "./settings.ts";
import { openMemory } from "./shared/control-memory.ts";

declare const self: Worker;

/** The messages of the control thread: what happens, and that it has asked the main thread something. */
export type ControlMessage = ControlEvent | { readonly kind: "question" };

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
  const question: ControlMessage = { kind: "question" };
  const memory = openMemory(data.memory, () => self.postMessage(question));
  await new Pair(data.settings, { ports: systemPorts, memory, sink, onMissingEdge: "start over" }).run();
};
