/** Making an arm limp before its servos are written to, with the person's hand under it. */
import { release, torqueState } from "../arm/release.ts";
import type { Dialogue } from "../cli/operator/dialogue.ts";
import { BusError } from "../feetech/bus.ts";
import type { OpenArm } from "./arm-session.ts";
import { Interrupted } from "./errors.ts";

/**
 * Lets an arm down that holds its pose, once the person agrees. Throws {@link Interrupted} when not, {@link BusError}
 * when a servo does not confirm to be limp, {@link PortError}.
 */
export async function letDown({ name, bus }: OpenArm, dialogue: Dialogue): Promise<void> {
  if (torqueState(bus) === "off") return;
  if (!(await dialogue.confirm(`${name} holds its pose. Keep a hand under it: may it be let down?`))) {
    throw new Interrupted(`${name} still holds; nothing was changed`);
  }
  const [unconfirmed] = release(bus);
  if (unconfirmed === undefined) return;
  const who = bus.nameOf(unconfirmed);
  throw new BusError(
    unconfirmed,
    "not written",
    `${who} does not confirm to be limp — switch the arm's power off and on`,
  );
}
