/** An arm being set up, and how it is told that a servo has its joint's id. */
import { idOf, type JointName, nameWithId } from "../../arm/joints.ts";
import type { FoundServo } from "../../arm/servos/servo-setup.ts";
import type { ChosenArm } from "../../config/choose-arm.ts";
import type { Operator } from "../operator.ts";
import type { BoardLine } from "./board-line.ts";

/** An arm being set up. */
export interface Workplace {
  readonly arm: ChosenArm;
  readonly name: string;
  readonly line: BoardLine;
  readonly operator: Operator;
}

/** Tells that a joint's servo has its id, and which it had before. */
export function report(
  { id, baudRate }: Pick<FoundServo, "id" | "baudRate">,
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
