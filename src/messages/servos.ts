/** In words: which servos of an arm do not answer as they should, and what is to be done about it. */
import { JOINTS, type JointName, nameWithId } from "../arm/joints.ts";
import type { BusDamaged, JointsMissing, OtherServo, WrongIds } from "../arm/problem.ts";
import type { Remedy } from "../arm/remedy.ts";
import { isRightModel } from "../arm/servos/servo-setup.ts";
import { BAUD_RATES } from "../feetech/registers.ts";
import { type Audience, command } from "./audience.ts";
import { list } from "./list.ts";

/** Some servos do not answer. */
export function missing(problem: JointsMissing, audience: Audience): string {
  const { joints, remedies, searched } = problem;
  const isTail = joints.length > 1 && joints.length === JOINTS.length - JOINTS.indexOf(joints[0]!);
  const who = isTail ? `${nameWithId(joints[0]!)} and everything after it` : list(joints.map(nameWithId));
  const nobody = searched ? ", and no other servo answers, at any id or speed" : "";
  const silent = remedies.flatMap((remedy) => (remedy.do === "check servo" ? [remedy.joint] : []));
  const cures = silent.length === 0 ? [] : [cureOfServos(silent, problem, audience)];
  return `no answer from ${who}${nobody} — ${[...cures, ...remedies.flatMap(sayLead)].join("; ")}`;
}

/** A servo behind which others answer: the leads carry all the way to those. */
function cureOfServos(
  silent: readonly JointName[],
  { arm, searched }: JointsMissing,
  audience: Audience,
): string {
  const isOne = silent.length === 1;
  const [its, has] = isOne ? ["its servo", "has"] : ["their servos", "have"];
  const good = `servos behind ${list(silent)} answer, so ${isOne ? "its" : "their"} leads are good`;
  if (searched)
    return `${good}: ${its} ${has} failed — switch the arm's power off and on; if that does not help, replace ${isOne ? "it" : "them"}`;
  const tryIt = arm === undefined ? "" : `: try "${setUp(arm.role, silent, audience)}"`;
  return `${good}: ${its} ${has} another id, or ${has} failed${tryIt}`;
}

/** Servos answer, but not to their joints' ids. */
export function wrongIds({ arm, joints, found }: WrongIds, audience: Audience): string {
  const isAll = joints.length === JOINTS.length;
  const who = isAll
    ? "no servo answers to the id of a joint"
    : `no answer from ${list(joints.map(nameWithId))}`;
  const give = joints.length === 1 ? `give ${joints[0]}'s servo its id` : "give the servos their joints' ids";
  const withIt = arm === undefined ? "" : ` with "${setUp(arm.role, joints, audience)}"`;
  return `${who}, but ${sayFound(found)} — ${give}${withIt}`;
}

/** Replies arrive damaged. */
export function damaged({ arm, joints, silent, remedies: [remedy] }: BusDamaged, audience: Audience): string {
  if (joints.length === 0)
    return "its servos answer one by one but not together — check the leads and the plugs";
  const what = `the replies of ${list(joints.map(nameWithId))} arrive damaged`;
  if (remedy?.do !== "give id" && remedy?.do !== "give ids")
    return `${what} — check the leads and the plugs; two servos may have one id`;
  const withIt = arm === undefined ? "" : ` with "${setUp(arm.role, silent, audience)}"`;
  const [first, ...others] = silent;
  const cause =
    others.length === 0
      ? `does not answer — two servos probably have one id: give ${first}'s its own`
      : "do not answer — several servos probably have one id: give each its own";
  return `${what}, and ${list(silent.map(nameWithId))} ${cause}${withIt}`;
}

/** `ids 8 and 9 answer`, `id 3 answers at 115200 baud, and id 8 answers`. */
function sayFound(found: readonly OtherServo[]): string {
  const plain = found.filter(({ baudRate, model }) => baudRate === BAUD_RATES[0] && isUsual(model));
  const others = found.filter((one) => !plain.includes(one));
  const parts = others.map(({ id, baudRate, model }) => {
    const at = baudRate === BAUD_RATES[0] ? "" : ` at ${baudRate} baud`;
    if (model === undefined) return `several servos answer at once to id ${id}${at}`;
    return `id ${id} answers${at}${isUsual(model) ? "" : ` (model ${model}, not an STS3215)`}`;
  });
  if (plain.length === 1) parts.unshift(`id ${plain[0]!.id} answers`);
  if (plain.length > 1) parts.unshift(`ids ${list(plain.map(({ id }) => String(id)))} answer`);
  return list(parts);
}

function isUsual(model: number | undefined): boolean {
  return model !== undefined && isRightModel({ model });
}

/** The command that gives servos their ids: one joint's in the chain, or all of the arm's. */
function setUp(role: string, joints: readonly JointName[], audience: Audience): string {
  const [only, ...others] = joints;
  const one = only !== undefined && others.length === 0 ? ["--joint", only] : [];
  return command(audience, "setup-motors", role, ...one);
}

function sayLead(remedy: Remedy): string[] {
  if (remedy.do !== "check lead") return [];
  return [`check the lead between ${remedy.from === "board" ? "the board" : remedy.from} and ${remedy.to}`];
}
