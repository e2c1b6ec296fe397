/** Writes the record: cheap to add to on the timing path, turned into text and written in batches off it. */
import { type FileHandle, open } from "node:fs/promises";
import { nowUs } from "../../linux/clock.ts";
import { ARMS, type ArmName } from "../arm/joints.ts";
import type { BytesEntry, RecordEntry } from "./entries.ts";

const KINDS = ["request", "reply", "injected", "unheard"] as const satisfies BytesEntry["kind"][];
const MOST_ENTRIES = 4096;
const MOST_BYTES = 1 << 18;
const WORTH_A_WRITE = 1 << 15;

type WithoutTime<T> = T extends unknown ? Omit<T, "t"> : never;

/** Adds to a record file. */
export class Recorder {
  readonly #file: FileHandle;
  #written: Promise<unknown> = Promise.resolve();
  #failure: Error | undefined;

  // Packets wait here, in typed arrays, until there is time to make text of them.
  readonly #bytes = Buffer.alloc(MOST_BYTES);
  readonly #ends = new Uint32Array(MOST_ENTRIES);
  readonly #kinds = new Uint8Array(MOST_ENTRIES);
  readonly #times = new Float64Array(2 * MOST_ENTRIES);
  #count = 0;
  #text = "";

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Begins a new record; an old one of the same name is lost. */
  static async create(path: string): Promise<Recorder> {
    return new Recorder(await open(path, "w"));
  }

  /** Notes bytes. Allocates nothing unless nobody flushed for thousands of packets. */
  packet(
    kind: BytesEntry["kind"],
    arm: ArmName,
    bytes: Uint8Array,
    start: number,
    end: number,
    firstT: number,
    lastT: number,
  ): void {
    if (this.#count === MOST_ENTRIES || this.#end + end - start > MOST_BYTES) this.#format();
    const at = this.#end;
    for (let i = start; i < end; i++) this.#bytes[at + i - start] = bytes[i]!;
    const index = this.#count++;
    this.#ends[index] = at + end - start;
    this.#kinds[index] = KINDS.indexOf(kind) * ARMS.length + ARMS.indexOf(arm);
    this.#times[2 * index] = firstT;
    this.#times[2 * index + 1] = lastT;
  }

  /** Notes anything else that happened, now or at `t`. */
  note(entry: WithoutTime<RecordEntry>, t: number = nowUs()): void {
    this.#format(); // what came before it stands before it
    this.#text += `${JSON.stringify({ t: round(t), ...entry })}\n`;
  }

  /** Makes text of what has been noted, and hands it to the disk, without waiting, when it is worth a write. */
  flush(): void {
    this.#format();
    if (this.#text.length >= WORTH_A_WRITE) this.#write();
  }

  /** Resolves when everything noted so far is in the file; rejects when some of it never came there. */
  async sync(): Promise<void> {
    this.#format();
    this.#write();
    await this.#written;
    if (this.#failure) throw this.#failure;
  }

  /** Writes what is left and closes the file. */
  async close(): Promise<void> {
    await this.sync().finally(() => this.#file.close());
  }

  get #end(): number {
    return this.#count === 0 ? 0 : this.#ends[this.#count - 1]!;
  }

  #write(): void {
    const text = this.#text;
    this.#text = "";
    this.#written = this.#written
      .then(() => this.#file.appendFile(text))
      .catch((cause) => {
        this.#failure ??= new Error("the record could not be written", { cause });
      });
  }

  #format(): void {
    let at = 0;
    for (let i = 0; i < this.#count; i++) {
      const code = this.#kinds[i]!;
      const kind = KINDS[Math.floor(code / ARMS.length)]!;
      const firstT = round(this.#times[2 * i]!);
      const lastT = round(this.#times[2 * i + 1]!);
      const end = this.#ends[i]!;
      const t = kind === "request" ? firstT : lastT;
      const hex = this.#bytes.toString("hex", at, end);
      this.#text += `{"t":${t},"arm":"${ARMS[code % ARMS.length]}","kind":"${kind}","hex":"${hex}","firstT":${firstT},"lastT":${lastT}}\n`;
      at = end;
    }
    this.#count = 0;
  }
}

function round(us: number): number {
  return Math.round(us * 10) / 10;
}
