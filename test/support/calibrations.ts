/** The calibrations that simulated arms have in their servos. */
import type { Calibration } from "../../src/arm/calibration/calibration.ts";
import { calibrationInServo } from "../../src/arm/calibration/in-servos.ts";
import { goalTable } from "../../src/arm/calibration/normalisation.ts";
import { JOINTS, type Role } from "../../src/arm/joints.ts";
import { ServoImage } from "../../src/arm/servos/servo-image.ts";
import { type RegisterName, setRegisterValue, TABLE_SIZE } from "../../src/feetech/registers.ts";
import type { VirtualArms } from "../../src/sim/testing/virtual-arms.ts";

/** For each joint where LeRobot puts the follower by the leader's reading, in range mode. */
export function targetsOf(arms: VirtualArms): Int16Array[] {
  const [leader, follower] = [calibrationOf(arms, "leader"), calibrationOf(arms, "follower")];
  return JOINTS.map((joint) => goalTable(leader, follower, joint, "range"));
}

function calibrationOf({ boards, clock }: VirtualArms, role: Role): Calibration {
  const joints = JOINTS.map((joint, index) => {
    const image = new Uint8Array(TABLE_SIZE);
    const values = boards[role].arm.servos[index]!.values(clock.nowUs());
    for (const [name, value] of Object.entries(values)) setRegisterValue(name as RegisterName, value, image);
    return [joint, calibrationInServo(joint, new ServoImage(image))];
  });
  return Object.fromEntries(joints) as Calibration;
}
