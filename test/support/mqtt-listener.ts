/** Somebody else at a broker: hears everything, or some of it, and publishes what a test wants. */
import { connectAsync, type IClientPublishOptions, type IPublishPacket, type MqttClient } from "mqtt";

/** How long anything may take before a test calls it missing; generous, for machines that are busy. */
const PATIENCE_MS = 20_000;

/** A message as it came. */
export interface Heard {
  readonly topic: string;
  readonly text: string;
  readonly packet: IPublishPacket;
  /** When, of performance.now(). */
  readonly atMs: number;
}

/** A client that listens; disposing ends it. */
export class MqttListener implements AsyncDisposable {
  readonly heard: Heard[] = [];
  readonly #client: MqttClient;
  #wake: () => void = () => {};
  /** Of what was acknowledged last. */
  #reasonCode = 0;

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on("packetreceive", (packet) => {
      if (packet.cmd === "puback") this.#reasonCode = packet.reasonCode ?? 0;
    });
    client.on("message", (topic, payload, packet) => {
      this.heard.push({ topic, text: payload.toString(), packet, atMs: performance.now() });
      this.#wake();
    });
  }

  /** Connects and subscribes, to everything unless told otherwise. */
  static async connect(url: string, topic = "#"): Promise<MqttListener> {
    const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 50 });
    const listener = new MqttListener(client);
    await client.subscribeAsync(topic, { qos: 1 });
    return listener;
  }

  /** Publishes; resolves with the broker's reason code: 16 where nobody has subscribed to that. */
  publish(topic: string, payload: string | Buffer, options: IClientPublishOptions = {}): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#client.publish(topic, payload, { qos: 1, ...options }, (error) => {
        if (error) reject(error);
        else resolve(this.#reasonCode);
      });
    });
  }

  /** Waits for a message, from the given index of {@link heard} on. */
  async until(isIt: (heard: Heard) => boolean, what: string, from = 0): Promise<Heard> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = this.heard.slice(from).find(isIt);
      if (found !== undefined) return found;
      const left = deadline - performance.now();
      if (left <= 0) {
        const last = this.heard.slice(-8).map(({ topic, text }) => `${topic} ${text}`);
        throw new Error(`${what} did not come; the last that came:\n${last.join("\n")}`);
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, left);
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.endAsync(true);
  }
}
