/** Another machine that calls itself as one that is there, and has a leader, too: it does not move. */
import { randomBytes } from "node:crypto";
import mqtt, { type MqttClient } from "mqtt";
import { nowUs } from "../../../src/linux/clock.ts";
import { epochHalves, SAMPLE_BYTES, SampleView } from "../../../src/teleop/remote/sample.ts";

const EVERY_MS = 5;
/** All joints in the middle of a turn. */
const POSITIONS = [2048, 2048, 2048, 2048, 2048, 2048];
const JOINT = [0, 0, 1_000, 3_000];

/** Publishes as that machine's pair until it is ended; what it has had retained, stays. */
export class Imposter {
  readonly #topic: string;
  readonly #client: MqttClient;
  readonly #timer: NodeJS.Timeout;

  /** `leader` is "desk/main". */
  constructor(broker: string, leader: string) {
    this.#topic = `so101/${leader}`;
    const status = `${this.#topic}/status`;
    this.#client = mqtt.connect(broker, {
      protocolVersion: 5,
      reconnectPeriod: 200,
      queueQoSZero: false,
      will: { topic: status, payload: Buffer.from('{"v":1,"online":false}'), qos: 1, retain: true },
    });
    this.#client.on("error", () => {});
    const epoch = randomBytes(8).toString("hex");
    const arm = { v: 1, epoch, normalisation: "range", joints: POSITIONS.map(() => JOINT) };
    this.#client.on("connect", () => {
      this.#client.publish(`${this.#topic}/leader/arm`, JSON.stringify(arm), { qos: 1, retain: true });
    });
    const bytes = Buffer.alloc(SAMPLE_BYTES);
    const view = new SampleView(bytes);
    const { low, high } = epochHalves(epoch);
    let sequence = 0;
    this.#timer = setInterval(() => {
      if (!this.#client.connected) return;
      view.write(sequence++, low, high, nowUs(), POSITIONS);
      this.#client.publish(`${this.#topic}/leader/samples`, Buffer.from(bytes));
    }, EVERY_MS);
  }

  /** It is switched off: the broker says its last will. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#client.endAsync(true).catch(() => {});
  }
}
