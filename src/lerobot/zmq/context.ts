/** Sockets of ZeroMQ that are heard as things come: whoever connects is judged by its address before it is let in. */
import type { Pointer } from "bun:ffi";
import { plainAddress } from "../../linux/sockets/inet.ts";
import { type Libzmq, libzmq } from "./library.ts";
import { type ZmqMessage, type ZmqOptions, ZmqSocket } from "./socket.ts";
import { Watch } from "./watch.ts";

/** So much is taken of a socket at a stretch: a flood must not keep the process from all else. */
const MOST_AT_ONCE = 256;

/** Where ZeroMQ asks who may connect (RFC 27, ZAP): parts in this order, behind the asker and an empty one. */
const ZAP_ENDPOINT = "inproc://zeromq.zap.01";
const ZAP_LONGEST_BYTES = 4_096;
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const bytes = (of: string) => new TextEncoder().encode(of);

/** What a socket heard: all that came in one turn, the oldest first. Throws nothing. */
export type Heard = (messages: readonly ZmqMessage[]) => void;

/** Sockets, and the thread that waits for them. */
export class ZmqContext {
  readonly #zmq: Libzmq;
  readonly #context: Pointer;
  readonly #sockets = new Map<ZmqSocket, Heard>();
  readonly #watch: Watch;
  #isLookingLater = false;
  #isClosed = false;

  /** `mayConnect` judges who connects to a socket of a domain. Throws `NoLibzmq`, the system's error. */
  constructor(mayConnect: (address: string, domain: string) => boolean) {
    this.#zmq = libzmq();
    this.#context = this.#zmq.zmq_ctx_new() as Pointer;
    this.#watch = new Watch(() => this.#look());
    const judge = this.socket({ kind: "router", longestBytes: ZAP_LONGEST_BYTES }, (questions) => {
      for (const { frames } of questions) {
        const [asker, empty, version, request, domain, address] = frames;
        if (asker === undefined || empty === undefined || request === undefined) continue;
        const isIn = mayConnect(plainAddress(text(address)), text(domain));
        const [code, why] = isIn ? ["200", ""] : ["400", "not now"];
        judge.send(
          asker,
          empty,
          version ?? bytes("1.0"),
          request,
          bytes(code!),
          bytes(why!),
          bytes(""),
          bytes(""),
        );
      }
    });
    judge.bind(ZAP_ENDPOINT);
  }

  /** A socket, and who hears what comes to it. Throws the system's error. */
  socket(options: ZmqOptions, heard: Heard = () => {}): ZmqSocket {
    const socket = new ZmqSocket(this.#zmq, this.#context, options, () => this.#lookLater());
    this.#sockets.set(socket, heard);
    this.#watch.add(socket.fd);
    this.#lookLater();
    return socket;
  }

  /** Closes a socket; nothing of it is heard any more. */
  closeSocket(socket: ZmqSocket): void {
    if (this.#sockets.delete(socket)) socket.close();
  }

  /** Closes all of it; a second call does nothing. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#watch.close();
    for (const socket of this.#sockets.keys()) socket.close();
    this.#sockets.clear();
    this.#zmq.zmq_ctx_term(this.#context);
  }

  /** Takes what has come to all; where there is more, in a later turn. Only then it is waited again. */
  #look(): void {
    if (this.#isClosed) return;
    let isMore = false;
    for (const [socket, heard] of [...this.#sockets]) {
      if (!this.#sockets.has(socket)) continue;
      const messages = socket.takeAll(MOST_AT_ONCE);
      if (messages.length > 0) heard(messages);
      isMore ||= messages.length > 0;
    }
    if (isMore) this.#lookLater();
    else if (!this.#isLookingLater) this.#watch.goOn();
  }

  #lookLater(): void {
    if (this.#isLookingLater) return;
    this.#isLookingLater = true;
    setImmediate(() => {
      this.#isLookingLater = false;
      this.#look();
    });
  }
}
