/** Having an arm for the time of a command: the service out of the way, the port open, and both given back. */

import { CalibrationStore } from "../arm/calibration/store.ts";
import { ArmConnection } from "../arm/connection.ts";
import { nameOfArm } from "../arm/identity.ts";
import type { Dialogue } from "../cli/operator/dialogue.ts";
import type { ChosenArm } from "../config/choose-arm.ts";
import type { Bus, BusAccess } from "../feetech/bus.ts";
import { type PausedUnit, pauseUnit, stopUnit, unitOwning } from "../host/service.ts";
import { Interrupted } from "./errors.ts";
import { pause } from "./pause.ts";

/** An arm whose port is open. */
export interface OpenArm extends ChosenArm {
  /** How messages name it: `leader "my_leader"`. */
  readonly name: string;
  readonly bus: Bus;
  /** Where its calibration file is. */
  readonly calibrations: CalibrationStore;
  /** What is missing of it, where it was wanted all the same. */
  readonly trouble?: string;
}

/** How an arm is wanted. */
export interface Wish {
  /** What the command does to the servos; no command drives them. */
  readonly access: Exclude<BusAccess, "drive">;
  /** What becomes of a service that was stopped for the arm: started again, unless told otherwise. */
  readonly service?: "leave stopped";
  readonly dialogue: Dialogue;
  readonly signal: AbortSignal;
}

/** A port that was just given up, or whose board was just plugged in, is tried again for so long. */
const PATIENCE_MS = 3_000;
const TRY_EVERY_MS = 100;

/**
 * Opens an arm, does `work` with it and closes it, with the service stopped meanwhile as {@link withLink} has it. All
 * six servos must answer, or with `partial` the board must be there.
 * Throws what `work` throws; an Error whose message says what is missing of the arm; what {@link withLink} throws.
 */
export async function withArm<T>(
  arm: ChosenArm,
  wish: Wish & { readonly partial?: true },
  work: (arm: OpenArm) => Promise<T>,
): Promise<T> {
  const name = nameOfArm(arm);
  return withLink(name, arm.port, wish, async ({ bus, trouble }) => {
    if (bus === undefined || (trouble !== undefined && !wish.partial)) throw new Error(trouble);
    const calibrations = new CalibrationStore(arm.calibrationDir);
    return work({ ...arm, name, bus, calibrations, ...(trouble !== undefined && { trouble }) });
  });
}

/**
 * Reaches for the arm on a port, does `work` with the link, which may be one to nothing yet, and closes it. Where the
 * service has the port it is stopped, once the person agrees, and started again afterwards, whatever comes of the work.
 * Throws what `work` throws; an Error that says which other program has the port; {@link Interrupted} when the service
 * must go on; what the dialogue throws; {@link ServiceError}.
 */
export async function withLink<T>(
  name: string,
  port: string,
  wish: Wish,
  work: (link: ArmConnection) => Promise<T>,
): Promise<T> {
  const link = new ArmConnection(name, port, wish.access);
  let service: StoppedService | undefined;
  try {
    await link.reach();
    if (link.portError?.trouble === "in use") {
      const unit = unitOwning(port);
      if (unit === undefined) throw new Error(`${link.trouble} — end that program first`);
      service = await stopService(unit, wish);
      wish.signal.throwIfAborted();
    }
    await waitForPort(link, wish.signal, service !== undefined);
    return await work(link);
  } finally {
    await link.close();
    if (service !== undefined) await restoreService(service, wish.dialogue);
  }
}

/** A service that was stopped, for good where it is not only paused. */
interface StoppedService {
  readonly unit: string;
  readonly paused?: PausedUnit;
}

/** Stops the service once the person agrees. Throws {@link Interrupted} when not. */
async function stopService(unit: string, { dialogue, service }: Wish): Promise<StoppedService> {
  const forGood = service === "leave stopped";
  const question =
    `The service ${unit} is using the arms. Stop it${forGood ? "" : " for now"}, which lets the follower down? ` +
    (forGood ? "It stays stopped until you start it" : "It is started again afterwards");
  if (!(await dialogue.confirm(question))) {
    throw new Interrupted(`the service ${unit} goes on; nothing was done`);
  }
  dialogue.say(`Stopping ${unit} …`);
  if (!forGood) return { unit, paused: await pauseUnit(unit) };
  await stopUnit(unit);
  return { unit };
}

/** Waits while the port is not to be had for a reason that passes by itself. */
async function waitForPort(link: ArmConnection, signal: AbortSignal, wasStopped: boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const trouble = link.portError?.trouble;
    const passes = trouble === "denied" || (wasStopped && trouble === "in use");
    if (!passes || performance.now() > deadline) return;
    await pause(TRY_EVERY_MS, signal);
    await link.reach();
  }
}

/** The service comes back, or the person is told how to bring it back. */
async function restoreService({ unit, paused }: StoppedService, dialogue: Dialogue): Promise<void> {
  if (paused === undefined) {
    dialogue.say(`${unit} stays stopped — start it with: sudo systemctl start ${unit}`);
    return;
  }
  try {
    await paused.start();
    dialogue.say(`${unit} is started again: the follower will go slowly to the leader's pose.`);
  } catch (error) {
    process.exitCode = 1;
    dialogue.warn(`${(error as Error).message} — start it with: sudo systemctl start ${unit}`);
  }
}
