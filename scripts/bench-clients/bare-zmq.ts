/** Bare access to libzmq5, for a client as a workstation has it, and for the floor: one socket, and nothing of the product. */
import { dlopen, type Pointer, ptr } from "bun:ffi";

const { symbols: zmq } = dlopen("libzmq.so.5", {
  zmq_ctx_new: { args: [], returns: "ptr" },
  zmq_socket: { args: ["ptr", "i32"], returns: "ptr" },
  zmq_bind: { args: ["ptr", "ptr"], returns: "i32" },
  zmq_connect: { args: ["ptr", "ptr"], returns: "i32" },
  zmq_send: { args: ["ptr", "ptr", "u64", "i32"], returns: "i32" },
  zmq_recv: { args: ["ptr", "ptr", "u64", "i32"], returns: "i32" },
});

const KINDS = { pull: 7, push: 8 } as const;
const DONTWAIT = 1;
const LONGEST_BYTES = 4_096;

/** A socket of LeKiwi's commands: its host pulls, its client pushes. */
export class BareZmq {
  readonly #socket: Pointer;
  // Over a buffer of its own: memory that does not move.
  readonly #bytes = new Uint8Array(new ArrayBuffer(LONGEST_BYTES));
  readonly #at = ptr(this.#bytes);

  /** `endpoint` is "tcp://127.0.0.1:5555"; who pulls binds it, who pushes connects. */
  constructor(kind: keyof typeof KINDS, endpoint: string) {
    this.#socket = zmq.zmq_socket(zmq.zmq_ctx_new(), KINDS[kind]) as Pointer;
    this.#bytes.set(new TextEncoder().encode(`${endpoint}\0`));
    const join = kind === "pull" ? zmq.zmq_bind : zmq.zmq_connect;
    if (join(this.#socket, this.#at) !== 0) throw new Error(`cannot ${kind} at ${endpoint}`);
  }

  /** Sends a text; false where there is no room for it. */
  send(text: string): boolean {
    const { written } = new TextEncoder().encodeInto(text, this.#bytes);
    return zmq.zmq_send(this.#socket, this.#at, written, DONTWAIT) === written;
  }

  /** Waits for the next text. */
  receive(): string {
    const length = zmq.zmq_recv(this.#socket, this.#at, LONGEST_BYTES, 0);
    return new TextDecoder().decode(this.#bytes.subarray(0, length));
  }
}
