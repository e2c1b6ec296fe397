/** A client of a Unix socket with no runtime's reading and closing in between: what it sees is what was sent. */
import { nativeBuffer } from "../../src/linux/libc.ts";
import { close, connectTo, GONE, NOTHING_YET, receive, send } from "../../src/linux/sockets/stream.ts";

/** A connection that says and hears bytes. */
export class RawClient {
  readonly #fd: number;
  readonly #buffer = nativeBuffer(65_536);
  /** All that came. */
  text = "";

  constructor(path: string) {
    this.#fd = connectTo(path);
  }

  /** Says as much as the other side has room for; false when it has gone. */
  say(bytes: string | Uint8Array): boolean {
    const { written } =
      typeof bytes === "string"
        ? new TextEncoder().encodeInto(bytes, this.#buffer.bytes)
        : { written: bytes.length };
    if (typeof bytes !== "string") this.#buffer.bytes.set(bytes);
    return send(this.#fd, this.#buffer, written) >= 0;
  }

  /** Hears what has come by now; false when the other side has ended. */
  hear(): boolean {
    for (;;) {
      const count = receive(this.#fd, this.#buffer);
      if (count === NOTHING_YET || count === GONE) return count !== GONE;
      this.text += new TextDecoder().decode(this.#buffer.bytes.subarray(0, count));
    }
  }

  /** The whole lines that came. */
  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }

  /** Hears until so many lines have come, or the other side has ended. */
  async until(lines: number): Promise<string[]> {
    while (this.hear() && this.lines.length < lines) await Bun.sleep(1);
    return this.lines;
  }

  /** Hears until the other side has ended. */
  untilEnd(): Promise<string[]> {
    return this.until(Number.POSITIVE_INFINITY);
  }

  close(): void {
    close(this.#fd);
  }
}

/** Sends bytes; the lines that come back until the other side ends, or so many have come. */
export async function exchange(
  path: string,
  bytes: string | Uint8Array,
  lines = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const client = new RawClient(path);
  client.say(bytes);
  const heard = await client.until(lines);
  client.close();
  return heard;
}
