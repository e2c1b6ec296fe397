/** What the network's client says is wrong, told as it should be: what lasts as an alarm, and a spell of samples of others once. */
import type { UnsentTrouble } from "../../api/protocol.ts";
import type { EventSink } from "../../teleop/reporting/events.ts";

/** After so long without one, samples of another machine are news again. */
const SPELL_MS = 10_000;
const UNSENT = "network.unsent";

/** Keeps what was told. */
export class ClientTroubles {
  readonly #sink: EventSink;
  readonly #nowMs: () => number;
  #unsent: UnsentTrouble | undefined;
  #others = 0;
  #othersMs = Number.NEGATIVE_INFINITY;

  constructor(sink: EventSink, nowMs: () => number = () => performance.now()) {
    this.#sink = sink;
    this.#nowMs = nowMs;
  }

  /** How many samples came under the name of a leader that was followed, from another machine. */
  get others(): number {
    return this.#others;
  }

  /** What keeps the leader's positions from going out; nothing once they do, or where nobody carries them. */
  unsent(trouble: UnsentTrouble | undefined): void {
    if (Bun.deepEquals(trouble, this.#unsent)) return;
    const before = this.#unsent;
    this.#unsent = trouble;
    const alarm = { kind: "alarm", name: UNSENT } as const;
    const problem = (of: UnsentTrouble) => ({ code: "network.unsent", trouble: of }) as const;
    if (trouble !== undefined)
      this.#sink({ ...alarm, change: "raised", severity: "warning", problem: problem(trouble) });
    else if (before !== undefined)
      this.#sink({ ...alarm, change: "cleared", severity: "info", problem: problem(before) });
  }

  /** So many samples of another machine came under a leader's name, `desk/main`. */
  ofOthers(leader: string, count: number): void {
    const nowMs = this.#nowMs();
    const isNews = nowMs - this.#othersMs > SPELL_MS;
    this.#others += count;
    this.#othersMs = nowMs;
    const [machine = leader] = leader.split("/");
    const problem = { code: "network.name-twice", machine } as const;
    if (isNews) this.#sink({ kind: "notice", severity: "warning", problem });
  }
}
