/** Setting up an arm's servos: new ones get the ids of its joints, one after the other. */
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { nameOfArm } from "../../arm/identity.ts";
import { idOf, JOINTS, type JointName, nameWithId } from "../../arm/joints.ts";
import type { ArmProblem } from "../../arm/problem.ts";
import { readWholeArm } from "../../arm/servos/read.ts";
import {
  type FoundServo,
  findServo,
  isRightModel,
  type SearchTrouble,
  setUpServo,
} from "../../arm/servos/servo-setup.ts";
import type { ChosenArm } from "../../config/choose-arm.ts";
import { BAUD_RATES, STS3215_MODEL, STS3250_MODEL } from "../../feetech/registers.ts";
import { inSteps } from "../../linux/in-steps.ts";
import { command } from "../../messages/audience.ts";
import { sayProblem } from "../../messages/problems.ts";
import { PortError } from "../../serial/transport.ts";
import { withConnection } from "../arm-session.ts";
import { UsageError } from "../errors.ts";
import type { Operator, SetupPicture } from "../operator.ts";
import { reportServos } from "../scrutiny.ts";
import { BoardLine } from "./board-line.ts";
import { setUpInChain } from "./chain.ts";
import { SetupProgress } from "./progress.ts";
import { report, type Workplace } from "./workplace.ts";

/**
 * Gives every servo of an arm its id, from where it was left when it was stopped before, or from the start.
 * Throws {@link UsageError} where nobody can connect servos; an Error when the chain is not in order; what
 * {@link withConnection} throws.
 */
export function setUpArm(
  arm: ChosenArm,
  begin: "go on" | "from the start",
  operator: Operator,
): Promise<void> {
  return atWork(arm, operator, async (place) => {
    const { name, line } = place;
    const progress = new SetupProgress(new CalibrationStore(arm.calibrationDir), arm);
    if (begin === "from the start") progress.forget();
    const done = progress.read();
    if (line.connection.problem === undefined && done.length === 0) {
      operator.tell("info", `${name}: all six servos answer by their ids already.`);
      checkChain(place);
      return;
    }
    if (done.length === 0 && (await setUpInChain(place, JOINTS)) === "in order") {
      checkChain(place);
      return;
    }
    if (!operator.attended) {
      throw new UsageError(
        "servos are connected one at a time, by a person: run it on a terminal, or give --joint and --yes",
      );
    }
    if (done.length > 0) {
      const again = command(operator.audience, "setup-motors", arm.role, "--restart");
      operator.tell("info", `${done.join(", ")} were set up before; "${again}" begins again.`);
    }
    for (const joint of ORDER.filter((one) => !done.includes(one))) {
      operator.show(pictureOf(done, joint));
      await setUpJoint(place, joint, done);
      done.push(joint);
      progress.keep(done);
    }
    await joinChain(place);
    progress.forget();
  });
}

/**
 * Gives one servo its joint's id: in the chain, where it can be told there from the others, or else alone on the board.
 * Throws an Error that says why it cannot be done; what {@link withConnection} throws.
 */
export function setUpOne(arm: ChosenArm, joint: JointName, operator: Operator): Promise<void> {
  return atWork(arm, operator, async (place) => {
    if ((await setUpInChain(place, [joint])) === "connect alone") await setUpJoint(place, joint, []);
  });
}

/** LeRobot's order. */
const ORDER: readonly JointName[] = JOINTS.toReversed();

function pictureOf(done: readonly JointName[], now: JointName): SetupPicture {
  const stateOf = (joint: JointName) => (done.includes(joint) ? "done" : joint === now ? "now" : "to do");
  return { kind: "setup", joints: ORDER.map((joint) => ({ joint, state: stateOf(joint) })) };
}

function atWork(
  arm: ChosenArm,
  operator: Operator,
  work: (place: Workplace) => Promise<void>,
): Promise<void> {
  const name = nameOfArm(arm);
  const needs = { access: "torque off", purpose: "set up motors" } as const;
  return withConnection({ arm, port: arm.port }, needs, operator, async (connection) => {
    const { bus, problem } = connection;
    if (bus === undefined) throw new Error(sayProblem(problem!, operator.audience));
    const line = await BoardLine.over(connection, operator);
    try {
      await work({ arm, name, line, operator });
    } finally {
      await line.close();
    }
  });
}

/** Sets one joint's servo up, as often as it takes. Throws Error when it cannot be done and nobody is there to help. */
async function setUpJoint(place: Workplace, joint: JointName, done: readonly JointName[]): Promise<void> {
  const { name, line, operator } = place;
  for (;;) {
    const ready = await operator.ask(
      `Connect the servo for ${nameWithId(joint)} to the board, and no other; power on. Done?`,
    );
    if (!ready) continue;
    const outcome = await line.use(() => setUpConnected(place, joint, done));
    if (outcome === "done") return;
    if (outcome === "another") continue;
    if (!operator.attended) throw new Error(`${name}: ${outcome.trouble}`);
    operator.tell("warning", `${outcome.trouble}.`);
  }
}

/** Sets up the servo that is connected; "another" is to be connected where it is the one that was set up before. */
async function setUpConnected(
  { line, operator }: Workplace,
  joint: JointName,
  done: readonly JointName[],
): Promise<"done" | "another" | { readonly trouble: string }> {
  const found = await inSteps(findServo(line));
  const trouble = "kind" in found ? explain(found) : troubleOf(found);
  if (trouble !== undefined) return { trouble };
  const servo = found as FoundServo;
  if (!(await isFresh(servo, joint, done, operator))) return "another";
  const { changed } = setUpServo(line, servo, joint);
  report(servo, joint, changed ? "set up" : "right already", operator);
  return "done";
}

function explain(trouble: SearchTrouble): string {
  switch (trouble.kind) {
    case "none":
      return "no servo answers at any speed — is the power on, and the lead plugged in at both ends?";
    case "several":
      return `several servos answer (ids ${trouble.ids.join(", ")}): connect only one`;
    case "garbled": {
      const ids = trouble.ids.length === 0 ? "" : `, id ${trouble.ids.join(" and ")}`;
      return `two servos answer at once, with one id${ids}: connect only one, and check its lead`;
    }
  }
}

function troubleOf(servo: FoundServo): string | undefined {
  if (isRightModel(servo)) return undefined;
  return `the servo with id ${servo.id} is of model ${servo.model}, not an STS3215 (model ${STS3215_MODEL}) or STS3250 (model ${STS3250_MODEL}): use another one`;
}

/** Makes sure that this is not the servo that was set up before, and is still connected. */
async function isFresh(
  servo: FoundServo,
  joint: JointName,
  done: readonly JointName[],
  operator: Operator,
): Promise<boolean> {
  const before = done.find((one) => idOf(one) === servo.id);
  if (before === undefined || servo.baudRate !== BAUD_RATES[0]) return true;
  return operator.ask(
    `The servo that is connected has the id of ${nameWithId(before)}, which was set up before. ` +
      `Is it really another one, to become ${nameWithId(joint)}?`,
    "grave",
  );
}

async function joinChain(place: Workplace): Promise<void> {
  const { line, operator } = place;
  for (;;) {
    const ready = await operator.ask(
      "Now connect all six servos as a chain, from shoulder_pan to the gripper. Done?",
    );
    if (!ready) continue;
    const problem = await line.use(() => reachAll(line));
    if (problem === undefined) break;
    operator.tell("warning", `${sayProblem(problem, operator.audience)}.`);
  }
  checkChain(place);
}

/** What is missing of the chain, after a closer look. Throws {@link PortError} where the board is gone. */
async function reachAll({ connection }: BoardLine): Promise<ArmProblem | undefined> {
  await connection.reach();
  if (connection.bus === undefined && connection.problem?.code === "board.missing") {
    throw new PortError("lost", connection.path, `${connection.path} went away`);
  }
  await connection.lookCloser();
  return connection.problem;
}

function checkChain({ arm, name, line: { bus }, operator }: Workplace): void {
  reportServos({ ...arm, bus }, readWholeArm(bus), operator);
  operator.event({ event: "set up", arm: arm.role, id: arm.id });
  const next = command(operator.audience, "calibrate", arm.role);
  operator.tell("done", `${name} is set up: six servos, in order. Next: ${next}`);
}
