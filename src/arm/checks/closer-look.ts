/** Looking closer at an arm of which servos do not answer: who else is on its bus, at every id and every speed. */
import type { Bus } from "../../feetech/bus.ts";
import { BAUD_RATES } from "../../feetech/registers.ts";
import { ReadRequest, spanOf } from "../../feetech/requests.ts";
import { sleepForUs } from "../../linux/clock.ts";
import { idOf, JOINTS, type JointName, jointWithId } from "../joints.ts";
import type { ArmProblem, OtherServo } from "../problem.ts";
import type { Remedy } from "../remedy.ts";
import { isRightModel, type ServoLine, trySpeed } from "../servos/servo-setup.ts";
import { type About, type Answers, damagedReplies, problemWith } from "./answers.ts";

const [BUS_SPEED, ...OTHER_SPEEDS] = BAUD_RATES;
const LAST_ID = 253;
/** Joints', new servos', and those of an arm that shares its bus with another: at other speeds nobody asks for more. */
const LIKELY_IDS = Array.from({ length: 12 }, (_, index) => index + 1);
/** A servo that is there answers within 2 ms, unless the link is slow: then those that answer show how slow. */
const LEAST_PATIENCE_US = 4_000;
const MOST_PATIENCE_US = 60_000;
/** 8 bytes there, and as many back, with 10 bits each. */
const BITS_OF_A_READ = 160;
/** The second of two servos with one id may begin so much later: factory return delay, and that again for the link. */
const TWIN_WITHIN_US = 3_000;
const LOOKS = 4;

/**
 * Looks closer, in steps of at most some 0.1 s, and returns what is wrong for all that was found. Only reads and pings
 * are sent. At the end, and where it is given up between two steps, the caller sets the line to its speed again: a step
 * may leave it at another. Torque that is on must stay in reach: the other speeds are then left out.
 * Throws {@link PortError}.
 */
export function* closerLook(line: ServoLine, answers: Answers, about: About): Generator<void, ArmProblem> {
  const { bus } = line;
  const answering = JOINTS.filter((joint) => !answers.missing.includes(joint));
  if (answers.missing.length === 0) {
    const models = JOINTS.map((joint) => ({
      joint,
      model: askFor(bus, idOf(joint), MOST_PATIENCE_US)?.model,
    }));
    return wrongModel(models, about) ?? problemWith(answers, about);
  }
  const speeds = answering.some((joint) => hasTorque(bus, idOf(joint))) ? [] : OTHER_SPEEDS;
  const found: OtherServo[] = [];
  yield* search(line, answering, speeds, answers.missing.length, found);
  line.setBaudRate(BUS_SPEED);
  const isOther = ({ id, baudRate }: OtherServo) => baudRate !== BUS_SPEED || jointWithId(id) === undefined;
  // Noise on the line sounds as if there were damaged replies to everything.
  const isNoisy = found.filter(({ model }) => model === undefined).length > answers.missing.length;
  const others = found.filter((one) => isOther(one) && !(isNoisy && one.model === undefined));
  if (others.length > 0) return wrongIds(answers.missing, others, about);
  const another = wrongModel(
    found.filter((one) => !isOther(one)).map(({ id, model }) => ({ joint: jointWithId(id)!, model })),
    about,
  );
  if (another !== undefined) return another;
  const twins = [...answers.damaged];
  for (const joint of answering) {
    if (hasTwin(bus, idOf(joint))) twins.push(joint);
    yield;
  }
  if (twins.length > 0) return damagedReplies(inOrder(twins), answers.missing, about);
  const problem = problemWith(answers, about);
  const isSearched = problem.code === "bus.joints-missing" && speeds.length > 0;
  return isSearched ? { ...problem, searched: true } : problem;
}

/** Asks for servos until as many are found as are missing, the likely ones first. */
function* search(
  line: ServoLine,
  answering: readonly JointName[],
  speeds: readonly number[],
  wanted: number,
  found: OtherServo[],
): Generator<void> {
  const known = new Set(answering.map(idOf));
  const all = [BUS_SPEED, ...speeds].filter((baudRate) => trySpeed(line, baudRate));
  const patienceUs = patienceFor(line.bus, answering);
  const ask = (baudRate: number, id: number) => {
    if (baudRate === BUS_SPEED && known.has(id)) return;
    if (found.some((one) => one.id === id && one.baudRate === baudRate)) return;
    line.setBaudRate(baudRate);
    const answer = askFor(line.bus, id, patienceUs + (BITS_OF_A_READ * 1e6) / baudRate);
    if (answer !== undefined) found.push({ id, baudRate, model: answer.model });
  };
  for (const baudRate of all) {
    line.setBaudRate(baudRate);
    const { ids } = line.bus.pingAll();
    for (const id of new Set(ids)) ask(baudRate, id);
    yield;
  }
  if (found.length >= wanted) return;
  for (const baudRate of all) {
    for (const id of LIKELY_IDS) {
      ask(baudRate, id);
      yield;
    }
  }
  // Where nobody has answered to anything there is nobody: the arm has no power, and that is to be said soon.
  if (answering.length === 0 && found.length === 0) return;
  for (let id = LIKELY_IDS.length + 1; id <= LAST_ID && found.length < wanted; id++) {
    ask(BUS_SPEED, id);
    yield;
  }
}

/** Whether somebody answers to an id, and as which model; undefined when nobody does. */
function askFor(bus: Bus, id: number, timeoutUs: number): { model: number | undefined } | undefined {
  const read = new ReadRequest([id], spanOf("model_number"));
  const noise = () => bus.counters.of(id, "corrupted") + bus.counters.noiseBytes;
  let damaged = 0;
  for (let look = 0; look < LOOKS; look++) {
    const before = noise();
    if (bus.exchange(read, timeoutUs)) return { model: read.value(0, "model_number") };
    if (noise() === before) return undefined;
    damaged++;
  }
  return damaged === LOOKS ? { model: undefined } : undefined;
}

/** A servo of another model may answer to its joint's id, but not to a read of all servos together. */
function wrongModel(
  servos: readonly { readonly joint: JointName; readonly model: number | undefined }[],
  about: About,
): ArmProblem | undefined {
  for (const { joint, model } of servos) {
    if (model !== undefined && !isRightModel({ model }))
      return { code: "servo.wrong-model", ...about, joint, model };
  }
  return undefined;
}

function hasTorque(bus: Bus, id: number): boolean {
  const read = new ReadRequest([id], spanOf("torque_enable"));
  for (let look = 0; look < LOOKS; look++) {
    if (bus.exchange(read)) return read.value(0, "torque_enable") !== 0;
  }
  return false;
}

/** Whether a second servo answers to an id, shortly after the first: what comes unasked is noise to the next request. */
function hasTwin(bus: Bus, id: number): boolean {
  const read = new ReadRequest([id], spanOf("present_position"));
  for (let look = 0; look < LOOKS; look++) {
    bus.exchange(read);
    const before = bus.counters.noiseBytes;
    sleepForUs(bus.clock, TWIN_WITHIN_US);
    bus.exchange(read);
    if (bus.counters.noiseBytes === before) return false;
  }
  return true;
}

/** How long a servo may take to answer on this link, µs, by how long those take that do. */
function patienceFor(bus: Bus, answering: readonly JointName[]): number {
  let longestUs = 0;
  for (const joint of answering) {
    const startUs = bus.clock.nowUs();
    if (bus.exchange(new ReadRequest([idOf(joint)], spanOf("model_number")), MOST_PATIENCE_US))
      longestUs = Math.max(longestUs, bus.clock.nowUs() - startUs);
  }
  return Math.min(Math.max(2 * longestUs, LEAST_PATIENCE_US), MOST_PATIENCE_US);
}

function wrongIds(missing: readonly JointName[], found: readonly OtherServo[], about: About): ArmProblem {
  const [joint, ...others] = missing;
  const remedy: Remedy = others.length === 0 ? { do: "give id", joint: joint! } : { do: "give ids" };
  const sorted = [...found].sort((a, b) => a.id - b.id || b.baudRate - a.baudRate);
  return { code: "servo.wrong-id", ...about, joints: missing, found: sorted, remedies: [remedy] };
}

function inOrder(joints: readonly JointName[]): JointName[] {
  return JOINTS.filter((joint) => joints.includes(joint));
}
