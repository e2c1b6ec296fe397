/** Doing what is asked of a running simulation. */
import { nowUs } from "../../linux/clock.ts";
import type { ReplyFaults } from "../arm/arm.ts";
import { ARMS, type ArmName, JOINTS, type JointName } from "../arm/joints.ts";
import { reportOf } from "../arm/report.ts";
import type { Actuator } from "../servo/actuator.ts";
import type { SimulatedServo } from "../servo/servo.ts";
import type { Simulation } from "../simulation.ts";
import type { CheckedRequest } from "./requests.ts";

/** What changes nothing is not noted in the record. */
const HARMLESS: readonly CheckedRequest["do"][] = ["state", "mark", "sync"];

/** Does what is asked and returns what there is to reply. Throws when it cannot be done. */
export async function obey(simulation: Simulation, request: CheckedRequest): Promise<object> {
  if (!HARMLESS.includes(request.do)) simulation.recorder.note({ kind: "injection", request });
  const now = nowUs();
  switch (request.do) {
    case "pull":
      simulation.pull(request.arm);
      break;
    case "plug":
      return { path: simulation.plug(request.arm) };
    case "name":
      simulation.names.give({ leader: request.leader, follower: request.follower });
      break;
    case "power":
      for (const servo of servosOf(simulation, request)) {
        if (!request.on) servo.powerDown(now);
        else if (!servo.actuator.powered) servo.powerUp(now, request);
      }
      await simulation.save();
      break;
    case "brownout":
      for (const servo of servosOf(simulation, request)) {
        servo.powerDown(now);
        servo.powerUp(now, request);
      }
      break;
    case "drop":
    case "corrupt":
      for (const faults of faultsOf(simulation, request)) faults[request.do] = request.count;
      break;
    case "delay":
      for (const faults of faultsOf(simulation, request)) {
        faults.delay = request.count;
        faults.delayUs = request.us;
      }
      break;
    case "slow":
      simulation.boards[request.arm].lateness = {
        delayUs: request.ms * 1e3,
        jitterUs: request.jitterMs * 1e3,
      };
      break;
    case "noise":
      makeNoise(simulation, request, now);
      break;
    case "silent":
      for (const faults of faultsOf(simulation, request)) faults.silent = request.on;
      break;
    case "silentFrom":
      for (const faults of simulation.boards[request.arm].arm.faults.slice(JOINTS.indexOf(request.joint))) {
        faults.silent = request.on;
      }
      break;
    case "error":
      for (const servo of servosOf(simulation, request)) servo.actuator.extraErrorBits = request.bits;
      break;
    case "set":
      for (const servo of servosOf(simulation, request)) setSurroundings(servo.actuator, request);
      break;
    case "firmware": {
      const { do: _, arm, joint, ...firmware } = request;
      for (const servo of servosOf(simulation, { arm, joint })) Object.assign(servo.firmware, firmware);
      break;
    }
    case "overload":
      for (const servo of servosOf(simulation, request)) servo.actuator.latchOverload();
      break;
    case "block":
      for (const servo of servosOf(simulation, request)) {
        servo.actuator.advance(now);
        servo.actuator.motor.block(
          request.position === null ? undefined : servo.actuator.shaftAt(request.position),
        );
      }
      break;
    case "push":
      for (const servo of servosOf(simulation, request)) {
        if (servo.actuator.torqueOn && !request.force)
          throw new Error(`the torque of ${request.joint} is on: push it with "force"`);
        servo.actuator.advance(now);
        servo.actuator.motor.push(servo.actuator.shaftAt(request.position), request.speed, request.force);
      }
      break;
    case "registers":
      for (const servo of servosOf(simulation, request)) servo.setValues(definedOf(request.values));
      break;
    case "motion":
      simulation.hands[request.arm].play(request.play, now);
      break;
    case "state":
      return Object.fromEntries(
        ARMS.map((name) => [name, reportOf(simulation.boards[name].arm, simulation.boards[name].path, now)]),
      );
    case "mark":
      simulation.recorder.note({ kind: "mark", text: request.text });
      break;
    case "sync":
      await simulation.recorder.sync();
      break;
    case "quit":
      simulation.stop();
      break;
  }
  return {};
}

/** One joint of an arm, or all of them. */
interface Joints {
  readonly arm: ArmName;
  readonly joint?: JointName | undefined;
}

function servosOf({ boards }: Simulation, { arm, joint }: Joints): readonly SimulatedServo[] {
  const { arm: simulated } = boards[arm];
  return joint === undefined ? simulated.servos : [simulated.servo(joint)];
}

function faultsOf({ boards }: Simulation, { arm, joint }: Joints): readonly ReplyFaults[] {
  const { arm: simulated } = boards[arm];
  return joint === undefined ? simulated.faults : [simulated.faultsOf(joint)];
}

function makeNoise(
  { boards }: Simulation,
  request: Extract<CheckedRequest, { do: "noise" }>,
  now: number,
): void {
  const board = boards[request.arm];
  const bytes =
    typeof request.bytes === "string"
      ? Uint8Array.fromHex(request.bytes)
      : crypto.getRandomValues(new Uint8Array(request.bytes));
  if (request.beforeReplies === undefined) board.inject(bytes, now);
  else Object.assign(board.noiseBefore, { replies: request.beforeReplies, bytes });
}

function setSurroundings(actuator: Actuator, request: Extract<CheckedRequest, { do: "set" }>): void {
  const { temperature, voltage, load, current, overloadCure } = request;
  if (temperature !== undefined) actuator.temperature = temperature;
  if (voltage !== undefined) actuator.voltage = voltage;
  if (load !== undefined) actuator.load = load ?? undefined;
  if (current !== undefined) actuator.current = current ?? undefined;
  if (overloadCure !== undefined) actuator.overloadCure = overloadCure;
}

function definedOf(values: Record<string, number | undefined>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}
