/** Whether a service runs, for what can be done with it and without. */
import { ApiError, askService } from "../api/client.ts";
import type { Status } from "../api/protocol.ts";

/** The status of the service that listens at one of `sockets`; undefined when none does. Throws {@link ApiError}. */
export async function statusIfRunning(sockets: readonly string[]): Promise<Status | undefined> {
  try {
    return await askService(sockets, { do: "status" });
  } catch (error) {
    if (error instanceof ApiError && error.problem.kind === "not running") return undefined;
    throw error;
  }
}
