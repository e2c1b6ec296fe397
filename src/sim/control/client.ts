/** A client of a simulation's control socket. */
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { ArmName } from "../arm/joints.ts";
import type { ArmReport } from "../arm/report.ts";
import type { SimRequest } from "./requests.ts";

/** What a request is answered with. */
export type SimReply<R extends SimRequest> = R extends { do: "state" }
  ? Record<ArmName, ArmReport>
  : R extends { do: "plug" }
    ? { path: string }
    : Record<string, never>;

interface Waiting {
  resolve(reply: never): void;
  reject(error: Error): void;
}

/** A connection to a simulation's control socket. */
export class SimClient {
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on("line", (line) => {
      const { ok, error, ...reply } = JSON.parse(line);
      const waiting = this.#waiting.shift();
      if (ok) waiting?.resolve(reply as never);
      else waiting?.reject(new Error(error));
    });
    const end = () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error("the simulation has ended"));
    };
    socket.on("close", end);
    socket.on("error", end);
  }

  /** Connects to a simulation; rejects when none listens there. */
  static connect(socketPath: string): Promise<SimClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(socketPath);
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new SimClient(socket));
      });
    });
  }

  /** Asks for something; rejects with what the simulation says when it cannot be done. */
  request<R extends SimRequest>(request: R): Promise<SimReply<R>> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new Error("the simulation has ended"));
        return;
      }
      this.#waiting.push({ resolve: resolve as Waiting["resolve"], reject });
      this.#socket.write(`${JSON.stringify(request)}\n`);
    });
  }

  /** Ends the connection, not the simulation. */
  close(): void {
    this.#socket.destroy();
  }
}
