/** LeKiwi's client as LeRobot has it, by the wire's facts, out of Debian's python3-zmq: from an address of this machine. */
import { JOINTS } from "../../src/arm/joints.ts";
import { ZmqPeer } from "./zmq-peer.ts";

/** The names of an action, in their order. */
export const LEKIWI_KEYS = [...JOINTS.map((joint) => `arm_${joint}.pos`), ...["x.vel", "y.vel", "theta.vel"]];

/** What Python's json.dumps makes of an action. */
export function lekiwiCommand(positions: readonly number[], change: Record<string, unknown> = {}): string {
  const values = [...positions, 0, 0, 0];
  return JSON.stringify({
    ...Object.fromEntries(LEKIWI_KEYS.map((key, index) => [key, values[index]])),
    ...change,
  });
}

/** A client, which connects to both ports. */
export class LekiwiClient implements AsyncDisposable {
  readonly #peer = new ZmqPeer();

  static async connect(from: string, to: string, port = 5555): Promise<LekiwiClient> {
    const client = new LekiwiClient();
    const at = (port: number) => `tcp://${from}:0;${to}:${port}`;
    await client.#peer.connect("commands", { kind: "push", to: at(port) });
    await client.#peer.connect("observations", { kind: "pull", to: at(port + 1) });
    return client;
  }

  /** The newest observation; null where none comes. */
  async observe(withinMs = 10_000): Promise<Record<string, unknown> | null> {
    const parts = await this.#peer.newest("observations", withinMs);
    if (parts === null) return null;
    if (parts.length !== 1) throw new Error(`an observation of ${parts.length} parts`);
    return JSON.parse(parts[0]!);
  }

  async command(positions: readonly number[]): Promise<void> {
    await this.send(lekiwiCommand(positions));
  }

  /** Sends any message, of any number of parts, once or more often. */
  async send(parts: string | readonly string[], times = 1): Promise<void> {
    await this.#peer.send("commands", typeof parts === "string" ? [parts] : parts, times);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#peer[Symbol.asyncDispose]();
  }
}
