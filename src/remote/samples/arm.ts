/** What a follower must know of a leader, as it is retained under `leader/arm`. Checked: anybody may have written it. */
import * as v from "valibot";
import { type LeaderArm, leaderArmSchema } from "../../api/protocol.ts";
import { calibrationSchema } from "../../arm/calibration/calibration.ts";
import { whyNoCalibration } from "../../arm/calibration/flaws.ts";
import { idOf, JOINTS } from "../../arm/joints.ts";
import { SAMPLE_VERSION } from "../../teleop/remote/sample.ts";

/** What was found there. */
export type FoundArm =
  | { readonly is: "arm"; readonly arm: LeaderArm }
  /** The leader has gone, by choice. */
  | { readonly is: "cleared" }
  | { readonly is: "other version"; readonly version: number }
  /** What is there is none, and why. */
  | { readonly is: "unfit"; readonly why: string };

/** As it is retained. */
export function formatArm(arm: LeaderArm): string {
  return JSON.stringify({ v: SAMPLE_VERSION, ...arm });
}

/** Reads what is retained. */
export function parseArm(payload: Uint8Array): FoundArm {
  if (payload.length === 0) return { is: "cleared" };
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return { is: "unfit", why: "it is not JSON" };
  }
  const { v: version, ...rest } = Object(content) as Record<string, unknown>;
  if (version !== SAMPLE_VERSION) {
    return typeof version === "number"
      ? { is: "other version", version }
      : { is: "unfit", why: "it has no version" };
  }
  const checked = v.safeParse(leaderArmSchema, rest);
  if (!checked.success) return { is: "unfit", why: "it is not a leader's calibration" };
  const arm = checked.output;
  const calibration = v.safeParse(calibrationSchema, calibrationIn(arm));
  const why = calibration.success ? whyNoCalibration(calibration.output) : "numbers are out of their bounds";
  return why === undefined ? { is: "arm", arm } : { is: "unfit", why };
}

function calibrationIn({ joints }: LeaderArm): object {
  const each = JOINTS.map((joint, index) => {
    const [drive_mode, homing_offset, range_min, range_max] = joints[index]!;
    return [joint, { id: idOf(joint), drive_mode, homing_offset, range_min, range_max }];
  });
  return Object.fromEntries(each);
}
