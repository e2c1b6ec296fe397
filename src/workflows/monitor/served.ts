/** An arm that a running service has: the service is asked for its figures, so that the bus is left to it. */
import { resolve } from "node:path";
import { askService, sampleService } from "../../api/client.ts";
import type { ApiSample, JointStatus, Status } from "../../api/protocol.ts";
import type { Calibration } from "../../arm/calibration/calibration.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { nameOfArm } from "../../arm/identity.ts";
import { JOINTS, ROLES, type Role } from "../../arm/joints.ts";
import { type ArmChoice, calibrationDirFor, chooseArm } from "../../config/choose-arm.ts";
import { realPath } from "../../linux/real-path.ts";
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
  return new ServedArm(sockets, found, calibration);
}

/** How far apart samples are asked for. */
const SAMPLE_EVERY_MS = 50;

/** The service's status, with the positions of the newest sample in it. */
class ServedArm implements Source {
  readonly #sockets: readonly string[];
  readonly #role: Role;
  readonly #calibration: Calibration | undefined;
  readonly #over = new AbortController();
  #newest: ApiSample | undefined;

  constructor(sockets: readonly string[], role: Role, calibration: Calibration | undefined) {
    this.#sockets = sockets;
    this.#role = role;
    this.#calibration = calibration;
    void this.#listen();
  }

  async sample(): Promise<Sample> {
    const status = (await askService(this.#sockets, { do: "status" }))!;
    return sampleOf(withPositionsOf(this.#newest, status, this.#role), this.#role, this.#calibration);
  }

  close(): void {
    this.#over.abort();
  }

  /** Whatever is wrong with the service, asking for its status says. */
  async #listen(): Promise<void> {
    const { signal } = this.#over;
    try {
      for await (const sample of sampleService(this.#sockets, SAMPLE_EVERY_MS, signal)) this.#newest = sample;
    } catch {
    } finally {
      this.#newest = undefined;
    }
  }
}

/** A status whose positions are those of a sample, where it has them: of one tick, which the status's own need not be. */
function withPositionsOf(sample: ApiSample | undefined, status: Status, role: Role): Status {
  if (sample === undefined) return status;
  const arm = status.arms[role];
  const joints = JOINTS.map((joint, index) => {
    const { positionSteps, ...figures } = arm.joints[joint];
    const newest = positionSteps === null ? null : sample[role][index];
    return [joint, { ...figures, positionSteps: newest ?? positionSteps }];
  });
  const newer = { ...arm, joints: Object.fromEntries(joints) as typeof arm.joints };
  return { ...status, arms: { ...status.arms, [role]: newer } };
}

/** Which of the service's arms is meant: the one on the port, where one was named, or else the one in the role. */
function roleIn(status: Status, role: Role | undefined, choice: ArmChoice): Role | undefined {
  const port = choice.port ?? (role && choice.config && chooseArm(role, choice).port);
  if (port === undefined) return role;
  return ROLES.find((one) => realPath(status.arms[one].port) === realPath(resolve(port)));
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
