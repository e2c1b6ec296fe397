/** A client that gives a pair its targets, on the bare sockets: it may be honest, and need not. */
import { setTimeout as passed } from "node:timers/promises";
import { nowUs } from "../../../src/linux/clock.ts";
import { nativeBuffer } from "../../../src/linux/libc.ts";
import { LineClient } from "../../../src/linux/sockets/line-client.ts";
import { close, connectTo, send } from "../../../src/linux/sockets/stream.ts";
import { epochHalves, SAMPLE_BYTES, SampleView } from "../../../src/teleop/remote/sample.ts";
import type { GivenTargets } from "./given.ts";

/** The service answers within so long, or the client has met a service that is ending. */
const PATIENCE_MS = 3_000;
const LONGEST_LINE_BYTES = 262_144;
const LONGEST_DATAGRAM_BYTES = 256;

/** What the service says of who drives. */
interface DriveLine {
  readonly is: "driving" | "holding" | "over";
  readonly epoch: string;
  readonly state: string;
  readonly why: string;
}

/** What of a target is not as it should be. */
export interface Lie {
  readonly sequence?: number;
  readonly epoch?: string;
  readonly sentUs?: number;
  readonly positions?: readonly number[];
  /** How long the datagram is, bytes; it begins as a target. */
  readonly length?: number;
  /** What its first byte is. */
  readonly version?: number;
}

/** One connection, or what is left of it. */
export class WireClient {
  /** Why it is not taken, or is over, in the service's words. */
  why = "";
  said: DriveLine | undefined;
  readonly #line: LineClient;
  readonly #given: GivenTargets | undefined;
  readonly #bytes = nativeBuffer(LONGEST_DATAGRAM_BYTES);
  readonly #view = new SampleView(this.#bytes.bytes);
  #targets: number | undefined;
  #sequence = 0;
  #isClosed = false;
  /** Whether all that it has sent moves slowly: then an alignment with it can be judged. */
  #isHonest = true;

  private constructor(line: LineClient, given: GivenTargets | undefined) {
    this.#line = line;
    this.#given = given;
  }

  /**
   * Asks the service at a control socket to take it. What it sends is noted in `given`. Resolves once it is taken or
   * refused; undefined where nobody answers.
   */
  static async ask(control: string, who: string, given?: GivenTargets): Promise<WireClient | undefined> {
    const request = `${JSON.stringify({ v: 1, do: "drive", as: "client", who })}\n`;
    try {
      const untilMs = performance.now() + PATIENCE_MS;
      const line = await LineClient.ask(control, request, LONGEST_LINE_BYTES, untilMs);
      const client = new WireClient(line, given);
      await client.#next(untilMs);
      if (client.said !== undefined) client.#connect(control);
      void client.#listen();
      return client;
    } catch {
      return undefined;
    }
  }

  /** Whether it may send, as far as it knows. */
  get isTaken(): boolean {
    return this.said !== undefined && this.said.is !== "over" && !this.#isClosed;
  }

  /** Sends a target now, in steps, or one that is not as it should be; false once nobody takes it. */
  target(positions: readonly number[], lie: Lie = {}): boolean {
    if (this.#targets === undefined || this.said === undefined) return false;
    const { low, high } = epochHalves(lie.epoch ?? this.said.epoch);
    const told = lie.positions ?? positions;
    this.#view.write(lie.sequence ?? this.#sequence++, low, high, lie.sentUs ?? nowUs(), told);
    if (Object.keys(lie).length > 0) this.#isHonest = false;
    if (lie.version !== undefined) this.#bytes.bytes[0] = lie.version;
    this.#given?.note(told);
    return send(this.#targets, this.#bytes, lie.length ?? SAMPLE_BYTES) !== -1;
  }

  /** Goes without a word. */
  vanish(): void {
    this.#isClosed = true;
    this.#line.close();
    if (this.#targets !== undefined) close(this.#targets);
    this.#targets = undefined;
  }

  #connect(control: string): void {
    this.#targets = connectTo(`${control.replace(/\.sock$/, "")}.targets`, 0, "datagrams");
  }

  async #listen(): Promise<void> {
    while (!this.#isClosed && (await this.#next(Number.POSITIVE_INFINITY).catch(() => false)));
    this.#given?.driven(false);
  }

  async #next(untilMs: number): Promise<boolean> {
    const text = await this.#line.next(untilMs);
    if (text === undefined) {
      if (this.said !== undefined) this.said = { ...this.said, is: "over" };
      return false;
    }
    const reply = JSON.parse(text);
    const before = this.said?.state;
    if (reply.ok) this.said = reply.drive;
    if (this.#isHonest && before !== "aligning" && this.said?.state === "aligning") this.#given?.aligning();
    this.why = reply.ok ? reply.drive.why : reply.error;
    this.#given?.driven(this.said?.is === "driving");
    return true;
  }
}

/** Does something so often a second, until that says no or `signal` is aborted. */
export async function often(rateHz: number, signal: AbortSignal, act: () => boolean): Promise<void> {
  const periodUs = 1e6 / rateHz;
  for (let dueUs = nowUs(); !signal.aborted; dueUs = Math.max(dueUs + periodUs, nowUs() - 100_000)) {
    const waitMs = (dueUs - nowUs()) / 1e3;
    if (waitMs > 0) await passed(waitMs);
    if (!act()) return;
  }
}
