/** The board that servos are connected to while they are set up: it may be unplugged meanwhile, and is found again. */
import type { ArmConnection } from "../../arm/connection.ts";
import type { ArmProblem } from "../../arm/problem.ts";
import type { ServoLine } from "../../arm/servos/servo-setup.ts";
import { connectionTo } from "../../arm/system-ports.ts";
import type { Bus } from "../../feetech/bus.ts";
import { listBoards } from "../../host/boards.ts";
import { targetOf } from "../../linux/real-path.ts";
import { sayProblem } from "../../messages/problems.ts";
import { PortError } from "../../serial/transport.ts";
import type { ListBoards } from "../boards.ts";
import type { Operator } from "../operator.ts";
import { pause } from "../pause.ts";

const LOOK_EVERY_MS = 250;
/** Where nobody is there to plug it in again. */
const PATIENCE_MS = 3_000;

/** The line to a board. */
export class BoardLine implements ServoLine {
  readonly #operator: Operator;
  readonly #list: ListBoards;
  #connection: ArmConnection;
  /** The board's serial number; undefined where it has none, or is no USB board. */
  #serial: string | undefined;

  private constructor(connection: ArmConnection, operator: Operator, list: ListBoards) {
    this.#connection = connection;
    this.#operator = operator;
    this.#list = list;
  }

  /** The line over a connection, whose port is open. */
  static async over(
    connection: ArmConnection,
    operator: Operator,
    list: ListBoards = listBoards,
  ): Promise<BoardLine> {
    const line = new BoardLine(connection, operator, list);
    const target = targetOf(connection.path);
    line.#serial = (await list()).find(({ path }) => path === target)?.serial;
    return line;
  }

  /** The connection over which it goes now. */
  get connection(): ArmConnection {
    return this.#connection;
  }

  get bus(): Bus {
    const { bus, path } = this.#connection;
    if (bus === undefined) throw new PortError("lost", path, `${path} went away`);
    return bus;
  }

  setBaudRate(baudRate: number): void {
    this.#connection.setBaudRate(baudRate);
  }

  /**
   * Does something on the line, again from its start when the board was unplugged and is back. Throws what `work` throws;
   * an Error when the board does not come back and nobody is there; the reason of the operator's signal.
   */
  async use<T>(work: () => Promise<T> | T): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof PortError)) throw error;
        await this.#findAgain();
      }
    }
  }

  /** Gives the port up where it is another than in the beginning. */
  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #findAgain(): Promise<void> {
    const { attended, audience, signal } = this.#operator;
    const deadline = performance.now() + PATIENCE_MS;
    await this.#connection.close();
    for (let isTold = false; ; isTold = true) {
      const problem = await this.#reachAgain();
      if (this.#connection.bus !== undefined) {
        this.#operator.tell("info", `The board is back, on ${this.#connection.path}.`);
        return;
      }
      const what = sayProblem(problem, audience);
      if (!attended && performance.now() > deadline) throw new Error(what);
      if (!isTold) this.#operator.tell("warning", `${what}; it goes on then.`);
      await pause(LOOK_EVERY_MS, signal);
    }
  }

  /** A board with a serial number is known by that: its old path may be another board's by now. */
  async #reachAgain(): Promise<ArmProblem> {
    const { arm, path } = this.#connection;
    const isGone: ArmProblem = { code: "board.missing", arm, path, lost: true };
    if (this.#serial !== undefined) {
      const board = (await this.#list()).find(({ serial }) => serial === this.#serial);
      if (board === undefined) return isGone;
      if (targetOf(path) !== board.path) this.#connection = connectionTo(arm, board.path, "torque off");
    }
    await this.#connection.reach();
    const { problem } = this.#connection;
    return problem === undefined || problem.code === "board.missing" ? isGone : problem;
  }
}
