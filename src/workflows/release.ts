/** Releasing an arm before its servos are written to, with the person's hand under it. */
import { release, torqueState } from "../arm/servos/release.ts";
import { BusError } from "../feetech/bus-error.ts";
import type { OpenArm } from "./arm-session.ts";
import { Interrupted } from "./errors.ts";
import type { Operator } from "./operator.ts";

/**
 * Releases an arm whose torque is on, once the person agrees. Throws {@link Interrupted} when not, {@link BusError}
 * when a servo does not confirm that its torque is off, {@link PortError}.
 */
export async function releaseFirst({ name, bus }: OpenArm, operator: Operator): Promise<void> {
  if (torqueState(bus) === "off") return;
  const question = `${name} holds its pose. Keep a hand under it: may it be released?`;
  if (!(await operator.ask(question, "holding"))) {
    throw new Interrupted(`${name} still holds; nothing was changed`);
  }
  const [unconfirmed] = release(bus);
  if (unconfirmed === undefined) return;
  throw new BusError(bus, unconfirmed, "not written", { register: "torque_enable", value: 0 });
}
