/** Borrowing arms from the services that have them, for the time of a workflow: the one way to their ports while they run. */
import { listeningSockets, lockPath } from "../api/address.ts";
import { ApiError, askService, borrow, type Loan } from "../api/client.ts";
import type { Status } from "../api/protocol.ts";
import { ROLES } from "../arm/joints.ts";
import { MAIN_PAIR } from "../config/pairs.ts";
import { lockOwnerOf } from "../linux/owners/owner.ts";
import { realPath } from "../linux/real-path.ts";
import { command } from "../messages/audience.ts";
import { messageOf } from "./api-problem.ts";
import { Interrupted } from "./errors.ts";
import type { Operator } from "./operator.ts";

/** What arms are borrowed for. */
export interface Purpose {
  /** In a few small letters: the service's status says it. */
  readonly purpose: string;
  /** How the service goes on afterwards: as before, unless its follower is to stay released. */
  readonly service?: "stays released";
}

/** What is known beside the ports that were borrowed. */
export interface Borrowed {
  /** Whether a service has lent them: it closes them in a moment, where it has not yet. */
  readonly isLent: boolean;
  /** Why a service that has them could not be asked, if one could not, by its process. */
  whyNotLent(pid: number | undefined): ApiError | undefined;
}

/** A service whose configuration has one of the ports. */
interface Lender {
  readonly socket: string;
  readonly status: Status;
}

/**
 * Does `work` with the ports free of our services: each that has one of them lends its arms, once the person agrees, and
 * has them again afterwards, whatever comes of the work. A service that wants them back ends the work by
 * {@link Operator.interrupt}.
 * Throws what `work` throws; {@link Interrupted} when the arms are not to be borrowed; {@link ApiError}; what the operator
 * throws.
 */
export async function withBorrowed<T>(
  ports: readonly string[],
  { purpose, service }: Purpose,
  operator: Operator,
  work: (borrowed: Borrowed) => Promise<T>,
): Promise<T> {
  const { lenders, silent } = await servicesOn(ports, operator);
  const loans: { readonly lender: Lender; readonly loan: Loan }[] = [];
  try {
    for (const lender of lenders) {
      await agree(lender, service, operator);
      operator.tell("info", "Borrowing the arms: the follower is released …");
      if (service === "stays released") await askService([lender.socket], { do: "release" });
      const loan = await borrow([lender.socket], purpose, operator.signal);
      loans.push({ lender, loan });
      if (loan.torque === "unknown") {
        operator.tell("warning", "Not all servos of the follower answered the service: the arm may hold.");
      }
      const { recalled } = loan;
      const why = () => new Interrupted(messageOf(recalled.reason, operator.audience));
      recalled.addEventListener("abort", () => operator.interrupt(why()), { once: true });
    }
    operator.signal.throwIfAborted();
    return await work({ isLent: loans.length > 0, whyNotLent: (pid) => silent.get(pid) });
  } finally {
    for (const { lender, loan } of loans) {
      const isRecalled = loan.recalled.aborted;
      loan.end();
      if (!isRecalled) operator.tell("info", sayGoesOn(lender, service, operator));
    }
  }
}

/** The services that have one of the ports in their configuration, and those that could not be asked, by their pids. */
async function servicesOn(
  ports: readonly string[],
  { audience }: Operator,
): Promise<{ readonly lenders: Lender[]; readonly silent: ReadonlyMap<number | undefined, ApiError> }> {
  const sockets = audience.socket === undefined ? listeningSockets() : [audience.socket];
  const wanted = new Set(ports.map(realPath));
  const lenders: Lender[] = [];
  const silent = new Map<number | undefined, ApiError>();
  await Promise.all(
    sockets.map(async (socket) => {
      try {
        const status = (await askService([socket], { do: "status" }))!;
        if (ROLES.some((role) => wanted.has(realPath(status.arms[role].port))))
          lenders.push({ socket, status });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        const { kind } = error.problem;
        if (kind !== "not running") silent.set(lockOwnerOf(lockPath(socket))?.pid, error);
      }
    }),
  );
  return { lenders: lenders.sort((a, b) => (a.socket < b.socket ? -1 : 1)), silent };
}

/**
 * Asks the person, unless the service neither holds nor moves anything, nor will by itself. Throws {@link Interrupted} when
 * it is to go on.
 */
async function agree({ status }: Lender, service: Purpose["service"], operator: Operator): Promise<void> {
  if (status.mode !== "running" && !holds(status)) return;
  const who = nameOfService(status);
  const after =
    service === "stays released"
      ? "It stays released until you resume it"
      : "It goes on as before afterwards";
  if (await operator.ask(`${who} has the arms. Borrow them, which releases the follower? ${after}`)) return;
  throw new Interrupted(`${lowerFirst(who)} keeps the arms; nothing was done`);
}

function holds({ arms }: Status): boolean {
  return Object.values(arms.follower.joints).some(({ torqueOn }) => torqueOn === true);
}

function sayGoesOn({ status }: Lender, service: Purpose["service"], { audience }: Operator): string {
  const who = nameOfService(status);
  const resume = `"${command(audience, "resume")}" goes on`;
  const mode = service === "stays released" ? "released" : status.mode;
  // Another loan had not ended yet: what the service does after it is not known here.
  if (mode === "lent") return `${who} has the arms again.`;
  return mode === "running"
    ? `${who} has the arms again: the follower will go slowly to the leader's pose.`
    : `${who} has the arms again, and stays ${mode}: ${resume}.`;
}

function nameOfService({ pair }: Status): string {
  return pair === MAIN_PAIR ? "The service" : `The service of the pair ${pair}`;
}

function lowerFirst(text: string): string {
  return text[0]!.toLowerCase() + text.slice(1);
}
