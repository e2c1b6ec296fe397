/** libzmq's functions, through bun:ffi: Debian's libzmq5, which is loaded where ZeroMQ is wanted and nowhere else. */
import { dlopen } from "bun:ffi";

/** The name of the file for programs, whatever the release: Debian's package libzmq5 has it. */
const FILE = "libzmq.so.5";

const functions = {
  zmq_ctx_new: { args: [], returns: "ptr" },
  zmq_ctx_term: { args: ["ptr"], returns: "i32" },
  zmq_socket: { args: ["ptr", "i32"], returns: "ptr" },
  zmq_close: { args: ["ptr"], returns: "i32" },
  zmq_bind: { args: ["ptr", "ptr"], returns: "i32" },
  zmq_setsockopt: { args: ["ptr", "i32", "ptr", "u64"], returns: "i32" },
  zmq_getsockopt: { args: ["ptr", "i32", "ptr", "ptr"], returns: "i32" },
  zmq_send: { args: ["ptr", "ptr", "u64", "i32"], returns: "i32" },
  zmq_msg_init: { args: ["ptr"], returns: "i32" },
  zmq_msg_recv: { args: ["ptr", "ptr", "i32"], returns: "i32" },
  zmq_msg_close: { args: ["ptr"], returns: "i32" },
  zmq_msg_data: { args: ["ptr"], returns: "ptr" },
  zmq_msg_more: { args: ["ptr"], returns: "i32" },
  zmq_msg_gets: { args: ["ptr", "ptr"], returns: "cstring" },
} as const;

/** libzmq's functions. Arguments of type `ptr` take what it has handed out, or a native buffer's pointer. */
export type Libzmq = ReturnType<typeof dlopen<typeof functions>>["symbols"];

/** Debian's libzmq5 is not installed, or is of another processor. */
export class NoLibzmq extends Error {
  override readonly name = "NoLibzmq";
}

let loaded: Libzmq | undefined;

/** Loads the library, once. Throws {@link NoLibzmq}. */
export function libzmq(): Libzmq {
  try {
    loaded ??= dlopen(FILE, functions).symbols;
    return loaded;
  } catch (error) {
    throw new NoLibzmq(`${FILE} cannot be loaded`, { cause: error });
  }
}
