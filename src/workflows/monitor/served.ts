/** An arm that a running service has: the service is asked for its figures, so that the bus is left to it. */

import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { controlPaths } from "../../api/address.ts";
import { askControl, ControlError } from "../../api/client.ts";
import type { JointStatus, Status } from "../../api/protocol.ts";
import type { Calibration } from "../../arm/calibration/calibration.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { nameOfArm } from "../../arm/identity.ts";
import { JOINTS, ROLES, type Role } from "../../arm/joints.ts";
import type { Sample, SampledFigures } from "../../cli/monitor/sample.ts";
import type { ArmOptions } from "../../cli/options/arm.ts";
import { type ServiceOptions, socketPaths } from "../../cli/options/service.ts";
import { calibrationDirFor, chooseArm } from "../../config/choose-arm.ts";
import { ConfigError } from "../../config/file.ts";
import { MAIN_PAIR } from "../../config/pairs.ts";
import type { Source } from "./source.ts";

/** The arm as the service has it; undefined when no service answers that does. Throws {@link ConfigError}. */
export async function servedArm(
  role: Role | undefined,
  options: ArmOptions & ServiceOptions,
): Promise<Source | undefined> {
  const paths = placesOf(options);
  let status: Status;
  try {
    status = (await askControl(paths, { do: "status" }))!;
  } catch (error) {
    // Where it was not asked for, the bus may well be free.
    if (error instanceof ControlError && options.socket === undefined) return undefined;
    throw error;
  }
  const found = roleIn(status, role, options);
  if (found === undefined) return undefined;
  const calibration = new CalibrationStore(calibrationDirFor(options)).loadIfUsable({
    role: found,
    id: status.arms[found].id,
  });
  return new ServedSource(paths, found, calibration);
}

/** A port needs no pair to be named, however many there are. */
function placesOf(options: ArmOptions & ServiceOptions): string[] {
  try {
    return socketPaths(options);
  } catch (error) {
    if (!(error instanceof ConfigError) || options.port === undefined) throw error;
    return controlPaths(MAIN_PAIR);
  }
}

/** Which of the service's arms is meant: the one on the port, where one was named, or else the one in the role. */
function roleIn(status: Status, role: Role | undefined, options: ArmOptions): Role | undefined {
  const port = options.port ?? (role && options.config && chooseArm(role, options).port);
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

class ServedSource implements Source {
  readonly #paths: readonly string[];
  readonly #role: Role;
  readonly #calibration: Calibration | undefined;

  constructor(paths: readonly string[], role: Role, calibration: Calibration | undefined) {
    this.#paths = paths;
    this.#role = role;
    this.#calibration = calibration;
  }

  async sample(): Promise<Sample> {
    return this.#sampleOf((await askControl(this.#paths, { do: "status" }))!);
  }

  #sampleOf({ pair, pid, state, why, arms }: Status): Sample {
    const { id, joints, timeouts, corruptedReplies, noiseBytes } = arms[this.#role];
    const figures = JOINTS.map((joint) =>
      joints[joint].positionSteps === null ? null : figuresOf(joints[joint]),
    );
    const lost = JOINTS.map((joint) => joints[joint].misses);
    return {
      name: nameOfArm({ role: this.#role, id }),
      joints: figures,
      trouble: figures.includes(null) ? `the service is ${state}: ${why}` : undefined,
      bus: { timeouts, corrupted: corruptedReplies, noiseBytes, lost },
      calibration: this.#calibration,
      via: `the service that has the bus (pair ${pair}, process ${pid})`,
    };
  }
}

/** What the monitor shows of what the service tells. */
function figuresOf({ positionNormalised: _, misses: __, ...figures }: JointStatus): SampledFigures {
  return figures;
}
