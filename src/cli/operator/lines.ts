/** Lines that a person or a log reads, where nobody can be asked. */
import { printLine } from "../../linux/text/stdout.ts";
import type { OperatorEvent, Step, Tone, Words } from "../../workflows/operator.ts";
import { UnattendedOperator } from "./unattended.ts";

const prefixes: Readonly<Record<Tone, string>> = {
  info: "",
  done: "",
  warning: "warning: ",
  fault: "fault: ",
};

/** Prints what is told, a line each. */
export class LineOperator extends UnattendedOperator {
  tell(tone: Tone, message: string): void {
    printLine(`${prefixes[tone]}${message}`);
  }

  progress(_: Step, instruction: string): void {
    this.tell("info", instruction);
  }

  event(_: OperatorEvent, words?: Words): void {
    if (words !== undefined) this.tell(words.tone, words.message);
  }
}
