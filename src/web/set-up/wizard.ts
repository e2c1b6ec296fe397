/**
 * Setting a pair up from new boards to arms that follow: each step looks at what there is, does what is missing, and is
 * passed over where nothing is. It may be ended anywhere and begun again: it goes on where something is missing.
 */
import { askService } from "../../api/client.ts";
import { ConfigError } from "../../config/config.ts";
import type { Board } from "../../host/boards.ts";
import { targetOf } from "../../linux/real-path.ts";
import { list } from "../../messages/list.ts";
import { messageOf } from "../../workflows/api-problem.ts";
import type { Way } from "../../workflows/assign/choose.ts";
import { compareArms } from "../../workflows/calibration/compare.ts";
import { AlreadyTold, Interrupted } from "../../workflows/errors.ts";
import type { Operator } from "../../workflows/operator.ts";
import { askFor } from "../../workflows/wish.ts";
import type { Outcome } from "../work/messages.ts";
import { areNamed, armsOf, rolesOf, type SetUpPlace } from "./place.ts";
import { seeToCalibration } from "./steps/calibrations.ts";
import { change, nameBoards, sayOneBoard } from "./steps/names.ts";
import { seeToServos } from "./steps/servos.ts";

/**
 * Sets a pair up. `way` is how the person tells which board is which. "faults" where something was left for later, or the
 * arms do not agree. Throws ConfigError, {@link Interrupted}.
 */
export async function setUp(place: SetUpPlace, way: Way, operator: Operator): Promise<Outcome> {
  await standStill(place, operator);
  const arms = armsOf(place);
  const roles = rolesOf(place);
  if (!areNamed(place, arms)) await patiently(place, operator, () => name(place, way, operator));
  let isLeft = false;
  for (const role of roles) {
    const isDone = await patiently(place, operator, async () => {
      return (await seeToServos(arms[role], operator)) && seeToCalibration(arms[role], place, operator);
    });
    isLeft ||= !isDone;
  }
  if (isLeft) return "faults";
  if (roles.length > 1) {
    const agree = await patiently(place, operator, () => compare(place, operator));
    if (!agree) return "faults";
  }
  await patiently(place, operator, () => haveServiceRun(place, operator));
  const what = roles.length > 1 ? "Both arms are" : `The ${roles[0]} is`;
  const then = roles.includes("follower")
    ? "the follower goes slowly to the leader's pose, then follows it."
    : "the leader's positions are sent.";
  operator.tell("done", `${what} set up. Press Resume: ${then}`);
  return "done";
}

/** Names the boards of a pair, whatever names they have. Throws what {@link nameBoards} throws. */
export async function nameAgain(place: SetUpPlace, way: Way, operator: Operator): Promise<Outcome> {
  await standStill(place, operator);
  await name(place, way, operator);
  return "done";
}

/** Has the boards named; of a machine that has one arm throws an Error that says how its board is found. */
async function name(place: SetUpPlace, way: Way, operator: Operator): Promise<void> {
  const [role, ...others] = rolesOf(place);
  if (others.length === 0) throw new Error(sayOneBoard(await place.boards.list(), role!));
  await nameBoards(place, way, operator);
}

/** Nothing moves while hands are at the arms: the pair is paused until somebody resumes it. */
async function standStill(place: SetUpPlace, { signal }: Operator): Promise<void> {
  const { sockets } = place;
  try {
    if (areNamed(place, armsOf(place))) await askFor("pause", sockets, signal);
    // There is no arm yet that could be seen to stand still: what counts is that none goes on once there is.
    else await askService(sockets, { do: "pause" });
  } catch (error) {
    // Without a service nothing moves; and one whose follower does not answer does not move it when it does.
    const status = await askService(sockets, { do: "status" }).catch(() => undefined);
    if (signal.aborted || (status && ["aligning", "following"].includes(status.state))) throw error;
  }
}

/** Has the pair's service run where none is heard, once the person agrees: then the follower follows. */
async function haveServiceRun({ pair, sockets, naming }: SetUpPlace, operator: Operator): Promise<void> {
  const status = await askService(sockets, { do: "status" }).catch(() => undefined);
  if (status !== undefined) return;
  const question =
    "The service of these arms does not run. Have it run, now and from each start of the machine on? The follower goes " +
    "slowly to the leader's pose then, and follows it.";
  if (await operator.ask(question)) await naming.enable(pair);
}

/** Compares both arms, unless they were with the calibrations that they have. */
async function compare(place: SetUpPlace, operator: Operator): Promise<boolean> {
  const arms = armsOf(place);
  if (place.compared.has(place.pair, arms)) return true;
  const { agree } = await compareArms(arms, operator, "seen");
  if (agree) place.compared.keep(place.pair, arms);
  return agree;
}

/**
 * Does a step; whatever goes wrong in it is told. Where a board was pulled meanwhile it begins again once both are there,
 * else when the person says so. Throws what nobody beside the arms can cure.
 */
async function patiently<T>(place: SetUpPlace, operator: Operator, step: () => Promise<T>): Promise<T> {
  for (;;) {
    const over = new AbortController();
    let wasPulled = false;
    place.boards.watch(() => {
      wasPulled = true;
    }, over.signal);
    try {
      return await step();
    } catch (error) {
      if (error instanceof Interrupted || error instanceof ConfigError || operator.signal.aborted)
        throw error;
      if (!(error instanceof AlreadyTold)) {
        operator.tell("warning", `${messageOf(error, operator.audience)}.`);
      }
      if (wasPulled || awayOf(place, await place.boards.list()).length > 0) await untilBack(place, operator);
      else await askWhetherAgain(operator);
    } finally {
      over.abort();
    }
  }
}

/** Asks whether to try a step again. Throws {@link Interrupted} when not. */
async function askWhetherAgain(operator: Operator): Promise<void> {
  const answer = await operator.choose(
    "This step was not done. What now?",
    [
      { value: "again", label: "Try again" },
      { value: "end", label: "End this", hint: "it can be gone on with at any time" },
    ],
    "",
  );
  if (answer === "end") throw new Interrupted("left there: it can be gone on with at any time");
}

/** Waits until both boards are there. Rejects with the reason of the operator's signal. */
async function untilBack(place: SetUpPlace, operator: Operator): Promise<void> {
  for (let said = ""; ; ) {
    const away = awayOf(place, await place.boards.list());
    if (away.length === 0) break;
    const what = `Not plugged in: ${list(away)}. Plug it in again.`;
    if (what !== said) operator.tell("warning", what);
    said = what;
    await change(place.boards, operator.signal);
  }
  operator.tell("info", "Both boards are there: this step begins again.");
}

/** Which boards are away, in words. */
function awayOf(place: SetUpPlace, boards: readonly Board[]): string[] {
  const arms = armsOf(place);
  const roles = rolesOf(place);
  if (!areNamed(place, arms)) return boards.length < roles.length ? ["a board"] : [];
  const away = roles.filter((role) => targetOf(arms[role].port) === undefined);
  return away.map((role) => `the board of the ${role}`);
}
