/** What serves LeRobot's plugin for a running service. */

import { servePlugin } from "../../src/lerobot/plugin/serve.ts";
import { SAMPLE_PORT } from "../../src/lerobot/plugin/wire.ts";
import { ZmqContext } from "../../src/lerobot/zmq/context.ts";
import { programPath } from "./program.ts";

const REQUESTS_AT = SAMPLE_PORT + 1;

let hosts = 0;

/** An address of this machine's own that nothing else uses. */
const newAddress = () => `127.${process.pid & 0xff}.${(process.pid >> 8) & 0xff}.${++hosts}`;

/** The compiled program in its place. It is reached when this resolves; disposing ends it. */
export async function compiledPluginHost(
  socket: string,
): Promise<AsyncDisposable & { readonly address: string }> {
  const address = newAddress();
  const host = Bun.spawn([programPath, "lerobot", "--listen", address, "--socket", socket], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
  });
  while (!(await isReached(address))) await Bun.sleep(20);
  return {
    address,
    async [Symbol.asyncDispose]() {
      host.kill();
      await host.exited;
    },
  };
}

function isReached(hostname: string): Promise<boolean> {
  const connecting = Bun.connect({ hostname, port: REQUESTS_AT, socket: { data() {} } });
  return connecting.then(
    (connection) => {
      connection.end();
      return true;
    },
    () => false,
  );
}

/** Serves at an address of its own in this process; disposing ends it. */
export class PluginHostOfTests implements AsyncDisposable {
  readonly address: string;
  readonly said: string[] = [];
  readonly #ending = new AbortController();
  readonly #context = new ZmqContext(() => true);
  readonly #serving: Promise<void>;

  constructor(socket: string, address = newAddress(), port = SAMPLE_PORT) {
    this.address = address;
    this.#serving = servePlugin(
      {
        context: this.#context,
        address: this.address,
        port,
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
