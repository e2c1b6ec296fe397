/** Making an arm ready to be moved by hand: limp, and its servos counting a single turn. */
import { differences } from "../../arm/baseline.ts";
import { idOf, JOINTS } from "../../arm/joints.ts";
import { readWholeArm } from "../../arm/read.ts";
import { relax, torqueState } from "../../arm/release.ts";
import { BusError } from "../../feetech/bus.ts";
import { writeEeprom } from "../../feetech/eeprom.ts";
import type { Dialogue } from "../tools/dialogue.ts";
import type { OpenArm } from "../tools/session.ts";

/** What LeRobot sets before it reads a position that matters; the rest of its settings can wait for teleoperation. */
const NEEDED = ["phase", "operating_mode"];

/**
 * Lets the arm go where it holds, and sets what positions depend on. Throws {@link Interrupted} when the person does not
 * want it let go; {@link BusError}, {@link PortError}.
 */
export async function prepare(arm: OpenArm, dialogue: Dialogue): Promise<void> {
  if (torqueState(arm.bus) !== "off") {
    dialogue.warn(`${arm.name} holds its pose: it is let down now; keep a hand under it.`);
    if (!(await dialogue.confirm("Let it down?"))) throw new Error(`${arm.name} holds; nothing was changed`);
    const [unconfirmed] = relax(arm.bus);
    if (unconfirmed !== undefined) {
      throw new BusError(
        unconfirmed,
        "not written",
        `${arm.bus.nameOf(unconfirmed)} does not confirm to be limp — switch the arm's power off and on`,
      );
    }
  }
  const images = readWholeArm(arm.bus);
  writeEeprom(
    JOINTS.flatMap((joint, index) =>
      differences(arm.role, joint, images[index]!)
        .filter(({ register }) => NEEDED.includes(register))
        .map(({ register, value }) => ({ bus: arm.bus, id: idOf(joint), register, value })),
    ),
  );
}
