/** `so101 setup-motors`: new servos get the ids of an arm's joints, one after the other. */
import { Command, Option } from "commander";
import { CalibrationStore } from "../arm/calibration/store.ts";
import type { ArmConnection } from "../arm/connection.ts";
import { nameOfArm } from "../arm/identity.ts";
import { idOf, JOINTS, type JointName, nameWithId, type Role } from "../arm/joints.ts";
import { readWholeArm } from "../arm/read.ts";
import { type FoundMotor, findMotor, isRightModel, type MotorLine, setUpMotor } from "../arm/servo-setup.ts";
import { type ArmChoice, type ChosenArm, chooseArm } from "../config/choose-arm.ts";
import { BAUD_RATES, STS3215_MODEL } from "../feetech/registers.ts";
import { withLink } from "../workflows/arm-session.ts";
import { UsageError } from "../workflows/errors.ts";
import { reportServos } from "../workflows/report-servos.ts";
import { SetupProgress } from "../workflows/setup-motors/progress.ts";
import { interruptible } from "./interrupt.ts";
import { type Dialogue, dialogueFor } from "./operator/dialogue.ts";
import { addArmOptions, addJsonOption, addYesOption, roleArgument } from "./options/arm.ts";

interface Options extends ArmChoice {
  readonly joint?: JointName;
  readonly restart?: true;
  readonly yes?: true;
  readonly json?: true;
}

/** Makes the command. */
export function setupMotorsCommand(): Command {
  const command = new Command("setup-motors")
    .summary("give new servos the ids of an arm's joints")
    .description(
      "Gives each servo of a new arm its joint's id, and 1 Mbps, one servo at a time, the gripper's first, as LeRobot " +
        "does. It finds a servo at any id and speed. Stopped at any moment, it goes on where it was.",
    )
    .addArgument(roleArgument())
    .addOption(new Option("--joint <name>", "only this joint's servo").choices(JOINTS))
    .option("--restart", "begin with the gripper again");
  return addJsonOption(addYesOption(addArmOptions(command)))
    .addHelpText(
      "after",
      `
Examples:
  so101 setup-motors follower
  so101 setup-motors follower --joint wrist_flex
Without a terminal one servo is set up at a time:
  so101 setup-motors follower --joint gripper --yes`,
    )
    .action(setupMotors);
}

/** An arm being set up. */
interface Workplace {
  readonly arm: ChosenArm;
  readonly name: string;
  readonly link: ArmConnection;
  readonly line: MotorLine;
  readonly dialogue: Dialogue;
}

function setupMotors(role: Role, options: Options): Promise<void> {
  return interruptible(async (signal) => {
    const dialogue = dialogueFor(options, signal);
    const arm = chooseArm(role, options);
    const name = nameOfArm(arm);
    await withLink(name, arm.port, { access: "torque off", dialogue, signal }, async (link) => {
      const { bus } = link;
      if (bus === undefined) throw new Error(link.trouble);
      const line: MotorLine = { bus, setBaudRate: (baudRate) => link.setBaudRate(baudRate) };
      const place: Workplace = { arm, name, link, line, dialogue };
      if (options.joint !== undefined) await setUpJoint(place, options.joint, [], true);
      else await setUpArm(place, options.restart === true);
    });
  });
}

async function setUpArm(place: Workplace, restart: boolean): Promise<void> {
  const { arm, name, link, dialogue } = place;
  const progress = new SetupProgress(new CalibrationStore(arm.calibrationDir), arm);
  if (restart) progress.forget();
  const done = progress.read();
  if (link.trouble === undefined && done.length === 0) {
    dialogue.say(`${name}: all six servos answer by their ids already.`);
    checkChain(place);
    return;
  }
  if (dialogue.kind !== "terminal") {
    throw new UsageError(
      "servos are connected one at a time, by a person: run it on a terminal, or give --joint and --yes",
    );
  }
  if (done.length > 0) dialogue.say(`${done.join(", ")} were set up before; --restart begins again.`);
  for (const joint of JOINTS.toReversed().filter((one) => !done.includes(one))) {
    await setUpJoint(place, joint, done, false);
    done.push(joint);
    progress.keep(done);
  }
  await joinChain(place);
  progress.forget();
}

/** Sets one joint's servo up; on a terminal as often as it takes. Throws Error when `once` and it cannot be done. */
async function setUpJoint(
  { name, line, dialogue }: Workplace,
  joint: JointName,
  done: readonly JointName[],
  once: boolean,
): Promise<void> {
  for (;;) {
    const ready = await dialogue.confirm(
      `Connect the servo for ${nameWithId(joint)} to the board, and no other; power on. Done?`,
    );
    if (!ready) continue;
    const found = findMotor(line);
    const trouble = "kind" in found ? explain(found) : troubleOf(found);
    if (trouble === undefined) {
      const motor = found as FoundMotor;
      if (!(await isFresh(motor, joint, done, dialogue))) continue;
      const { changed } = setUpMotor(line, motor, joint);
      const was = `it had id ${motor.id} at ${motor.baudRate} baud`;
      dialogue.event({
        event: "motor",
        joint,
        id: idOf(joint),
        changed,
        idBefore: motor.id,
        baudBefore: motor.baudRate,
      });
      dialogue.done(
        changed ? `${nameWithId(joint)} is set up; ${was}.` : `${nameWithId(joint)} is right already.`,
      );
      return;
    }
    if (once && dialogue.kind !== "terminal") throw new Error(`${name}: ${trouble}`);
    dialogue.warn(`${trouble}.`);
  }
}

function explain(trouble: Exclude<ReturnType<typeof findMotor>, FoundMotor>): string {
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

function troubleOf(motor: FoundMotor): string | undefined {
  if (isRightModel(motor)) return undefined;
  return `the servo with id ${motor.id} is of model ${motor.model}, not an STS3215 (model ${STS3215_MODEL}): use another one`;
}

/** Whether this is not the servo that was set up before, and is still connected. */
async function isFresh(
  motor: FoundMotor,
  joint: JointName,
  done: readonly JointName[],
  dialogue: Dialogue,
): Promise<boolean> {
  const before = done.find((one) => idOf(one) === motor.id);
  if (before === undefined || motor.baudRate !== BAUD_RATES[0]) return true;
  return dialogue.confirm(
    `The servo that is connected has the id of ${nameWithId(before)}, which was set up before. ` +
      `Is it really another one, to become ${nameWithId(joint)}?`,
    { grave: true },
  );
}

async function joinChain(place: Workplace): Promise<void> {
  const { link, dialogue } = place;
  for (;;) {
    const ready = await dialogue.confirm(
      "Now connect all six servos as a chain, from shoulder_pan to the gripper. Done?",
    );
    if (!ready) continue;
    await link.reach();
    if (link.trouble === undefined) break;
    dialogue.warn(`${link.trouble}.`);
  }
  checkChain(place);
}

function checkChain({ arm, name, line: { bus }, dialogue }: Workplace): void {
  reportServos({ ...arm, bus }, readWholeArm(bus), dialogue);
  dialogue.event({ event: "set up", arm: arm.role, id: arm.id });
  dialogue.done(`${name} is set up: six servos, in order. Next: so101 calibrate ${arm.role}`);
}
