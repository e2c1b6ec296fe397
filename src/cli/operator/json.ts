/** JSON that a program reads, one object a line. */
import { printLine } from "../../linux/text/stdout.ts";
import type { OperatorEvent, Step, Tone } from "../../workflows/operator.ts";
import { UnattendedOperator } from "./unattended.ts";

const severities = { info: "info", done: "info", warning: "warning", fault: "fault" } as const;

/** Prints events, and what people are told as `{"event": "notice", "severity", "message"}`. */
export class JsonOperator extends UnattendedOperator {
  tell(tone: Tone, message: string): void {
    this.event({ event: "notice", severity: severities[tone], message });
  }

  progress({ step, ...fields }: Step, instruction: string): void {
    this.event({ event: "step", step, ...fields });
    this.tell("info", instruction);
  }

  event(event: OperatorEvent): void {
    printLine(JSON.stringify(event));
  }
}
