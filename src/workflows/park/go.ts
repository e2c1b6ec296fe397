/** Having the service lead the follower to its parking pose and release it there. */
import { ApiError, askService, watchService } from "../../api/client.ts";
import { isParkingEnd } from "../../api/parking.ts";
import type { Status } from "../../api/protocol.ts";
import { Interrupted } from "../errors.ts";
import type { Operator } from "../operator.ts";
import { askFor } from "../wish.ts";

/** The service is asked so often how far it has come. */
const LOOK_EVERY_MS = 100;
/** A service begins within so long, and says within so long after the way what came of it. */
const PATIENCE_MS = 8_000;

/**
 * Parks the follower of the service that listens at one of `sockets`; resolves when its torque is off. Who interrupts it
 * has it held where it is. Throws {@link ApiError}, {@link Interrupted}, an Error that says why it is not parked.
 */
export async function park(sockets: readonly string[], operator: Operator): Promise<void> {
  operator.signal.throwIfAborted();
  const askedAt = new Date().toISOString();
  await askService(sockets, { do: "park" });
  try {
    await untilParked(sockets, askedAt, operator);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    const torque = await askFor("pause", sockets, new AbortController().signal);
    throw new Interrupted(
      torque === "off"
        ? "interrupted: the torque of the follower is off"
        : "interrupted: the follower is held where it is",
    );
  }
}

async function untilParked(sockets: readonly string[], askedAt: string, operator: Operator): Promise<void> {
  let told = "";
  let deadline = performance.now() + PATIENCE_MS;
  for await (const status of watchService(sockets, LOOK_EVERY_MS, operator.signal)) {
    const outcome = outcomeOf(status, askedAt);
    if (outcome !== undefined) {
      const { isParked, message } = outcome;
      if (!isParked) throw new Error(`${message} (the service is ${status.state}: ${status.why})`);
      operator.event(
        { event: "parked", arm: "follower", id: status.arms.follower.id },
        { tone: "done", message },
      );
      return;
    }
    if (status.state === "aligning") {
      deadline = performance.now() + PATIENCE_MS;
      if (status.why !== told) operator.tell("info", status.why);
      told = status.why;
    }
    if (performance.now() > deadline) {
      throw new Error(
        `the service does not say that the follower is parked: it is ${status.state}, ${status.why}`,
      );
    }
  }
  throw new ApiError({ kind: "ended" });
}

/** What the service has told of a parking that was asked for then. */
function outcomeOf(
  { events }: Status,
  askedAt: string,
): { readonly isParked: boolean; readonly message: string } | undefined {
  const found = events.find(({ time, code }) => time >= askedAt && isParkingEnd(code));
  // A servo that did not confirm its release makes a warning of it.
  return (
    found && {
      isParked: found.severity === "info" && found.code.endsWith("pair.parked"),
      message: found.message,
    }
  );
}
