/** A USB board whose bus is that of a simulated arm. */

import type { TtyBindingPort } from "../../src/serial/binding.ts";
import { TtyBinding } from "../../src/serial/binding.ts";
import { type BoardIdentity, UsbBoard } from "./usb-board.ts";

/** Replies are looked for this often; a servo's takes a millisecond. */
const LOOK_EVERY_MS = 1;

/** Joins a board with the arm on a pty: what the guest sends at the speed it has set goes to the servos, and back. */
export class SimulatedBoard {
  readonly usb: UsbBoard;
  readonly #port: TtyBindingPort;
  readonly #looking: NodeJS.Timeout;

  private constructor(usb: UsbBoard, port: TtyBindingPort) {
    this.usb = usb;
    this.#port = port;
    let writing = Promise.resolve();
    usb.onData = (bytes) => {
      writing = writing.then(() => port.write(bytes)).catch(() => {});
    };
    usb.onBaudRate = (baudRate) => port.tty.setBaudRate(baudRate);
    this.#looking = setInterval(() => {
      const { tty } = port;
      for (let count = tty.take(0, tty.in.length); count > 0; count = tty.take(0, tty.in.length)) {
        usb.write(tty.in.slice(0, count));
      }
    }, LOOK_EVERY_MS);
  }

  /** A board in front of the simulated arm at `ptyPath`. */
  static async open(identity: BoardIdentity, ptyPath: string): Promise<SimulatedBoard> {
    return new SimulatedBoard(
      new UsbBoard(identity),
      await TtyBinding.open({ path: ptyPath, baudRate: 1_000_000 }),
    );
  }

  /** Pulls it and lets go of the arm. */
  async close(): Promise<void> {
    clearInterval(this.#looking);
    await this.usb.unplug();
    await this.#port.close();
  }
}
