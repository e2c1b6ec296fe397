/** Who has the arms that a pair has lent, in words. */
import { nameOfOwner } from "../linux/owners/program.ts";
import type { Borrower, TeleopProblem } from "../teleop/reporting/problem.ts";

/** Problems of one code. */
type Of<Code extends TeleopProblem["code"]> = Extract<TeleopProblem, { readonly code: Code }>;

/** How far lending has come. */
export function sayLent(problem: Of<"pair.lent">): string {
  const { borrower } = problem;
  const who = borrower && sayBorrower(borrower);
  switch (problem.stage) {
    case "asked":
      return `${who ?? "another program has borrowed the arms"}: the follower is released, and both ports are closed`;
    case "releasing":
      return `${who ?? "another program has borrowed the arms"}: the follower is being released for it`;
    case "lent":
      return (
        `lent: ${who ?? "another program has borrowed the arms"}` +
        (problem.torque === "off" ? "" : "; not all servos of the follower answered: it may hold")
      );
  }
}

/** How a loan has ended. */
export function sayTakenBack({ borrower, how }: Of<"pair.taken-back">): string {
  const who = whoBorrows(borrower);
  switch (how) {
    case "given back":
      return `${who} has given the arms back: the pair goes on as before`;
    case "demanded":
      return `${who} was asked to give the arms back, and has not within a second: they are taken as soon as it has closed their ports`;
    case "not lent":
      return `${who} has not got the arms: the pair goes on as before`;
  }
}

/** Who has the arms: `so101 (pid 812) has borrowed the arms (calibrate)`. */
export function sayBorrower(borrower: Borrower): string {
  return `${whoBorrows(borrower)} has borrowed the arms (${borrower.purpose})`;
}

function whoBorrows({ program }: Borrower): string {
  return program === undefined ? "another program" : nameOfOwner(program);
}
