/** The control socket of a running teleoperation: what comes on it, done to the pair. */
import { listeningPath } from "../../api/address.ts";
import { factOf, isSystemError, whyOf } from "../../linux/system-error.ts";
import type { Audience } from "../../messages/audience.ts";
import { sayProblem } from "../../messages/problems.ts";
import type { EventSink } from "../../teleop/reporting/events.ts";
import type { Problem } from "../../teleop/reporting/problem.ts";
import type { Mode } from "../../teleop/state/states.ts";
import { SampleStream } from "./sample-stream.ts";
import { type ApiServer, serveApi } from "./server.ts";
import { type StatusSources, statusOf } from "./status.ts";

/**
 * Serves the control socket, at `path` or in the pair's own place; `reload` reads the configuration again. Without one the program runs all the same: why is
 * told.
 */
export async function startApi(
  path: string | undefined,
  sources: () => StatusSources,
  sink: EventSink,
  reload: () => void,
  audience: () => Audience,
): Promise<ApiServer | undefined> {
  const { pair, memory } = sources();
  const { mailbox } = memory;
  const tell = (problem: Problem) => sink({ kind: "notice", severity: "info", problem });
  const set = (mode: Mode, problem: Problem) => {
    if (mailbox.mode === mode && !mailbox.isParkAsked) return;
    mailbox.mode = mode;
    tell(problem);
  };
  const park = () => {
    if (mailbox.isParkAsked) return;
    const { arms, parkPose } = sources().settings;
    if (parkPose === undefined) {
      const arm = { role: "follower", id: arms.follower.id } as const;
      sink({
        kind: "notice",
        severity: "warning",
        problem: { code: "pair.not-parked", arm, why: "no pose" },
      });
      return;
    }
    tell({ code: "pair.parking", stage: "asked" });
    mailbox.requestPark();
  };
  /** Why the follower cannot be held, released or parked now. */
  const obstacle = (what: string) => {
    if (!memory.claims.has("follower")) return undefined;
    const { port } = sources().settings.arms.follower;
    const problem = { code: "port.busy", path: port, owner: memory.claims.ownerOf("follower") } as const;
    return `the follower cannot be ${what}: ${sayProblem(problem, audience())}`;
  };
  /** Of what is asked for all the same. */
  const later = (why: string | undefined) => (why === undefined ? undefined : `${why}; then it is done`);
  const listenAt = path ?? listeningPath(pair);
  try {
    if (listenAt === undefined) throw new Error("there is no folder for it that this user may write to");
    return await serveApi(listenAt, {
      status: () => statusOf(sources()),
      samples: (everyMs) => new SampleStream(memory.readSamples(), everyMs),
      pause() {
        set("paused", { code: "pair.paused", stage: "asked" });
        return later(obstacle("held"));
      },
      release() {
        set("released", { code: "pair.released", stage: "asked" });
        return later(obstacle("released"));
      },
      resume() {
        set("running", { code: "pair.resumed" });
        return undefined;
      },
      park() {
        const hindered = obstacle("parked");
        if (hindered === undefined) park();
        return hindered;
      },
      reload() {
        reload();
        return undefined;
      },
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
