/** The service's log: a line for the journal with its priority, elsewhere with the time. */
import { isJournal, printJournalLine, printLine } from "../linux/text/stdout.ts";
import { styled } from "../linux/text/styled.ts";
import { visible } from "../linux/text/visible.ts";
import type { Severity } from "../teleop/reporting/events.ts";

/** sd-daemon(3): a line's priority for the journal. */
const priorities = { info: 6, warning: 4, fault: 3 } as const satisfies Record<Severity, number>;

const colours = { info: "none", warning: "yellow", fault: "red" } as const;

const toJournal = isJournal();

/** Writes one line: to the journal with its priority, elsewhere with the time. */
export function log(severity: Severity, message: string): void {
  if (toJournal) {
    printJournalLine(priorities[severity], message);
    return;
  }
  // One line, whatever is in it: the next would look like one of the log's own.
  const text = visible(severity === "warning" ? `warning: ${message}` : message);
  const style = colours[severity];
  printLine(`${new Date().toISOString()} ${style === "none" ? text : styled(style, text)}`);
}
