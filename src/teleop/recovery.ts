import { problemOf } from "../arm/problem-of.ts";
import { BusError } from "../feetech/bus-error.ts";
import { PortError } from "../serial/transport.ts";
import type { PairParts } from "./context.ts";
import { JointOutOfRange } from "./loop/position-limits.ts";
import type { Preparation } from "./preparation.ts";
import { LOOK_AGAIN_MS } from "./state/decide.ts";
import { MissingEdge } from "./state/machine.ts";
import type { RetryPauses } from "./state/retry.ts";

/** What recovering needs of the pair. */
export interface RecoveryContext extends PairParts {
  readonly preparation: Preparation;
  readonly retry: RetryPauses;
}

/** Tells of an error, and leaves the pair such that the next look goes on from it. Throws what is no arm's doing. */
export async function recover(error: unknown, context: RecoveryContext): Promise<void> {
  const { arms, connections, machine, reporter, preparation, retry, ports, memory } = context;
  if (error instanceof JointOutOfRange) {
    // The next check of the arms tells it, until it is settled.
    preparation.foundOutOfRange(error);
    return;
  }
  retry.failed(ports.clock.nowUs());
  if (error instanceof PortError) {
    const role = connections.leader.owns(error) ? "leader" : "follower";
    await connections[role].fail(error);
    // Of a board that is gone, and of one that another program has, the next look says what to do.
    if (error.trouble === "lost" || error.trouble === "in use") return;
    reporter.failed(problemOf(error, arms[role]));
  } else if (error instanceof BusError) {
    const role = connections.leader.bus === error.bus ? "leader" : "follower";
    reporter.failed(problemOf(error, arms[role]));
  } else if (error instanceof MissingEdge && context.onMissingEdge === "start over") {
    // No goal is written any more: the follower is held as it is.
    reporter.notice("fault", { code: "program.internal-error", what: error.message });
    machine.enter("waiting", [{ code: "program.internal-error", what: error.message }]);
  } else {
    throw error;
  }
  memory.mailbox.wait(ports.clock, LOOK_AGAIN_MS);
}
