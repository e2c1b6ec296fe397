/** Having an arm for the time of a workflow: the service out of the way, the port open, and both given back. */
import { CalibrationStore } from "../arm/calibration/store.ts";
import type { ArmConnection } from "../arm/connection.ts";
import type { ArmIdentity } from "../arm/identity.ts";
import type { ArmProblem } from "../arm/problem.ts";
import { problemOf } from "../arm/problem-of.ts";
import { connectionTo } from "../arm/system-ports.ts";
import type { ChosenArm } from "../config/choose-arm.ts";
import type { BusAccess } from "../feetech/access.ts";
import type { Bus } from "../feetech/bus.ts";
import { type PausedUnit, pauseUnit, stopUnit, unitOwning } from "../host/service.ts";
import { sayProblem } from "../messages/problems.ts";
import { PortError } from "../serial/transport.ts";
import { AlreadyTold, Interrupted } from "./errors.ts";
import type { Operator } from "./operator.ts";
import { pause } from "./pause.ts";

/** An arm whose port is open. */
export interface OpenArm extends ChosenArm {
  /** How messages name it: `leader "my_leader"`. */
  readonly name: string;
  readonly bus: Bus;
  /** Where its calibration file is. */
  readonly calibrations: CalibrationStore;
  /** What is missing of it, where it was wanted all the same. */
  readonly problem?: ArmProblem;
}

/** An arm whose connection is at hand. */
export interface ConnectedArm extends OpenArm {
  /** What is missing of it for all that a closer look finds, which may take seconds. Rejects with {@link PortError}. */
  lookCloser(): Promise<ArmProblem | undefined>;
}

/** How an arm is wanted. */
export interface Wish {
  /** What the workflow does to the servos; no workflow drives them. */
  readonly access: Exclude<BusAccess, "drive">;
  /** What becomes of a service that was stopped for the arm: started again, unless told otherwise. */
  readonly service?: "leave stopped";
}

/** A port that was just given up, or whose board was just plugged in, is tried again for so long. */
const PATIENCE_MS = 3_000;
const TRY_EVERY_MS = 100;

/**
 * Opens an arm, does `work` with it and closes it, with the service stopped meanwhile as {@link withConnection} has it.
 * All six servos must answer, unless "any" will do: then the board must be there.
 * Throws what `work` throws; an Error whose message says what is missing of the arm, or what has become of its port; what
 * {@link withConnection} throws.
 */
export async function withArm<T>(
  arm: ChosenArm,
  wish: Wish & { readonly servos?: "any" },
  operator: Operator,
  work: (arm: ConnectedArm) => Promise<T>,
): Promise<T> {
  return withConnection({ arm, port: arm.port }, wish, operator, async (connection) => {
    const { name, bus, problem } = connection;
    const lookCloser = async () => {
      await connection.lookCloser();
      return connection.problem;
    };
    if (problem !== undefined && (bus === undefined || wish.servos !== "any")) {
      throw new Error(sayProblem((await lookCloser()) ?? problem, operator.audience));
    }
    const calibrations = new CalibrationStore(arm.calibrationDir);
    try {
      return await work({
        ...arm,
        name,
        bus: bus!,
        calibrations,
        lookCloser,
        ...(problem !== undefined && { problem }),
      });
    } catch (error) {
      if (!(error instanceof PortError && connection.owns(error))) throw error;
      throw new Error(sayProblem(problemOf(error, arm), operator.audience), { cause: error });
    }
  });
}

/**
 * Opens arms as {@link withArm} does, all of them at once, so that a service is stopped once.
 * Throws as {@link withArm}.
 */
export function withArms<T>(
  [arm, ...others]: readonly ChosenArm[],
  wish: Wish & { readonly servos?: "any" },
  operator: Operator,
  work: (arms: readonly ConnectedArm[]) => Promise<T>,
): Promise<T> {
  if (arm === undefined) return work([]);
  return withArm(arm, wish, operator, (open) =>
    withArms(others, wish, operator, (rest) => work([open, ...rest])),
  );
}

/** What a connection is to. */
export interface ConnectedTo {
  /** Whose port it is; undefined for one that belongs to nobody yet. */
  readonly arm?: ArmIdentity;
  readonly port: string;
}

/**
 * Reaches for the arm on a port, does `work` with the connection, which may be one to nothing yet, and closes it. Where
 * the service has the port it is stopped, once the person agrees, and started again afterwards, whatever comes of the
 * work.
 * Throws what `work` throws; an Error that says which other program has the port; {@link Interrupted} when the service
 * must go on; {@link AlreadyTold} when it could not be started again; what the operator throws; {@link ServiceError}.
 */
export async function withConnection<T>(
  { arm, port }: ConnectedTo,
  wish: Wish,
  operator: Operator,
  work: (connection: ArmConnection) => Promise<T>,
): Promise<T> {
  const connection = connectionTo(arm, port, wish.access);
  let service: StoppedService | undefined;
  let isRestored = true;
  let outcome: T;
  try {
    await connection.reach();
    if (connection.problem?.code === "port.busy") {
      const unit = unitOwning(port);
      if (unit === undefined) throw new Error(sayProblem(connection.problem, operator.audience));
      service = await stopService(unit, wish, operator);
      operator.signal.throwIfAborted();
    }
    const passing = service === undefined ? ["port.denied"] : ["port.denied", "port.busy"];
    await waitForPort(connection, passing, operator.signal);
    outcome = await work(connection);
  } finally {
    await connection.close();
    if (service !== undefined) isRestored = await restoreService(service, operator);
  }
  if (!isRestored) throw new AlreadyTold("the service could not be started again");
  return outcome;
}

/** A service that was stopped, for good where it is not only paused. */
interface StoppedService {
  readonly unit: string;
  readonly paused?: PausedUnit;
}

/** Stops the service once the person agrees. Throws {@link Interrupted} when not. */
async function stopService(unit: string, { service }: Wish, operator: Operator): Promise<StoppedService> {
  const forGood = service === "leave stopped";
  const question =
    `The service ${unit} is using the arms. Stop it${forGood ? "" : " for now"}, which releases the follower? ` +
    (forGood ? "It stays stopped until you start it" : "It is started again afterwards");
  if (!(await operator.ask(question))) {
    throw new Interrupted(`the service ${unit} goes on; nothing was done`);
  }
  operator.tell("info", `Stopping ${unit} …`);
  if (!forGood) return { unit, paused: await pauseUnit(unit) };
  await stopUnit(unit);
  return { unit };
}

/** Waits while the port is not to be had for one of these reasons, which pass by themselves. */
async function waitForPort(
  connection: ArmConnection,
  passing: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const { problem } = connection;
    if (problem === undefined || !passing.includes(problem.code) || performance.now() > deadline) return;
    await pause(TRY_EVERY_MS, signal);
    await connection.reach();
  }
}

/** Starts the service again, or tells the person how to do it; false when it could not be started. */
async function restoreService({ unit, paused }: StoppedService, operator: Operator): Promise<boolean> {
  if (paused === undefined) {
    operator.tell("info", `${unit} stays stopped — start it with: sudo systemctl start ${unit}`);
    return true;
  }
  try {
    await paused.start();
    operator.tell("info", `${unit} is started again: the follower will go slowly to the leader's pose.`);
    return true;
  } catch (error) {
    operator.tell("warning", `${(error as Error).message} — start it with: sudo systemctl start ${unit}`);
    return false;
  }
}
