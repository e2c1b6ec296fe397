/**
 * One end of a bare lane, to compare the program with: 200 samples a second with nothing of the program about them.
 * `lane-end.ts send|receive mqtt|udp ADDRESS PORT`. What receives says one line when it listens, and at the end of its
 * input one with the arrivals: when each was sent and received, µs of one clock.
 */
import { connectAsync, type MqttClient } from "mqtt";
import { nowUs } from "../../src/linux/clock.ts";
import { SAMPLE_BYTES } from "../../src/teleop/remote/sample.ts";

const [role, lane, address = "", port = ""] = process.argv.slice(2);
const TOPIC = "bare";
const PERIOD_US = 5_000;
/** As the program does: a stream that holds more than this is not given another sample. */
const BACKED_UP_BYTES = 200;
const ONCE = { protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 30_000 } as const;

const connect = () => connectAsync(`mqtt://${address}:${port}`, ONCE);

/** Gives each point of a 200 Hz grid's time to `send`, for ever. */
function atEveryPoint(send: (sample: Buffer) => void): void {
  let dueUs = nowUs();
  const next = () => {
    const sample = Buffer.alloc(SAMPLE_BYTES);
    sample.writeDoubleLE(nowUs());
    send(sample);
    dueUs = Math.max(dueUs + PERIOD_US, nowUs() - PERIOD_US);
    setTimeout(next, Math.max((dueUs - nowUs()) / 1e3, 0));
  };
  next();
}

function streamOf(client: MqttClient) {
  return client.stream as typeof client.stream & { writableLength: number };
}

const arrivals: [sentUs: number, gotUs: number][] = [];
const got = (sample: Buffer) => void arrivals.push([sample.readDoubleLE(), nowUs()]);

if (role === "send" && lane === "mqtt") {
  const client = await connect();
  atEveryPoint((sample) => {
    if (streamOf(client).writableLength <= BACKED_UP_BYTES) client.publish(TOPIC, sample, { qos: 0 });
  });
} else if (role === "send") {
  const socket = await Bun.udpSocket({});
  atEveryPoint((sample) => socket.send(sample, Number(port), address));
} else {
  if (lane === "mqtt") {
    const client = await connect();
    client.on("message", (_, sample) => got(sample));
    await client.subscribeAsync(TOPIC, { qos: 0 });
  } else {
    await Bun.udpSocket({
      hostname: address,
      port: Number(port),
      socket: { data: (_, sample) => got(sample) },
    });
  }
  console.log("listening");
  for await (const _ of console);
  console.log(JSON.stringify(arrivals));
  process.exit();
}
