/** The way of one machine to the broker, as far as TCP shows it: it stalls in either direction, breaks, and is blocked. */
import { connect, createServer, type Server, type Socket } from "node:net";

/** From the machine to the broker, or from the broker to the machine. */
export type Direction = "out" | "in";

/** Both ends of one connection. */
interface Connection {
  readonly machine: Socket;
  readonly broker: Socket;
}

/** A way that is open until something is done to it. What stalls is not lost: TCP sends it again until it comes. */
export class Way implements AsyncDisposable {
  readonly #server: Server;
  readonly #brokerPort: number;
  readonly #connections = new Set<Connection>();
  readonly #stalled = new Set<Direction>();
  #isBlocked = false;

  private constructor(server: Server, brokerPort: number) {
    this.#server = server;
    this.#brokerPort = brokerPort;
    server.on("connection", (machine) => this.#join(machine));
  }

  /** Opens one to a broker's port of this machine. */
  static async open(brokerPort: number): Promise<Way> {
    const server = createServer({ pauseOnConnect: true, noDelay: true });
    const way = new Way(server, brokerPort);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return way;
  }

  /** Where it begins, for the machine's `--broker`. */
  get url(): string {
    return `mqtt://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** Lets nothing through in these directions, not even that a connection has ended, until {@link flow}. */
  stall(directions: readonly Direction[]): void {
    for (const direction of directions) this.#stalled.add(direction);
    for (const connection of this.#connections) this.#apply(connection);
  }

  /** Lets all through again. */
  flow(): void {
    this.#stalled.clear();
    this.#isBlocked = false;
    for (const connection of this.#connections) this.#apply(connection);
  }

  /** Resets every connection, and all that are made from now on, until {@link flow}. */
  block(): void {
    this.#isBlocked = true;
    for (const connection of this.#connections) this.#end(connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.block();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(machine: Socket): void {
    machine.on("error", () => {});
    if (this.#isBlocked) return void machine.resetAndDestroy();
    const broker = connect({ host: "127.0.0.1", port: this.#brokerPort, noDelay: true });
    const connection = { machine, broker };
    this.#connections.add(connection);
    carry(machine, broker, () => !this.#stalled.has("out"));
    carry(broker, machine, () => !this.#stalled.has("in"));
    broker.on("error", () => {});
    for (const end of [machine, broker]) end.once("close", () => this.#apply(connection));
    this.#apply(connection);
  }

  /** What has ended at one end ends at the other, as soon as that can get there. */
  #apply(connection: Connection): void {
    const { machine, broker } = connection;
    const mayGo = (direction: Direction) => !this.#stalled.has(direction);
    if ((machine.destroyed && mayGo("out")) || (broker.destroyed && mayGo("in"))) {
      this.#end(connection);
      return;
    }
    for (const [from, direction] of [
      [machine, "out"],
      [broker, "in"],
    ] as const) {
      if (mayGo(direction)) from.resume();
      else from.pause();
    }
  }

  #end(connection: Connection): void {
    this.#connections.delete(connection);
    connection.machine.resetAndDestroy();
    connection.broker.destroy();
  }
}

/** Carries what comes at one end to the other, no faster than that takes it. */
function carry(from: Socket, to: Socket, mayGo: () => boolean): void {
  from.on("data", (chunk) => {
    if (!to.destroyed && !to.write(chunk)) from.pause();
  });
  to.on("drain", () => {
    if (mayGo()) from.resume();
  });
}
