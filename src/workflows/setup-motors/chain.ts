/** Giving servos their joints' ids in the assembled chain, where each can be told there from the others. */
import { idOf, JOINT_COUNT, type JointName, nameWithId } from "../../arm/joints.ts";
import { MotionDetector } from "../../arm/motion-detector.ts";
import type { OtherServo, WrongIds } from "../../arm/problem.ts";
import { type FoundServo, isRightModel, setUpServo } from "../../arm/servos/servo-setup.ts";
import type { Bus } from "../../feetech/bus.ts";
import { BAUD_RATES } from "../../feetech/registers.ts";
import { ReadRequest, spanOf } from "../../feetech/requests.ts";
import { sayProblem } from "../../messages/problems.ts";
import type { Operator } from "../operator.ts";
import { pause } from "../pause.ts";
import { report, type Workplace } from "./workplace.ts";

const LOOK_EVERY_MS = 20;
const TIMEOUT_US = 5_000;

/** What came of it. */
export type ChainOutcome =
  /** The joints' servos have their ids. */
  | "in order"
  /** They cannot be told from the others, or there is no chain: each is to be connected alone. */
  | "connect alone";

/**
 * Gives those of the joints their ids which do not answer, where servos with other ids do, and the person agrees.
 * Throws an Error where several could be a joint's and nobody is there to move it; what the operator throws.
 */
export async function setUpInChain(
  { name, line, operator }: Workplace,
  joints: readonly JointName[],
): Promise<ChainOutcome> {
  const missing = line.connection.answers?.missing ?? [];
  // One servo that answers, or one that does not yet, is alone on the board.
  if (missing.length === JOINT_COUNT - 1) return "connect alone";
  if (!joints.some((joint) => missing.includes(joint))) {
    for (const joint of joints)
      report({ id: idOf(joint), baudRate: BAUD_RATES[0] }, joint, "right already", operator);
    return "in order";
  }
  const problem = await line.use(async () => {
    await line.connection.lookCloser();
    return line.connection.problem;
  });
  const leastOfAChain = joints.length === 1 ? 2 : JOINT_COUNT;
  if (problem?.code !== "servo.wrong-id" || sizeOf(problem) < leastOfAChain) {
    if (missing.length < JOINT_COUNT && problem !== undefined)
      operator.tell("warning", `${sayProblem(problem, operator.audience)}.`);
    return "connect alone";
  }
  const found = problem.found.flatMap((one) => usable(one));
  let left = missing.length;
  for (const joint of joints.filter((one) => missing.includes(one))) {
    const isOnly = found.length === 1 && left === 1;
    if (!isOnly && !operator.attended) {
      throw new Error(
        `${name}: ids ${found.map(({ id }) => id).join(", ")} answer, and any may be ${nameWithId(joint)} — connect ` +
          "its servo alone, or run this on a terminal, where moving the joint tells",
      );
    }
    const servo = isOnly ? found[0]! : await whichMoves(line.bus, found, joint, operator);
    if (servo === undefined || !(await isAgreed(servo, joint, line.bus, operator))) return "connect alone";
    await line.use(() => setUpServo(line, servo, joint));
    report(servo, joint, "set up", operator);
    found.splice(found.indexOf(servo), 1);
    left--;
  }
  await line.use(() => line.connection.reach());
  return "in order";
}

/** How many servos are on the line, by whatever ids. */
function sizeOf({ joints, found }: WrongIds): number {
  return JOINT_COUNT - joints.length + found.length;
}

function usable({ id, baudRate, model }: OtherServo): FoundServo[] {
  return model !== undefined && isRightModel({ model }) ? [{ id, baudRate, model }] : [];
}

function isAgreed(
  { id, baudRate }: FoundServo,
  joint: JointName,
  bus: Bus,
  operator: Operator,
): Promise<boolean> {
  const at = baudRate === BAUD_RATES[0] ? "" : ` at ${baudRate} baud`;
  const holds = baudRate === BAUD_RATES[0] && bus.read(id, "torque_enable") !== 0;
  const hand = holds ? " It holds: keep a hand under the arm, for its torque is switched off." : "";
  return operator.ask(
    `Nobody answers as ${nameWithId(joint)}, and the servo with id ${id}${at} is no other joint's.${hand} ` +
      `Is it ${joint}'s, to get the id ${idOf(joint)}?`,
    holds ? "holding" : undefined,
  );
}

/** The servo that turns while a person moves a joint; undefined where one of them cannot be watched at this speed. */
async function whichMoves(
  bus: Bus,
  servos: readonly FoundServo[],
  joint: JointName,
  operator: Operator,
): Promise<FoundServo | undefined> {
  if (servos.some(({ baudRate }) => baudRate !== BAUD_RATES[0])) return undefined;
  operator.tell("info", `Move ${joint} by hand, by a quarter turn, and no other joint.`);
  const detector = new MotionDetector<FoundServo>();
  for (;;) {
    for (const servo of servos) {
      const read = new ReadRequest([servo.id], spanOf("present_position"));
      if (bus.exchange(read, TIMEOUT_US)) detector.see(servo, [read.value(0, "present_position")]);
    }
    const { moved } = detector;
    if (moved !== undefined) return moved.arm;
    await pause(LOOK_EVERY_MS, operator.signal);
  }
}
