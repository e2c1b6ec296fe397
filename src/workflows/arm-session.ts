/** Having an arm for the time of a workflow: borrowed from the service, the port open, and both given back. */
import { CalibrationStore } from "../arm/calibration/store.ts";
import type { ArmConnection } from "../arm/connection.ts";
import type { ArmIdentity } from "../arm/identity.ts";
import type { ArmProblem } from "../arm/problem.ts";
import { problemOf } from "../arm/problem-of.ts";
import { connectionTo } from "../arm/system-ports.ts";
import type { ChosenArm } from "../config/choose-arm.ts";
import type { BusAccess } from "../feetech/access.ts";
import type { Bus } from "../feetech/bus.ts";
import { sayProblem } from "../messages/problems.ts";
import { PortError } from "../serial/transport.ts";
import { type Borrowed, type Purpose, withBorrowed } from "./borrowing.ts";
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
export interface Wish extends Purpose {
  /** What the workflow does to the servos; no workflow drives them. */
  readonly access: Exclude<BusAccess, "drive">;
}

/** A port that was just given up, or whose board was just plugged in, is tried again for so long. */
const PATIENCE_MS = 3_000;
const TRY_EVERY_MS = 100;

/**
 * Opens an arm, does `work` with it and closes it, borrowed from the service that has it as {@link withBorrowed} does.
 * All six servos must answer, unless "any" will do: then the board must be there.
 * Throws what `work` throws; an Error whose message says what is missing of the arm, or what has become of its port; what
 * {@link withConnection} throws.
 */
export function withArm<T>(
  arm: ChosenArm,
  wish: Wish & { readonly servos?: "any" },
  operator: Operator,
  work: (arm: ConnectedArm) => Promise<T>,
): Promise<T> {
  return withArms([arm], wish, operator, ([open]) => work(open!));
}

/**
 * Opens arms as {@link withArm} does, all of them at once, so that they are borrowed once.
 * Throws as {@link withArm}.
 */
export function withArms<T>(
  arms: readonly ChosenArm[],
  wish: Wish & { readonly servos?: "any" },
  operator: Operator,
  work: (arms: readonly ConnectedArm[]) => Promise<T>,
): Promise<T> {
  const ports = arms.map((arm) => ({ arm, port: arm.port }));
  return withConnections(ports, wish, operator, async (connections) => {
    const open: ConnectedArm[] = [];
    for (const [index, arm] of arms.entries()) {
      open.push(await connected(arm, connections[index]!, wish, operator));
    }
    try {
      return await work(open);
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      const arm = arms.find((_, index) => connections[index]!.owns(error));
      if (arm === undefined) throw error;
      throw new Error(sayProblem(problemOf(error, arm), operator.audience), { cause: error });
    }
  });
}

async function connected(
  arm: ChosenArm,
  connection: ArmConnection,
  { servos }: { readonly servos?: "any" },
  { audience }: Operator,
): Promise<ConnectedArm> {
  const { name, bus, problem } = connection;
  const lookCloser = async () => {
    await connection.lookCloser();
    return connection.problem;
  };
  if (problem !== undefined && (bus === undefined || servos !== "any")) {
    throw new Error(sayProblem((await lookCloser()) ?? problem, audience));
  }
  const calibrations = new CalibrationStore(arm.calibrationDir);
  return { ...arm, name, bus: bus!, calibrations, lookCloser, ...(problem !== undefined && { problem }) };
}

/** What a connection is to. */
export interface ConnectedTo {
  /** Whose port it is; undefined for one that belongs to nobody yet. */
  readonly arm?: ArmIdentity;
  readonly port: string;
}

/** Does `work` with one connection. Throws as {@link withConnections}. */
export function withConnection<T>(
  to: ConnectedTo,
  wish: Wish,
  operator: Operator,
  work: (connection: ArmConnection) => Promise<T>,
): Promise<T> {
  return withConnections([to], wish, operator, ([connection]) => work(connection!));
}

/**
 * Reaches for the arms on ports, does `work` with the connections, which may be to nothing yet, and closes them. A service
 * that has one of the ports lends them, as {@link withBorrowed} has it.
 * Throws what `work` throws; an Error that says which other program has a port; what {@link withBorrowed} throws.
 */
export function withConnections<T>(
  to: readonly ConnectedTo[],
  wish: Wish,
  operator: Operator,
  work: (connections: readonly ArmConnection[]) => Promise<T>,
): Promise<T> {
  const ports = to.map(({ port }) => port);
  return withBorrowed(ports, wish, operator, async (borrowed) => {
    const connections = to.map(({ arm, port }) => connectionTo(arm, port, wish.access));
    try {
      for (const connection of connections) await open(connection, borrowed, operator);
      return await work(connections);
    } finally {
      for (const connection of connections) await connection.close();
    }
  });
}

/** Reaches for an arm. Throws an Error that says which other program has the port, {@link ApiError}. */
async function open(connection: ArmConnection, borrowed: Borrowed, operator: Operator): Promise<void> {
  await connection.reach();
  const passing = borrowed.isLent ? ["port.denied", "port.busy"] : ["port.denied"];
  await waitForPort(connection, passing, operator.signal);
  const { problem } = connection;
  if (problem?.code !== "port.busy") return;
  throw borrowed.whyNotLent(problem.owner?.pid) ?? new Error(sayProblem(problem, operator.audience));
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
