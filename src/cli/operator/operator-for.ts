/** Whom a command's workflow serves: a person at a terminal, whoever reads lines, or a program. */
import type { Audience, GivenOptions } from "../../messages/audience.ts";
import type { Operator } from "../../workflows/operator.ts";
import { readerOf } from "../options/audience.ts";
import { JsonOperator } from "./json.ts";
import { LineOperator } from "./lines.ts";
import { TerminalOperator } from "./terminal.ts";

/** The operator for a command's options, which tell who reads. `signal` ends a question that is open. */
export function operatorFor(
  options: GivenOptions & { readonly yes?: true | undefined; readonly json?: true | undefined },
  signal: AbortSignal,
  audience: Audience = readerOf(options),
): Operator {
  const { yes, json } = options;
  const agreed = yes ? "everything" : "nothing";
  if (json) return new JsonOperator(audience, agreed, signal);
  return hasPerson() && !yes
    ? new TerminalOperator(audience, signal)
    : new LineOperator(audience, agreed, signal);
}

/** Whether somebody can be asked: both input and output are a terminal. */
function hasPerson(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}
