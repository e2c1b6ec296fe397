/** How far a pair has come in being set up, as it is found each time that somebody looks. */

import { existsSync } from "node:fs";
import type { Status } from "../../api/protocol.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import type { Role } from "../../arm/joints.ts";
import { targetOf } from "../../linux/real-path.ts";
import { list } from "../../messages/list.ts";
import type { SetUpStep, SetUpView } from "./messages.ts";
import { type Arms, areNamed, armsOf, rolesOf, type SetUpPlace } from "./place.ts";
import { nameOf, sayBoards } from "./steps/names.ts";

/** What is found. `status` is what the pair's service says; undefined while it is not heard. Throws ConfigError. */
export async function look(place: SetUpPlace, status: Status | undefined): Promise<SetUpView> {
  const arms = armsOf(place);
  const boards = await place.boards.list();
  const isNamed = areNamed(place, arms);
  const roles = rolesOf(place);
  const uncalibrated = roles.filter((role) => !isCalibrated(arms, role));
  const armOn = (path: string) => roles.find((role) => targetOf(arms[role].port) === path) ?? null;
  const steps = [
    named(sayBoards(boards, roles), isNamed, arms, roles),
    servos(isNamed, uncalibrated, status, roles),
    calibrations(isNamed, uncalibrated, roles),
    // An arm on another machine is not put beside this one.
    ...(roles.length > 1 ? [compared(place.compared.has(place.pair, arms))] : []),
    roles.includes("follower") ? following(status) : leading(status),
  ];
  const next = steps.find(({ isDone }) => !isDone);
  return {
    boards: boards.map((board) => ({ name: nameOf(board), port: board.path, arm: armOn(board.path) })),
    steps: steps.map(({ isDone, ...step }) => ({
      ...step,
      state: isDone ? "done" : next?.step === step.step ? "now" : "to do",
    })),
    isNamed,
    arms: [...roles],
    awaitedFile: place.files.awaited ?? null,
  };
}

type Found = Omit<SetUpStep, "state"> & { readonly isDone: boolean };

function named(boards: string, isNamed: boolean, arms: Arms, roles: readonly Role[]): Found {
  if (!isNamed) return { step: "boards", isDone: false, text: `${boards}.` };
  const away = roles.filter((role) => !existsSync(arms[role].port));
  const text =
    away.length === 0
      ? "Each board has the name of its arm."
      : `The board of the ${list(away)} is not plugged in: plug it in again.`;
  return { step: "boards", isDone: away.length === 0, text };
}

/** What only servos can tell: the service says it where it has looked. */
const SERVO_CODES = ["bus.silent", "bus.joints-missing", "servo.wrong-id", "servo.wrong-model"];

function servos(
  isNamed: boolean,
  uncalibrated: readonly Role[],
  status: Status | undefined,
  roles: readonly Role[],
): Found {
  const alarm = status?.activeAlarms.find(({ code }) => SERVO_CODES.includes(code));
  if (alarm !== undefined) return { step: "servos", isDone: false, text: alarm.message };
  const areHeard =
    status !== undefined &&
    roles.every((role) =>
      Object.values(status.arms[role].joints).every(({ positionSteps }) => positionSteps !== null),
    );
  // Arms that were calibrated had their ids, and what else is wrong with them is told elsewhere.
  return isNamed && (areHeard || uncalibrated.length === 0)
    ? { step: "servos", isDone: true, text: "Each servo has its id." }
    : { step: "servos", isDone: false, text: "Six servos of each arm, by their ids 1 to 6." };
}

function calibrations(isNamed: boolean, missing: readonly Role[], roles: readonly Role[]): Found {
  const isDone = isNamed && missing.length === 0;
  const text =
    missing.length === 0
      ? roles.length > 1
        ? "Both arms have a calibration."
        : `The ${roles[0]} has a calibration.`
      : `From the arms themselves, from a file, or made now: ${list(missing.map((role) => `the ${role}'s`))} is missing.`;
  return { step: "calibrations", isDone, text };
}

function isCalibrated(arms: Arms, role: Role): boolean {
  return new CalibrationStore(arms[role].calibrationDir).loadIfUsable(arms[role]) !== undefined;
}

function compared(isDone: boolean): Found {
  return {
    step: "compare",
    isDone,
    text: isDone
      ? "The two arms agree."
      : "Both arms are put into the same pose twice: their calibrations should agree.",
  };
}

const following = (status: Status | undefined): Found =>
  lastStep(status, "following", {
    done: "The follower follows the leader.",
    next: "Press Resume: the follower goes slowly to the leader's pose.",
  });

const leading = (status: Status | undefined): Found =>
  lastStep(status, "leading", {
    done: "The leader's positions are sent: a follower of another machine may follow them.",
    next: "Press Resume: the leader's positions are sent.",
  });

/** Whether the pair does what it is for. */
function lastStep(
  status: Status | undefined,
  wanted: Status["state"],
  { done, next }: { readonly done: string; readonly next: string },
): Found {
  const isDone = status?.state === wanted;
  const rest = status === undefined ? "The service does not answer: the screen Health says why." : next;
  return { step: "follow", isDone, text: isDone ? done : rest };
}
