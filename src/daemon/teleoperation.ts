/** The main thread's hold on a running teleoperation: starts the control thread, hears it, steers it, stops it. */
import type { ControlMessage, ControlOrder } from "../teleop/control-thread.ts";
import type { EventSink } from "../teleop/reporting/events.ts";
import type { Left } from "../teleop/reporting/problem.ts";
import type { PairSettings } from "../teleop/settings.ts";
import type { MainMemory } from "../teleop/shared/control-memory.ts";
import type { Telemetry } from "../teleop/shared/telemetry.ts";
import { controlThread } from "../teleop/thread.ts";
import { answersFor } from "./answers.ts";

/** Nothing that the control thread does takes longer without a sign of life: releasing an arm that is silent takes 3 s. */
const HANGS_AFTER_LOOKS = 8;
const LOOK_EVERY_MS = 1_000;

/** The control thread is alive and does not get on. The process must end: nothing can be done from outside it. */
export class ControlHangs extends Error {
  override readonly name = "ControlHangs";
  /** For how long it has not got on, in s. */
  readonly forS = (HANGS_AFTER_LOOKS * LOOK_EVERY_MS) / 1000;
}

/** A teleoperation that runs in a thread of its own. */
export interface Teleoperation {
  /**
   * Resolves with how the follower was left when it has been stopped as configured; rejects when the control thread failed, with
   * {@link ControlHangs} when it hangs. The follower then stays as it is.
   */
  readonly stopped: Promise<Left>;
  /** Asks for a stop. The second call asks for a quick one: no parking. */
  stop(): void;
  /** Asks for an end that leaves the follower held, for the program that comes next. A stop that was asked for stays. */
  handOver(): void;
}

/** Starts teleoperating a pair: `memory` is where the control thread publishes, and is asked; `sink` hears of every change, on this thread. */
export function startTeleoperation(
  settings: PairSettings,
  memory: MainMemory,
  sink: EventSink,
): Teleoperation {
  const { mailbox, telemetry } = memory;
  const worker = controlThread();
  const answer = answersFor(settings, memory);
  const stopped = new Promise<Left>((resolve, reject) => {
    const watching = watchHeartbeat(telemetry, reject);
    worker.onmessage = ({ data }: MessageEvent<ControlMessage>) => {
      if (data.kind === "question") return answer();
      sink(data);
      if (data.kind !== "stopped") return;
      clearInterval(watching);
      // It waits for messages again, and would keep the process alive.
      worker.terminate();
      resolve(data.left);
    };
    const failed = (message: string) => {
      clearInterval(watching);
      reject(new Error(message));
    };
    worker.onerror = ({ message }) => failed(`the control thread failed: ${message}`);
    worker.addEventListener("close", () => failed("the control thread ended"));
  });
  worker.postMessage({ settings, memory: memory.buffer } satisfies ControlOrder);
  return {
    stopped,
    stop: () => mailbox.requestEnd(mailbox.isEnding ? "stopQuickly" : "stop"),
    handOver: () => {
      if (!mailbox.isEnding) mailbox.requestEnd("handOver");
    },
  };
}

/** Looks are counted, not time: a process that was stopped and continued has not been looked at meanwhile. */
function watchHeartbeat(telemetry: Telemetry, hangs: (error: ControlHangs) => void): NodeJS.Timeout {
  let last = -1;
  let unchanged = 0;
  return setInterval(() => {
    const beat = telemetry.heartbeat;
    unchanged = beat === last ? unchanged + 1 : 0;
    last = beat;
    if (unchanged < HANGS_AFTER_LOOKS) return;
    hangs(new ControlHangs("the control thread does not get on"));
  }, LOOK_EVERY_MS);
}
