/** What serves LeRobot's plugin for a running service, in this process. */

import { servePlugin } from "../../src/lerobot/plugin/serve.ts";
import { ZmqContext } from "../../src/lerobot/zmq/context.ts";

let hosts = 0;

/** Serves at an address of this machine's own that nothing else uses; disposing ends it. */
export class PluginHostOfTests implements AsyncDisposable {
  readonly address: string;
  readonly said: string[] = [];
  readonly #ending = new AbortController();
  readonly #context = new ZmqContext(() => true);
  readonly #serving: Promise<void>;

  constructor(socket: string, address = `127.${process.pid & 0xff}.${(process.pid >> 8) & 0xff}.${++hosts}`) {
    this.address = address;
    this.#serving = servePlugin(
      {
        context: this.#context,
        address: this.address,
        sockets: [socket],
        program: "0.0.0",
        explain: String,
        say: (_, text) => this.said.push(text),
      },
      this.#ending.signal,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#serving;
    await this.#context.close();
  }
}
