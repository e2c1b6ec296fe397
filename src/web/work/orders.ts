/** What a page may have done with the arms of a pair, and which workflow does it: the ones of the command line. */
import * as v from "valibot";
import { JOINTS, ROLES, type Role } from "../../arm/joints.ts";
import { chooseArm, chooseFiledArm } from "../../config/choose-arm.ts";
import { MAIN_PAIR, pairConfigPath } from "../../config/pairs.ts";
import { calibrate } from "../../workflows/calibrate/calibrate.ts";
import { applyCalibration } from "../../workflows/calibration/apply.ts";
import { compareArms } from "../../workflows/calibration/compare.ts";
import { importCalibrationFile } from "../../workflows/calibration/import.ts";
import { pullCalibration } from "../../workflows/calibration/pull.ts";
import { settleCalibration } from "../../workflows/calibration/settle.ts";
import type { Operator } from "../../workflows/operator.ts";
import { park } from "../../workflows/park/go.ts";
import { takePose } from "../../workflows/park/take-pose.ts";
import { setUpArm, setUpOne } from "../../workflows/setup-motors/setup-motors.ts";
import type { ServedPair } from "../pairs/served-pair.ts";
import type { FileOfArm } from "./file-in.ts";
import type { Outcome } from "./messages.ts";
import type { WorkPlan } from "./work.ts";

const arm = v.picklist(ROLES);
const joint = v.optional(v.picklist(JOINTS));

/** Checks what a page asks for: `{"what": "calibrate", "arm": "leader"}`. */
export const orderSchema = v.variant("what", [
  v.strictObject({ what: v.literal("calibrate"), arm, joint }),
  /** The servos' calibration becomes the file's … */
  v.strictObject({ what: v.literal("pull"), arm }),
  /** … or the file's goes into the servos. */
  v.strictObject({ what: v.literal("apply"), arm }),
  /** A calibration that was cut off while it was written is completed … */
  v.strictObject({ what: v.literal("finish"), arm }),
  /** … or taken back. */
  v.strictObject({ what: v.literal("undo"), arm }),
  /** Both arms, in two poses. */
  v.strictObject({ what: v.literal("compare") }),
  /** New servos get their ids: all of an arm's, from where it was left unless `restart`, or one joint's. */
  v.strictObject({ what: v.literal("setup-motors"), arm, joint, restart: v.optional(v.boolean(), false) }),
  /** The pose in which the follower lies becomes the parking pose. */
  v.strictObject({ what: v.literal("take-pose") }),
  /** Moves the follower: for as long as the page that asks, by the id that it got, is open and looked at. */
  v.strictObject({ what: v.literal("park"), page: v.pipe(v.string(), v.maxLength(64)) }),
]);

/** What a page asks for. */
export type Order = v.InferOutput<typeof orderSchema>;

/** The same, as a page may give it: what it leaves out is as said above. */
export type GivenOrder = v.InferInput<typeof orderSchema>;

/** What is to be done for an order. */
export function planOf(order: Order, pair: ServedPair): WorkPlan {
  return {
    what: order.what,
    arm: "arm" in order ? order.arm : undefined,
    title: titleOf(order),
    isDriving: order.what === "park",
    audience: pair.audience,
    run: (operator) => carryOut(order, pair, operator),
  };
}

/** What is to be done with a file that was picked or dropped. */
export function planOfImport({ arm: role, name, bytes }: FileOfArm, pair: ServedPair): WorkPlan {
  return {
    what: "import",
    arm: role,
    title: `Taking over a file for the ${role}`,
    isDriving: false,
    audience: pair.audience,
    async run(operator) {
      await importCalibrationFile(chooseFiledArm(role, pair.choice), { path: name, bytes }, operator);
      return "done";
    },
  };
}

function titleOf(order: Order): string {
  switch (order.what) {
    case "calibrate":
      return order.joint ? `Calibrating ${order.joint} of the ${order.arm}` : `Calibrating the ${order.arm}`;
    case "pull":
      return `Reading the calibration of the ${order.arm} from its servos`;
    case "apply":
      return `Writing the calibration of the ${order.arm} into its servos`;
    case "finish":
      return `Completing the calibration of the ${order.arm} that was cut off`;
    case "undo":
      return `Taking back the calibration of the ${order.arm} that was cut off`;
    case "compare":
      return "Comparing the two arms";
    case "setup-motors":
      return `Giving the servos of the ${order.arm} their ids`;
    case "take-pose":
      return "Taking the parking pose from the follower";
    case "park":
      return "Parking the follower";
  }
}

async function carryOut(order: Order, pair: ServedPair, operator: Operator): Promise<Outcome> {
  const { choice, sockets } = pair;
  const chosen = (role: Role) => chooseArm(role, choice);
  switch (order.what) {
    case "calibrate":
      await calibrate(chosen(order.arm), { joint: order.joint }, operator);
      return "done";
    case "pull":
      await pullCalibration(chosen(order.arm), operator);
      return "done";
    case "apply":
      await applyCalibration(chosen(order.arm), operator);
      return "done";
    case "finish":
    case "undo":
      await settleCalibration(order.what, chosen(order.arm), operator);
      return "done";
    case "compare": {
      const arms = { leader: chosen("leader"), follower: chosen("follower") };
      return (await compareArms(arms, operator)).agree ? "done" : "faults";
    }
    case "setup-motors":
      if (order.joint !== undefined) await setUpOne(chosen(order.arm), order.joint, operator);
      else await setUpArm(chosen(order.arm), order.restart ? "from the start" : "go on", operator);
      return "done";
    case "take-pose":
      await takePose({ ...configOf(choice), sockets }, operator);
      return "done";
    case "park":
      await park(sockets, operator);
      return "done";
  }
}

/** The pair's configuration file. */
function configOf({ pair = MAIN_PAIR, config }: ServedPair["choice"]) {
  return { pair, file: config ?? pairConfigPath(pair) };
}
