/** Doing something with the service of every pair at once: a line each, and none waits for another. */
import { ApiError } from "../api/client.ts";
import { pairsOrMain, unitOf } from "../config/pairs.ts";
import { isSwitchedOff } from "../host/service.ts";
import { printLine } from "../linux/text/stdout.ts";
import { messageOf } from "../workflows/api-problem.ts";
import { AlreadyTold, Interrupted } from "../workflows/errors.ts";
import { socketPaths } from "./options/service.ts";

/** What is to be said of a pair. */
export interface PairAnswer {
  readonly pair: string;
  /** For people. */
  readonly text: string;
  /** For programs; the answer's JSON is it alone. */
  readonly fields: object;
  /** False for a service that did not do what it was asked for, or does not run. */
  readonly isWell: boolean;
}

/**
 * Asks every pair's service, all of them at once. A pair whose service somebody has switched off is said to be so, and
 * is no failure unless there is no other. Throws {@link Interrupted}.
 */
export async function askEachPair(
  ask: (sockets: readonly string[], pair: string) => Promise<Pick<PairAnswer, "text" | "fields">>,
): Promise<PairAnswer[]> {
  const answers = await Promise.all(
    pairsOrMain().map(async (pair): Promise<PairAnswer & { readonly isOff?: true }> => {
      try {
        return { pair, isWell: true, ...(await ask(socketPaths({ pair }), pair)) };
      } catch (error) {
        if (error instanceof Interrupted) throw error;
        const isOff = isNotRunning(error) && (await isSwitchedOff(unitOf(pair)));
        const message = isOff
          ? `its service is switched off — sudo systemctl enable --now ${unitOf(pair)}`
          : messageOf(error, { pair });
        const event = isOff ? "off" : "failed";
        return {
          pair,
          text: message,
          fields: { event, pair, message },
          isWell: false,
          ...(isOff && { isOff }),
        };
      }
    }),
  );
  const others = answers.filter(({ isOff }) => !isOff);
  return answers.map(({ isOff, isWell, ...answer }) => ({
    ...answer,
    isWell: isWell || (isOff === true && others.length > 0),
  }));
}

/** What is printed of an answer. */
export function lineOf({ pair, text, fields }: PairAnswer, json: true | undefined): string {
  return json ? JSON.stringify(fields) : `${pair}: ${text}`;
}

/** Prints a line for each. Throws {@link AlreadyTold} when one is not well. */
export function printAnswers(answers: readonly PairAnswer[], json: true | undefined): void {
  for (const answer of answers) printLine(lineOf(answer, json));
  if (answers.some(({ isWell }) => !isWell)) throw new AlreadyTold("not every pair did as was asked");
}

function isNotRunning(error: unknown): boolean {
  return error instanceof ApiError && error.problem.kind === "not running";
}
