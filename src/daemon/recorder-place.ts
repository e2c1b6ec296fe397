/** Who records a pair, as it says itself: its connection on the control socket stands for it, and takes what is ordered. */
import type { Recording, RecordingOrder } from "../api/recording.ts";
import { programOf } from "../linux/owners/owner.ts";
import { nameOfOwner } from "../linux/owners/program.ts";
import type { Severity } from "../teleop/reporting/events.ts";
import type { Problem } from "../teleop/reporting/problem.ts";
import { success } from "./api/lines.ts";
import type { Asking } from "./lending.ts";
import type { Held, Reader } from "./requests/client.ts";

/** So many orders may wait for the recorder to take them. */
const MOST_ORDERS = 8;

/** The place of the one recorder of a pair. */
export class RecorderPlace {
  readonly #tell: (severity: Severity, problem: Problem) => void;
  readonly #whyNot: () => string | undefined;
  #recorder: Recorder | undefined;

  /** `tell` is told what becomes of recordings; `whyNot` says why no episode can begin now, where that is so. */
  constructor(tell: (severity: Severity, problem: Problem) => void, whyNot: () => string | undefined) {
    this.#tell = tell;
    this.#whyNot = whyNot;
  }

  /** What the recorder says of itself; undefined where there is none, or it has not said anything. */
  get status(): Recording | undefined {
    return this.#recorder?.recording;
  }

  /** Takes in who asks; why not, where another one is there. */
  open({ peer, isThere }: Asking): Held | string {
    // Who has closed its connection a moment ago is gone, though the server has not looked since.
    if (this.#recorder?.isThere() === false) this.#recorder.ended();
    const other = this.#recorder;
    if (other !== undefined) {
      const into = other.recording === undefined ? "" : ` into ${other.recording.dataset}`;
      return `${other.name} records this pair already${into}: end that first`;
    }
    const owner = programOf(peer?.pid);
    const name = owner === undefined ? "another program" : nameOfOwner(owner);
    const recorder = new Recorder(name, isThere, () => {
      if (this.#recorder === recorder) this.#recorder = undefined;
      this.#tellEnd(recorder.recording);
    });
    this.#recorder = recorder;
    return recorder;
  }

  /** Takes in what the recorder whose connection stands for `held` says of itself; why not, where that is of no use. */
  take(held: Held | undefined, recording: Recording): string | undefined {
    const recorder = this.#recorder;
    if (recorder === undefined || held !== recorder) return 'no recorder: ask for "recorder" first';
    const before = recorder.recording;
    recorder.recording = recording;
    this.#tellChange(recorder, before, recording);
    return undefined;
  }

  /** Orders something; why not, where that cannot be. */
  order(order: RecordingOrder): string | undefined {
    const recorder = this.#recorder;
    if (recorder?.recording === undefined) return "nobody records this pair";
    return whyNotNow(order, recorder.recording, this.#whyNot) ?? recorder.order(order);
  }

  #tellChange(recorder: Recorder, before: Recording | undefined, { dataset, ...now }: Recording): void {
    if (before === undefined) this.#tell("info", { code: "recording.began", dataset });
    else if (now.saved > before.saved) {
      const { episode } = before;
      const { frames, seconds, lost } = now;
      this.#tell("info", { code: "recording.saved", dataset, episode, frames, seconds, lost });
      recorder.hasSaved = isRunning(now);
    } else if (isRunning(before) && !isRunning(now)) {
      const [{ episode }, { message: why }] = [before, now];
      if (!recorder.hasSaved) this.#tell("info", { code: "recording.given-up", dataset, episode, why });
      recorder.hasSaved = false;
    }
  }

  #tellEnd(recording: Recording | undefined): void {
    if (recording === undefined) return;
    const { is, dataset, saved, message } = recording;
    const how = is === "done" || is === "failed" ? is : "gone";
    this.#tell(how === "done" ? "info" : "warning", {
      ...{ code: "recording.ended", how, dataset, saved },
      why: message,
    });
  }
}

function isRunning({ is }: Pick<Recording, "is">): boolean {
  return is === "recording" || is === "saving";
}

/** Why a recorder that is so cannot do as is ordered. */
function whyNotNow(
  order: RecordingOrder,
  { is, saved }: Recording,
  whyNotBegin: () => string | undefined,
): string | undefined {
  if (is === "failed" || is === "done") return "the recorder has ended";
  const isIdle = is === "ready" || is === "resetting";
  switch (order) {
    case "begin":
      return isIdle ? whyNotBegin() : "an episode is being recorded already";
    case "end":
    case "discard":
      return is === "recording" ? undefined : "no episode is being recorded";
    case "again":
      if (is === "saving") return "the episode is being saved: ask again in a moment";
      return is === "recording" || saved > 0 ? undefined : "there is no episode to record again";
    case "stop":
      return undefined;
  }
}

class Recorder implements Held {
  /** It is beside arms that are to be left alone. */
  readonly isPatient = true;
  readonly name: string;
  readonly isThere: () => boolean;
  readonly #over: () => void;
  readonly #orders: RecordingOrder[] = [];
  recording: Recording | undefined;
  /** Whether what it still calls running is saved: the last episode of a session is, and then the session is over. */
  hasSaved = false;
  #isOver = false;

  constructor(name: string, isThere: () => boolean, over: () => void) {
    this.name = name;
    this.isThere = isThere;
    this.#over = over;
  }

  order(order: RecordingOrder): string | undefined {
    if (this.#orders.length === MOST_ORDERS)
      return "the recorder does not take its orders: it may be stopped or hang";
    this.#orders.push(order);
    return undefined;
  }

  look(reader: Reader): boolean {
    for (let order = this.#orders[0]; order !== undefined; order = this.#orders[0]) {
      if (!reader.say(success({ order: { do: order } }))) break;
      this.#orders.shift();
    }
    return true;
  }

  ended(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#over();
  }
}
