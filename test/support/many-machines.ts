/** Many machines at a broker, each of which says each second how it is. */
import { connectAsync, type MqttClient } from "mqtt";
import { statusMessage } from "./fleet-messages.ts";

/** Disposing ends them without a word. */
export class ManyMachines implements AsyncDisposable {
  readonly #client: MqttClient;
  readonly #fields = new Map<string, object>();
  readonly #timer: NodeJS.Timeout;
  #said = 0;

  private constructor(client: MqttClient) {
    this.#client = client;
    // One after the other, so that each says it once a second.
    this.#timer = setInterval(() => this.#saySome(), 50);
  }

  /** Has these pairs, `desk/main`, speak at a broker. */
  static async speak(url: string, names: readonly string[]): Promise<ManyMachines> {
    const machines = new ManyMachines(await connectAsync(url, { protocolVersion: 5 }));
    for (const name of names) machines.say(name, {});
    return machines;
  }

  /** Has a pair say at once, and from now on, that it is so. */
  say(name: string, fields: object): void {
    this.#fields.set(name, { ...this.#fields.get(name), ...fields });
    this.#publish(name);
  }

  /** Has a pair say nothing any more. */
  silence(name: string): void {
    this.#fields.delete(name);
  }

  /** Has a pair be gone, as the broker says it of one whose connection is lost. */
  lose(name: string): void {
    this.silence(name);
    this.#client.publish(`so101/${name}/status`, '{"v":1,"online":false}', { qos: 1, retain: true });
  }

  #saySome(): void {
    const names = [...this.#fields.keys()];
    const due = Math.ceil(names.length / 20);
    for (let count = 0; count < due; count++) this.#publish(names[this.#said++ % names.length]!);
  }

  #publish(name: string): void {
    const time = new Date().toISOString();
    const figures = { time, rateHz: 199 + Math.random(), temperatureC: 30 + Math.floor(Math.random() * 9) };
    const message = statusMessage({ ...figures, ...this.#fields.get(name) });
    this.#client.publish(`so101/${name}/status`, message, { qos: 1, retain: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#client.endAsync(true);
  }
}
