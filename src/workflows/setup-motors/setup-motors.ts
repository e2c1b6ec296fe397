/** Setting up an arm's servos: new ones get the ids of its joints, one after the other. */
import { CalibrationStore } from "../../arm/calibration/store.ts";
import type { ArmConnection } from "../../arm/connection.ts";
import { nameOfArm } from "../../arm/identity.ts";
import { idOf, JOINTS, type JointName, nameWithId } from "../../arm/joints.ts";
import { readWholeArm } from "../../arm/servos/read.ts";
import {
  type FoundServo,
  findServo,
  isRightModel,
  type ServoLine,
  setUpServo,
} from "../../arm/servos/servo-setup.ts";
import type { ChosenArm } from "../../config/choose-arm.ts";
import { BAUD_RATES, STS3215_MODEL, STS3250_MODEL } from "../../feetech/registers.ts";
import { command } from "../../messages/audience.ts";
import { sayProblem } from "../../messages/problems.ts";
import { withConnection } from "../arm-session.ts";
import { UsageError } from "../errors.ts";
import type { Operator, SetupPicture } from "../operator.ts";
import { reportServos } from "../scrutiny.ts";
import { SetupProgress } from "./progress.ts";

/** An arm being set up. */
interface Workplace {
  readonly arm: ChosenArm;
  readonly name: string;
  readonly connection: ArmConnection;
  readonly line: ServoLine;
  readonly operator: Operator;
}

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
    const { name, connection } = place;
    const progress = new SetupProgress(new CalibrationStore(arm.calibrationDir), arm);
    if (begin === "from the start") progress.forget();
    const done = progress.read();
    if (connection.problem === undefined && done.length === 0) {
      operator.tell("info", `${name}: all six servos answer by their ids already.`);
      checkChain(place);
      return;
    }
    if (!operator.attended) {
      throw new UsageError(
        "servos are connected one at a time, by a person: run it on a terminal, or give --joint and --yes",
      );
    }
    if (done.length > 0) {
      operator.tell("info", `${done.join(", ")} were set up before; --restart begins again.`);
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

/** Gives one servo its joint's id. Throws an Error that says why it cannot be done; what {@link withConnection} throws. */
export function setUpOne(arm: ChosenArm, joint: JointName, operator: Operator): Promise<void> {
  return atWork(arm, operator, (place) => setUpJoint(place, joint, []));
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
  return withConnection({ arm, port: arm.port }, { access: "torque off" }, operator, (connection) => {
    const { bus, problem } = connection;
    if (bus === undefined) throw new Error(sayProblem(problem!, operator.audience));
    const line: ServoLine = { bus, setBaudRate: (baudRate) => connection.setBaudRate(baudRate) };
    return work({ arm, name, connection, line, operator });
  });
}

/** Sets one joint's servo up, as often as it takes. Throws Error when it cannot be done and nobody is there to help. */
async function setUpJoint(
  { name, line, operator }: Workplace,
  joint: JointName,
  done: readonly JointName[],
): Promise<void> {
  for (;;) {
    const ready = await operator.ask(
      `Connect the servo for ${nameWithId(joint)} to the board, and no other; power on. Done?`,
    );
    if (!ready) continue;
    const found = findServo(line);
    const trouble = "kind" in found ? explain(found) : troubleOf(found);
    if (trouble === undefined) {
      const servo = found as FoundServo;
      if (!(await isFresh(servo, joint, done, operator))) continue;
      const { changed } = setUpServo(line, servo, joint);
      report(servo, joint, changed ? "set up" : "right already", operator);
      return;
    }
    if (!operator.attended) throw new Error(`${name}: ${trouble}`);
    operator.tell("warning", `${trouble}.`);
  }
}

function report(
  { id, baudRate }: FoundServo,
  joint: JointName,
  what: "set up" | "right already",
  operator: Operator,
): void {
  const changed = what === "set up";
  operator.event({
    event: "motor",
    joint,
    id: idOf(joint),
    changed,
    idBefore: id,
    baudBefore: baudRate,
  });
  const was = changed ? `; it had id ${id} at ${baudRate} baud` : "";
  operator.tell("done", `${nameWithId(joint)} is ${what}${was}.`);
}

function explain(trouble: Exclude<ReturnType<typeof findServo>, FoundServo>): string {
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
  const { connection, operator } = place;
  for (;;) {
    const ready = await operator.ask(
      "Now connect all six servos as a chain, from shoulder_pan to the gripper. Done?",
    );
    if (!ready) continue;
    await connection.reach();
    if (connection.problem === undefined) break;
    operator.tell("warning", `${sayProblem(connection.problem, operator.audience)}.`);
  }
  checkChain(place);
}

function checkChain({ arm, name, line: { bus }, operator }: Workplace): void {
  reportServos({ ...arm, bus }, readWholeArm(bus), operator);
  operator.event({ event: "set up", arm: arm.role, id: arm.id });
  const next = command(operator.audience, "calibrate", arm.role);
  operator.tell("done", `${name} is set up: six servos, in order. Next: ${next}`);
}
