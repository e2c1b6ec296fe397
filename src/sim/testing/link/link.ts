/**
 * A network that is as bad as a test wants: two network namespaces, joined by a process that delays, drops and cuts. Takes
 * root's rights and /dev/net/tun, and nothing of the kernel's own (netem), which not every kernel has.
 */
import { join } from "node:path";
import type { Conditions, Orders, Report } from "./conditions.ts";
import { congestionControlOf, setCongestionControl } from "./congestion.ts";
import { linesOf } from "./lines.ts";
import { makeNamespaces, removeNamespaces } from "./namespaces.ts";

/** One end of a link: a network of its own, where nothing else is but its loopback. */
export interface End {
  readonly namespace: string;
  /** By which the other end reaches it. */
  readonly address: string;
  /** What runs a command there: to be put before it. Its process is that of the command. */
  readonly enter: readonly string[];
}

/** How a link is to be made. */
export interface LinkOptions {
  /** Both ways. */
  readonly conditions: Conditions;
  /** Of TCP at both ends: "cubic", "bbr", as far as the kernel has them; the machine's if left out. */
  readonly congestionControl?: string;
  /** Repeats the good and bad spells. */
  readonly seed?: number;
}

/** Which way nothing gets through. */
export type Cut = "a to b" | "b to a" | "both";

const NOTHING_LOST = { carried: 0, lost: 0 };

/** A link; disposing removes it with its namespaces. What still runs there goes on, and reaches nobody. */
export class Link implements AsyncDisposable {
  readonly a: End;
  readonly b: End;
  readonly congestionControl: string;
  #conditions: Conditions;
  #last: Report = { atUs: 0, ab: NOTHING_LOST, ba: NOTHING_LOST };
  readonly #carrier: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly #reports: AsyncIterator<string>;

  private constructor(ends: { a: End; b: End }, { conditions, congestionControl, seed = 1 }: LinkOptions) {
    ({ a: this.a, b: this.b } = ends);
    this.#conditions = conditions;
    const namespaces = [this.a.namespace, this.b.namespace];
    if (congestionControl !== undefined) setCongestionControl(namespaces, congestionControl);
    this.congestionControl = congestionControlOf(this.a.namespace);
    const [script, runtime] = [join(import.meta.dir, "carrier.ts"), process.execPath];
    const what = [this.a.namespace, this.b.namespace, this.a.address, this.b.address, String(seed)];
    this.#carrier = Bun.spawn([...this.a.enter, runtime, script, ...what], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.#reports = linesOf(this.#carrier.stdout);
  }

  /** Makes a link and waits until it carries. Rejects with what stood in the way. */
  static async start(options: LinkOptions): Promise<Link> {
    const names = makeNamespaces();
    const end = (namespace: string, address: string): End => ({
      ...{ namespace, address, enter: ["ip", "netns", "exec", namespace] },
    });
    try {
      const link = new Link({ a: end(names.a, "10.77.0.1"), b: end(names.b, "10.77.0.2") }, options);
      await link.change(options.conditions);
      return link;
    } catch (error) {
      removeNamespaces(Object.values(names));
      throw error;
    }
  }

  /** What it has carried and lost, as of the last change. */
  get last(): Report {
    return this.#last;
  }

  /** From now on it is like this, both ways, and whole. Resolves when it is. */
  async change(conditions: Conditions): Promise<Report> {
    this.#conditions = conditions;
    return this.#order({ ab: conditions, ba: conditions });
  }

  /** Cuts it, until it is joined again. Resolves when nothing that comes gets through any more. */
  async cut(cut: Cut): Promise<Report> {
    const conditions = this.#conditions;
    return this.#order({
      ab: { ...conditions, isCut: cut !== "b to a" },
      ba: { ...conditions, isCut: cut !== "a to b" },
    });
  }

  /** Joins it again after a cut. */
  async join(): Promise<Report> {
    return this.change(this.#conditions);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#carrier.stdin.end();
    await this.#carrier.exited;
    removeNamespaces([this.a.namespace, this.b.namespace]);
  }

  async #order(orders: Orders): Promise<Report> {
    this.#carrier.stdin.write(`${JSON.stringify(orders)}\n`);
    this.#carrier.stdin.flush();
    const { value, done } = await this.#reports.next();
    if (done) throw new Error(`the link ended: ${await new Response(this.#carrier.stderr).text()}`);
    this.#last = JSON.parse(value) as Report;
    return this.#last;
  }
}
