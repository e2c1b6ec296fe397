/** Taking the pose in which the follower lies as its parking pose, into the pair's configuration file. */
import { askService } from "../../api/client.ts";
import type { Status } from "../../api/protocol.ts";
import { normalise } from "../../arm/calibration/normalisation.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { findingsOf } from "../../arm/checks/findings.ts";
import { inspectArm } from "../../arm/checks/inspect.ts";
import { nameOfArm } from "../../arm/identity.ts";
import { JOINTS, type JointName, nameWithId } from "../../arm/joints.ts";
import { positionsRead } from "../../arm/servos/read.ts";
import { torqueState } from "../../arm/servos/release.ts";
import { type Config, parseConfig } from "../../config/config.ts";
import { withKeys } from "../../config/edit.ts";
import { readConfigFile } from "../../config/file.ts";
import { type Steps, steps, stepsToDegrees } from "../../feetech/units.ts";
import { command } from "../../messages/audience.ts";
import { sayProblem } from "../../messages/problems.ts";
import { withArm } from "../arm-session.ts";
import { changeSettings, digestOf } from "../change-settings.ts";
import type { Operator } from "../operator.ts";
import { statusIfRunning } from "../running.ts";

/** The pair whose follower is parked. */
export interface ParkedPair {
  readonly pair: string;
  /** Its configuration file. */
  readonly file: string;
  /** Where its service may listen. */
  readonly sockets: readonly string[];
}

/** Any pose: it stands in for one that is missing, or in other units, while the file is read. */
const MIDDLE = Object.fromEntries(JOINTS.map((joint) => [joint, 0]));

/** So far outside of its range a joint is not said to lie at its end. */
const OUTSIDE_STEPS = 57; // 5°

/**
 * Takes the pose in which the follower lies, its torque off, as the parking pose into the configuration file, of which
 * all else stays as it is. The service that runs is asked where the follower is, and reads the file at once; without one
 * the arm itself is asked.
 * Throws {@link ConfigError}, {@link ApiError}, {@link CalibrationError}; an Error that says why it cannot be had.
 */
export async function takePose({ pair, file, sockets }: ParkedPair, operator: Operator): Promise<void> {
  const text = readConfigFile(file);
  const config = parseConfig(withKeys(text, "park", MIDDLE, file), file, pair);
  const { id } = config.follower;
  const status = await statusIfRunning(sockets);
  const positions =
    status === undefined ? await askArm(config, operator) : askStatus(status, config, operator);
  const pose = poseOf(positions, config, operator);
  const changes = Object.fromEntries(JOINTS.map((joint) => [`park.${joint}`, pose[joint]]));
  await changeSettings({ path: file, pair }, changes, digestOf(text));
  const figures = JOINTS.map((joint) => `${joint} ${pose[joint]}`).join(", ");
  operator.event(
    { event: "pose", arm: "follower", id, file, pose },
    {
      tone: "done",
      message: `${file} has the pose of ${nameOfArm({ role: "follower", id })} as its [park] now: ${figures}`,
    },
  );
  if (status !== undefined) await askService(sockets, { do: "reload" });
  const atStop =
    config.teleoperation.on_stop === "park" ? "" : '; with on_stop = "park" each stop does so too';
  operator.tell("info", `"${command(operator.audience, "park")}" leads it there and releases it${atStop}.`);
}

/** Where the service says that the follower is. */
function askStatus({ state, why, arms }: Status, config: Config, { audience }: Operator): Steps[] {
  const { id, joints } = arms.follower;
  const name = nameOfArm({ role: "follower", id });
  if (id !== config.follower.id) {
    throw new Error(
      `the service that runs drives ${name}, and the configuration names "${config.follower.id}" — restart it, or say ` +
        "which pair with --pair or --config",
    );
  }
  const unknown = JOINTS.filter((joint) => joints[joint].positionSteps === null);
  if (state === "faulted" || unknown.length > 0) {
    throw new Error(`the service does not know where ${name} is: it is ${state}, ${why}`);
  }
  const holding = JOINTS.filter((joint) => joints[joint].torqueOn !== false);
  if (holding.length > 0) throw holds(name, holding, command(audience, "release"));
  return JOINTS.map((joint) => steps(joints[joint].positionSteps!));
}

/** Where the arm says that it is. */
function askArm(config: Config, operator: Operator): Promise<Steps[]> {
  const chosen = {
    ...{ role: "follower" as const, ...config.follower, calibrationDir: config.calibration_dir },
    counterpart: config.leader,
  };
  return withArm(chosen, { access: "read", purpose: "take the parking pose" }, operator, async (arm) => {
    const { audience } = operator;
    const { name, bus, calibrations } = arm;
    const fault = findingsOf(inspectArm(arm, bus, calibrations)).find(({ severity }) => severity === "fault");
    if (fault !== undefined) throw new Error(sayProblem(fault.problem, audience));
    if (torqueState(bus) !== "off") throw holds(name, [], command(audience, "relax", "follower"));
    const positions = positionsRead();
    bus.readAll(positions);
    return JOINTS.map((_, index) => positions.value(index, "present_position"));
  });
}

/** A pose that torque holds is none in which an arm rests. */
function holds(name: string, joints: readonly JointName[], release: string): Error {
  const which =
    joints.length === 0 || joints.length === JOINTS.length ? "" : ` of ${joints.map(nameWithId).join(", ")}`;
  return new Error(
    `${name}: its torque${which} is on, and a parking pose is one in which the arm rests without — keep a hand under ` +
      `it and run "${release}", put it into the pose, then run this again`,
  );
}

/** The positions in the units of the configuration, to 0.01. */
function poseOf(
  positions: readonly Steps[],
  { calibration_dir, follower, teleoperation: { normalisation } }: Config,
  operator: Operator,
): Record<JointName, number> {
  const calibration = new CalibrationStore(calibration_dir).load({ role: "follower", id: follower.id });
  const values = JOINTS.map((joint, index): [JointName, number] => {
    const position = positions[index]!;
    const { range_min, range_max } = calibration[joint];
    const outside = Math.max(range_min - position, position - range_max);
    if (outside > OUTSIDE_STEPS) {
      operator.tell(
        "warning",
        `${nameWithId(joint)} lies ${Math.round(stepsToDegrees(steps(outside)))}° outside of its calibrated range: it will be ` +
          "parked at the end of that",
      );
    }
    const value = normalise(position, calibration[joint], joint, normalisation);
    const most = normalisation === "degrees" ? 180 : 100;
    // + 0: no pose has a −0.
    return [joint, Math.round(Math.min(most, Math.max(-most, value)) * 100) / 100 + 0];
  });
  return Object.fromEntries(values) as Record<JointName, number>;
}
