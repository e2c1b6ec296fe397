/** The control socket of a simulation: a request a line, a reply a line, in the same order. */
import { unlink } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import * as v from "valibot";
import { type CheckedRequest, requestSchema } from "./requests.ts";

/** A served socket. */
export interface Serving {
  /** Ends it and every connection. */
  close(): void;
}

/** Serves requests at `path`; a socket that a dead simulation left there is replaced. */
export async function serve(
  path: string,
  handle: (request: CheckedRequest) => Promise<object>,
): Promise<Serving> {
  await unlink(path).catch(() => {});
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => connections.delete(socket));
    let last: Promise<void> = Promise.resolve();
    createInterface({ input: socket }).on("line", (line) => {
      last = last.then(() => reply(socket, line, handle));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  return {
    close() {
      server.close();
      for (const socket of connections) socket.destroySoon();
    },
  };
}

async function reply(
  socket: Socket,
  line: string,
  handle: (request: CheckedRequest) => Promise<object>,
): Promise<void> {
  let answer: object;
  try {
    const request = v.safeParse(requestSchema, JSON.parse(line));
    if (!request.success) throw new Error(v.summarize(request.issues));
    answer = { ok: true, ...(await handle(request.output)) };
  } catch (error) {
    answer = { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
  if (!socket.destroyed) socket.write(`${JSON.stringify(answer)}\n`);
}

/** Whether a simulation runs that serves requests at `path`. */
export function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
