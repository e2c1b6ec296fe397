/** The control socket of a running teleoperation: what comes on it, done to the pair. */
import { listeningPath } from "../../api/address.ts";
import { factOf, isSystemError, whyOf } from "../../linux/system-error.ts";
import type { EventSink } from "../../teleop/reporting/events.ts";
import type { Problem } from "../../teleop/reporting/problem.ts";
import type { Mode } from "../../teleop/state/states.ts";
import { SampleStream } from "./sample-stream.ts";
import { type ApiServer, serveApi } from "./server.ts";
import { type StatusSources, statusOf } from "./status.ts";

/**
 * Serves the control socket, at `path` or in the pair's own place. Without one the program runs all the same: why is
 * told.
 */
export async function startApi(
  path: string | undefined,
  sources: () => StatusSources,
  sink: EventSink,
): Promise<ApiServer | undefined> {
  const { pair, memory } = sources();
  const set = (mode: Mode, problem: Problem) => {
    if (memory.mailbox.mode === mode) return;
    memory.mailbox.mode = mode;
    sink({ kind: "notice", severity: "info", problem });
  };
  const listenAt = path ?? listeningPath(pair);
  try {
    if (listenAt === undefined) throw new Error("there is no folder for it that this user may write to");
    return await serveApi(listenAt, {
      status: () => statusOf(sources()),
      samples: (everyMs) => new SampleStream(memory.readSamples(), everyMs),
      pause: () => set("paused", { code: "pair.paused", stage: "asked" }),
      release: () => set("released", { code: "pair.released", stage: "asked" }),
      resume: () => set("running", { code: "pair.resumed" }),
    });
  } catch (error) {
    const problem = {
      code: "control.refused",
      why: isSystemError(error) ? factOf(error) : whyOf(error),
    } as const;
    sink({ kind: "notice", severity: "info", problem });
    return undefined;
  }
}
