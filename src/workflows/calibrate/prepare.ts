/** Making an arm's servos count a single turn, which is what positions are read by. */

import { idOf, JOINTS } from "../../arm/joints.ts";
import { differences } from "../../arm/servos/baseline.ts";
import { readWholeArm } from "../../arm/servos/read.ts";
import { writeEeprom } from "../../feetech/eeprom.ts";
import type { RegisterName } from "../../feetech/registers.ts";
import type { OpenArm } from "../arm-session.ts";

/** What LeRobot sets before it reads a position that matters; its other settings can wait for teleoperation. */
const NEEDED: readonly RegisterName[] = ["phase", "operating_mode"];

/** Sets what positions depend on, where it differs. Throws {@link BusError}, {@link PortError}. */
export function prepare({ role, bus }: OpenArm): void {
  const images = readWholeArm(bus);
  writeEeprom(
    JOINTS.flatMap((joint, index) =>
      differences(role, joint, images[index]!)
        .filter(({ register }) => NEEDED.includes(register))
        .map(({ register, value }) => ({ bus, id: idOf(joint), register, value })),
    ),
  );
}
