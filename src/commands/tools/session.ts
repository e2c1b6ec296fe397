/** Having an arm for the time of a command: the service out of the way, the port open, and both given back. */
import { nameOfArm } from "../../arm/findings.ts";
import { ArmLink } from "../../arm/link.ts";
import type { ChosenArm } from "../../config-arm.ts";
import type { Bus, BusAccess } from "../../feetech/bus.ts";
import { startUnit, stopUnit, unitHolding } from "../../host/service.ts";
import type { Dialogue } from "./dialogue.ts";
import { Interrupted } from "./errors.ts";
import { pause } from "./interrupt.ts";

/** An arm whose port is open. */
export interface OpenArm extends ChosenArm {
  /** How messages name it: `leader "my_leader"`. */
  readonly name: string;
  readonly bus: Bus;
  /** What is missing of it, where it was wanted all the same. */
  readonly trouble?: string;
}

/** How an arm is wanted. */
export interface Wish {
  /** What the command does to the servos; no command drives them. */
  readonly access: Exclude<BusAccess, "drive">;
  /** Go on although servos are missing; otherwise all six must answer. */
  readonly partial?: true;
  /** What becomes of a service that was stopped for the arm: started again, unless told otherwise. */
  readonly service?: "leave stopped";
  readonly dialogue: Dialogue;
  readonly signal: AbortSignal;
}

/** A port that was just given up, or whose board was just plugged in, is tried again for so long. */
const PATIENCE_MS = 3_000;
const TRY_EVERY_MS = 100;

/**
 * Opens an arm, does `work` with it and closes it. Where the service has the arm it is stopped, once the person agrees,
 * and started again afterwards, whatever comes of the work.
 * Throws what `work` throws; an Error whose message says what is missing of the arm or who has its port; what the
 * dialogue throws; {@link ServiceError}.
 */
export async function withArm<T>(arm: ChosenArm, wish: Wish, work: (arm: OpenArm) => Promise<T>): Promise<T> {
  const name = nameOfArm(arm);
  const link = new ArmLink(name, arm.port, wish.access);
  let stopped: string | undefined;
  try {
    await link.reach();
    if (link.portError?.trouble === "in use") {
      stopped = await stopService(link, wish);
    }
    await waitForPort(link, wish.signal, stopped !== undefined);
    if (link.bus === undefined || (link.trouble !== undefined && !wish.partial))
      throw new Error(link.trouble);
    return await work({ ...arm, name, bus: link.bus, ...(link.trouble && { trouble: link.trouble }) });
  } finally {
    await link.close();
    if (stopped !== undefined) await restoreService(stopped, wish);
  }
}

/** Stops the service that has the arm, if it is the service and the person agrees; returns its unit. */
async function stopService(link: ArmLink, { dialogue, service }: Wish): Promise<string> {
  const unit = unitHolding(link.path);
  if (unit === undefined) throw new Error(`${link.trouble} — end that program first`);
  const meanwhile =
    service === "leave stopped"
      ? "Stop it? It stays stopped until you start it"
      : "Stop it for now? It is started again afterwards";
  const agreed = await dialogue.confirm(
    `The service ${unit} is teleoperating with the ${link.name}. ${meanwhile}`,
  );
  if (!agreed) throw new Interrupted(`the service ${unit} goes on; nothing was done`);
  dialogue.say(`Stopping ${unit}: the follower is let down …`);
  await stopUnit(unit);
  return unit;
}

/** Waits while the port is not to be had for a reason that passes by itself. */
async function waitForPort(link: ArmLink, signal: AbortSignal, wasStopped: boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    if (link.portError === undefined && link.bus !== undefined) return;
    const { trouble } = link.portError ?? {};
    const passes = trouble === "denied" || (wasStopped && trouble === "in use");
    if (!passes || performance.now() > deadline) return;
    await pause(TRY_EVERY_MS, signal);
    await link.reach();
  }
}

/** The service comes back, or the person is told how to bring it back. */
async function restoreService(unit: string, { dialogue, service }: Wish): Promise<void> {
  if (service === "leave stopped") {
    dialogue.say(`${unit} stays stopped — start it with: sudo systemctl start ${unit}`);
    return;
  }
  try {
    await startUnit(unit);
    dialogue.say(`${unit} is started again.`);
  } catch (error) {
    dialogue.warn(`${(error as Error).message} — start it with: sudo systemctl start ${unit}`);
  }
}
