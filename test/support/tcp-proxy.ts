/** A TCP connection through this process, to be cut: what a network does that goes away. */
import type { Socket } from "bun";

type Data = { other: Socket<Data> | undefined; waiting: Buffer[] };

/** Listens on a port of its own and hands everything on to another of this machine; disposing ends it. */
export class TcpProxy implements Disposable {
  readonly #listener: Bun.TCPSocketListener<Data>;
  readonly #sockets = new Set<Socket<Data>>();
  #isCut = false;

  constructor(port: number) {
    const sockets = this.#sockets;
    const handlers = {
      data(socket: Socket<Data>, bytes: Buffer) {
        if (socket.data.other === undefined) socket.data.waiting.push(Buffer.from(bytes));
        else socket.data.other.write(bytes);
      },
      close(socket: Socket<Data>) {
        sockets.delete(socket);
        socket.data.other?.end();
      },
      error() {},
    };
    this.#listener = Bun.listen<Data>({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        ...handlers,
        open: (socket) => {
          socket.data = { other: undefined, waiting: [] };
          if (this.#isCut) {
            socket.terminate();
            return;
          }
          sockets.add(socket);
          void Bun.connect<Data>({
            ...{ hostname: "127.0.0.1", port, data: { other: socket, waiting: [] } },
            socket: handlers,
          }).then((other) => {
            sockets.add(other);
            for (const bytes of socket.data.waiting) other.write(bytes);
            socket.data = { other, waiting: [] };
          });
        },
      },
    });
  }

  get port(): number {
    return this.#listener.port;
  }

  /** Ends what is connected, and lets nobody through. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.terminate();
  }

  /** Lets everybody through again. */
  mend(): void {
    this.#isCut = false;
  }

  [Symbol.dispose](): void {
    this.cut();
    this.#listener.stop(true);
  }
}
