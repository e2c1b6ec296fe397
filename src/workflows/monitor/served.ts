/** An arm that a running service has: the service is asked for its figures, so that the bus is left to it. */
import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { askService } from "../../api/client.ts";
import type { JointStatus, Status } from "../../api/protocol.ts";
import type { Calibration } from "../../arm/calibration/calibration.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { nameOfArm } from "../../arm/identity.ts";
import { JOINTS, ROLES, type Role } from "../../arm/joints.ts";
import { type ArmChoice, calibrationDirFor, chooseArm } from "../../config/choose-arm.ts";
import type { Sample, SampledFigures, Source } from "./sample.ts";

/**
 * The arm as the service that listens at the first of `sockets` has it; undefined when it has another one.
 * Throws {@link ApiError} when no service answers, {@link ConfigError}.
 */
export async function servedArm(
  role: Role | undefined,
  choice: ArmChoice,
  sockets: readonly string[],
): Promise<Source | undefined> {
  const status = (await askService(sockets, { do: "status" }))!;
  const found = roleIn(status, role, choice);
  if (found === undefined) return undefined;
  const { id } = status.arms[found];
  const calibration = new CalibrationStore(calibrationDirFor(choice)).loadIfUsable({ role: found, id });
  return {
    sample: async () => sampleOf((await askService(sockets, { do: "status" }))!, found, calibration),
  };
}

/** Which of the service's arms is meant: the one on the port, where one was named, or else the one in the role. */
function roleIn(status: Status, role: Role | undefined, choice: ArmChoice): Role | undefined {
  const port = choice.port ?? (role && choice.config && chooseArm(role, choice).port);
  if (port === undefined) return role;
  return ROLES.find((one) => realPath(status.arms[one].port) === realPath(resolve(port)));
}

/** The path itself where nothing is there: the board may be gone. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function sampleOf(
  { pair, pid, state, why, arms }: Status,
  role: Role,
  calibration: Calibration | undefined,
): Sample {
  const { id, joints, timeouts, corruptedReplies, noiseBytes } = arms[role];
  const figures = JOINTS.map((joint) =>
    joints[joint].positionSteps === null ? null : figuresOf(joints[joint]),
  );
  const lost = JOINTS.map((joint) => joints[joint].misses);
  return {
    name: nameOfArm({ role, id }),
    joints: figures,
    trouble: figures.includes(null) ? `the service is ${state}: ${why}` : undefined,
    bus: { timeouts, corrupted: corruptedReplies, noiseBytes, lost },
    calibration,
    via: `the service that has the bus (pair ${pair}, process ${pid})`,
  };
}

/** What the monitor shows of what the service tells. */
function figuresOf({ positionNormalised: _, misses: __, ...figures }: JointStatus): SampledFigures {
  return figures as SampledFigures;
}
