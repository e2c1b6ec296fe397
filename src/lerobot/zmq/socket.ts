/**
 * One socket of ZeroMQ. Nothing here waits: what cannot be sent is lost, and what has come is taken. ZMQ_CONFLATE is not
 * offered: who sends messages of several parts to such a socket ends the process by an assertion of libzmq's (fq.cpp).
 */
import { type Pointer, toArrayBuffer } from "bun:ffi";
import { cString, Errno, errno, nativeBuffer } from "../../linux/libc.ts";
import { plainAddress } from "../../linux/sockets/inet.ts";
import { systemError } from "../../linux/system-error.ts";
import type { Libzmq } from "./library.ts";

// zmq.h: the same wherever it runs.
const KINDS = { pub: 1, router: 6, pull: 7, push: 8, xpub: 9 } as const;
/** What a socket does: hands out to all, asks and answers, takes from all, shares out among all; hands out to all, and hears whether there are any. */
export type ZmqKind = keyof typeof KINDS;
const Option = {
  sendBuffer: 11,
  fd: 14,
  events: 15,
  linger: 17,
  backlog: 19,
  maxMessageSize: 22,
  sendHighWater: 23,
  receiveHighWater: 24,
  keepAlive: 34,
  keepAliveCount: 35,
  keepAliveIdleS: 36,
  keepAliveIntervalS: 37,
  ipv6: 42,
  routerHandover: 56,
  zapDomain: 55,
  handshakeMs: 66,
  unacknowledgedMs: 80,
} as const;
const DONTWAIT = 1;
const SNDMORE = 2;
const POLLIN = 1;

/** Who has not said what it is by then is no client. */
const HANDSHAKE_MS = 5_000;
/**
 * A client whose cable was pulled is noticed within some seconds, by TCP's own means: where ZeroMQ's heartbeats are sent to
 * who does not read, and the connection ends, libzmq 4.3 ends that program by an assertion.
 */
const KEEP_ALIVE_IDLE_S = 3;
const KEEP_ALIVE_INTERVAL_S = 1;
const KEEP_ALIVE_COUNT = 3;
const UNACKNOWLEDGED_MS = 5_000;
/** A message has few parts; of one with more the rest is thrown away. */
const MOST_FRAMES = 8;

/** Where a socket listens, by an address and a port. */
export function tcpEndpoint(address: string, port: number): string {
  return `tcp://${address.includes(":") ? `[${address}]` : address}:${port}`;
}

/** What a socket is. */
export interface ZmqOptions {
  readonly kind: ZmqKind;
  /** By this name who connects is judged; nobody is where it is left out. */
  readonly domain?: string;
  /** Who sends a longer part is disconnected, bytes. */
  readonly longestBytes: number;
  /** So many messages wait for each peer; further ones are lost (`pub`) or not taken. */
  readonly sendHighWater?: number;
  /** So much the kernel keeps for each peer of what was sent, bytes; what it thinks right where this is left out. */
  readonly sendBufferBytes?: number;
  /** So many messages of each peer wait to be taken. */
  readonly receiveHighWater?: number;
}

/** What came from a peer. */
export interface ZmqMessage {
  readonly frames: readonly Uint8Array[];
  /** The peer's address, as `plainAddress` writes it; "" of one in this process. */
  readonly peer: string;
}

/** struct zmq_msg_t */
const message = nativeBuffer(64);
const value = nativeBuffer(8);
const values = new DataView(value.bytes.buffer);
const size = nativeBuffer(8);
const sizeWord = new BigUint64Array(size.bytes.buffer);
const PEER_ADDRESS = cString("Peer-Address");

/** A socket; of one thread alone. */
export class ZmqSocket {
  readonly #zmq: Libzmq;
  readonly #socket: Pointer;
  /** Called after something was sent: that may have taken what tells that something has come. */
  readonly #sent: () => void;
  /** libzmq has freed what a closed one was: nothing is asked of it any more. */
  #isClosed = false;

  /** `sent` is called after each message that was sent. Throws the system's error. */
  constructor(zmq: Libzmq, context: Pointer, options: ZmqOptions, sent: () => void) {
    const {
      kind,
      domain,
      longestBytes,
      sendHighWater = 16,
      receiveHighWater = 64,
      sendBufferBytes,
    } = options;
    const socket = zmq.zmq_socket(context, KINDS[kind]);
    if (socket === null) throw systemError(errno(), "zmq_socket", kind);
    this.#zmq = zmq;
    this.#socket = socket as Pointer;
    this.#sent = sent;
    this.#set(Option.linger, 0);
    this.#set(Option.sendHighWater, sendHighWater);
    this.#set(Option.receiveHighWater, receiveHighWater);
    this.#set(Option.handshakeMs, HANDSHAKE_MS);
    this.#set(Option.keepAlive, 1);
    this.#set(Option.keepAliveIdleS, KEEP_ALIVE_IDLE_S);
    this.#set(Option.keepAliveIntervalS, KEEP_ALIVE_INTERVAL_S);
    this.#set(Option.keepAliveCount, KEEP_ALIVE_COUNT);
    this.#set(Option.unacknowledgedMs, UNACKNOWLEDGED_MS);
    if (sendBufferBytes !== undefined) this.#set(Option.sendBuffer, sendBufferBytes);
    // Who comes again before its end was noticed takes its own place.
    if (kind === "router") this.#set(Option.routerHandover, 1);
    values.setBigInt64(0, BigInt(longestBytes), true);
    zmq.zmq_setsockopt(socket, Option.maxMessageSize, value.pointer, 8);
    if (domain !== undefined) {
      zmq.zmq_setsockopt(socket, Option.zapDomain, cString(domain), domain.length);
    }
  }

  /** Readable whenever something may have happened; only then, and once: {@link takeAll} must find nothing more before it is waited for. */
  get fd(): number {
    return this.#get(Option.fd);
  }

  /** Takes who connects there: `tcp://127.0.0.1:5555`. Throws the system's error. */
  bind(endpoint: string): void {
    if (endpoint.includes("[")) this.#set(Option.ipv6, 1);
    if (this.#zmq.zmq_bind(this.#socket, cString(endpoint)) !== 0)
      throw systemError(errno(), "bind", endpoint);
  }

  /** What has come, the oldest first, and up to `most` of it; none where nothing has. Throws the system's error. */
  takeAll(most: number): ZmqMessage[] {
    const messages: ZmqMessage[] = [];
    // Asking so, what connects and ends is heeded as well.
    while (messages.length < most && (this.#get(Option.events) & POLLIN) !== 0) {
      const next = this.#take();
      if (next === undefined) break;
      messages.push(next);
    }
    return messages;
  }

  /** Sends a message of these parts; false where nobody is there to take it, who is has no room, or it is closed. */
  send(...frames: readonly Uint8Array[]): boolean {
    if (this.#isClosed) return false;
    const isSent = frames.every((frame, index) => {
      const flags = DONTWAIT | (index < frames.length - 1 ? SNDMORE : 0);
      return this.#zmq.zmq_send(this.#socket, frame.length === 0 ? null : frame, frame.length, flags) !== -1;
    });
    this.#sent();
    return isSent;
  }

  /** Who is connected is disconnected; what was not sent is lost. A second call does nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#zmq.zmq_close(this.#socket);
  }

  #take(): ZmqMessage | undefined {
    const frames: Uint8Array[] = [];
    let peer = "";
    for (let isMore = true; isMore; ) {
      this.#zmq.zmq_msg_init(message.pointer);
      const length = this.#zmq.zmq_msg_recv(message.pointer, this.#socket, DONTWAIT);
      if (length === -1) return this.#noneOrThrow();
      if (frames.length < MOST_FRAMES)
        frames.push(copyOf(this.#zmq.zmq_msg_data(message.pointer) as Pointer | null, length));
      // The first part of what a router takes is of its own making, and comes from nowhere.
      peer ||= this.#peerAddress();
      isMore = this.#zmq.zmq_msg_more(message.pointer) !== 0;
      this.#zmq.zmq_msg_close(message.pointer);
    }
    return { frames, peer };
  }

  /** There is nothing; or the library cannot go on. */
  #noneOrThrow(): undefined {
    const why = errno();
    if (why !== Errno.EAGAIN && why !== Errno.EINTR) throw systemError(why, "zmq_msg_recv", "");
  }

  #peerAddress(): string {
    const address = this.#zmq.zmq_msg_gets(message.pointer, PEER_ADDRESS);
    return address === null ? "" : plainAddress(`${address}`);
  }

  #set(option: number, to: number): void {
    values.setInt32(0, to, true);
    this.#zmq.zmq_setsockopt(this.#socket, option, value.pointer, 4);
  }

  #get(option: number): number {
    sizeWord[0] = 4n;
    this.#zmq.zmq_getsockopt(this.#socket, option, value.pointer, size.pointer);
    return values.getInt32(0, true);
  }
}

function copyOf(data: Pointer | null, length: number): Uint8Array {
  return data === null || length === 0
    ? new Uint8Array()
    : new Uint8Array(toArrayBuffer(data, 0, length)).slice();
}
