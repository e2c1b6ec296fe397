/** Tells what stands between this machine and its broker: once, when it lasts, and when it is over; for all connections together. */
import { type BrokerTrouble, sayBrokerTrouble } from "../../messages/broker.ts";
import type { Severity } from "../../teleop/reporting/events.ts";

/** What is made anew within this is nobody's to know. */
const LASTS_MS = 2_000;

/** Collects what becomes of the connections to a broker. */
export class BrokerReporting {
  readonly #url: string;
  readonly #say: (severity: Severity, text: string) => void;
  /** Since when which connection is lost, and why. */
  readonly #lost = new Map<object, { readonly sinceMs: number; trouble: BrokerTrouble }>();
  readonly #once = new Set<string>();
  #said = "";
  #timer: NodeJS.Timeout | undefined;

  /** `say` is called with each line for who reads the client's log. */
  constructor(url: string, say: (severity: Severity, text: string) => void) {
    this.#url = url;
    this.#say = say;
  }

  /** What there is to say of the broker now, in a line. */
  get summary(): string {
    const [first] = this.#lost.values();
    return first === undefined ? `the broker is ${this.#url}` : this.#words(first.trouble);
  }

  /** A connection is there. */
  connected(connection: object): void {
    this.#lost.delete(connection);
    if (this.#lost.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#said !== "") this.#say("info", `connected to the broker at ${this.#url} again`);
    this.#said = "";
  }

  /** A connection could not be made, or is lost. */
  lost(connection: object, trouble: BrokerTrouble): void {
    const before = this.#lost.get(connection);
    if (before === undefined) this.#lost.set(connection, { sinceMs: performance.now(), trouble });
    else before.trouble = trouble;
    this.#timer ??= setTimeout(() => this.#tell(), LASTS_MS);
    if (this.#said !== "") this.#tell();
  }

  /** A connection is not wanted any more. */
  gone(connection: object): void {
    if (this.#lost.has(connection)) this.connected(connection);
  }

  /** Something else that is to be known: each text once. */
  once(text: string): void {
    if (this.#once.has(text)) return;
    this.#once.add(text);
    this.#say("warning", text);
  }

  #tell(): void {
    const nowMs = performance.now();
    const lasting = [...this.#lost.values()].find(({ sinceMs }) => nowMs - sinceMs >= LASTS_MS - 1);
    const text = lasting && this.#words(lasting.trouble);
    if (text !== undefined && text !== this.#said) {
      this.#said = text;
      this.#say("warning", text);
    }
    this.#timer = undefined;
    if (this.#said === "" && this.#lost.size > 0) this.#timer = setTimeout(() => this.#tell(), LASTS_MS);
  }

  #words(trouble: BrokerTrouble): string {
    return `the broker at ${this.#url} cannot be used: ${sayBrokerTrouble(trouble)}`;
  }
}
