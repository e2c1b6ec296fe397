/** The control socket of a running teleoperation: what comes on it, done to the pair. */
import { listeningPath } from "../api/address.ts";
import type { EventCode } from "../teleop/codes.ts";
import type { Tell } from "../teleop/events.ts";
import type { Mode } from "../teleop/shared/state.ts";
import { type ControlServer, serveControl } from "./api-server.ts";
import { type StatusSources, statusOf } from "./status.ts";

/**
 * Serves the control socket, at `path` or in the pair's own place. Without one the program runs all the same: why is
 * told.
 */
export async function control(
  path: string | undefined,
  sources: () => StatusSources,
  tell: Tell,
): Promise<ControlServer | undefined> {
  const { pair, shared } = sources();
  const set = (mode: Mode, code: EventCode, message: string) => {
    if (shared.mode === mode) return;
    shared.mode = mode;
    tell({ kind: "notice", severity: "info", code, message });
  };
  const listenAt = path ?? listeningPath(pair);
  try {
    if (listenAt === undefined) throw new Error("there is no folder for it that this user may write to");
    return await serveControl(listenAt, {
      status: () => statusOf(sources()),
      pause: () => set("paused", "pair.paused", "somebody asked for the follower to stay where it is"),
      release: () => set("released", "pair.released", "somebody asked to let the follower down"),
      resume: () => set("running", "pair.resumed", "somebody asked to go on"),
    });
  } catch (error) {
    const message = `no control socket, so that "so101 status" and the like will not work: ${(error as Error).message}`;
    tell({ kind: "notice", severity: "info", code: "control.refused", message });
    return undefined;
  }
}
