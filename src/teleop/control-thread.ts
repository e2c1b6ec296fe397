/** The control thread: a Worker that owns both arms and talks to the main thread through shared memory. */
import type { Role } from "../arm/joints.ts";
import { ttyPorts } from "../arm/tty-ports.ts";
import { systemClock } from "../linux/clock.ts";
import { runOnTime } from "../linux/scheduling.ts";
import { Pair } from "./pair.ts";
import type { ControlEvent } from "./reporting/events.ts";
import type { PairSettings } from "./settings.ts";
import { openMemory } from "./shared/control-memory.ts";

declare const self: Worker;

/** So long a port that is to be opened keeps the other arm waiting at most: the main thread answers within some ms. */
const LOOK_PATIENCE_MS = 50;

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
  const { questions } = memory;
  const roleAt = (path: string): Role => (path === data.settings.arms.leader.port ? "leader" : "follower");
  const ports = ttyPorts({
    take: (path) => questions.lookAtPort(roleAt(path), systemClock, LOOK_PATIENCE_MS),
    forget: (path) => questions.forget(roleAt(path)),
  });
  await new Pair(data.settings, { ports, memory, sink, onMissingEdge: "start over" }).run();
};
