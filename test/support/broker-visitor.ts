/**
 * Somebody who comes to a broker: run in the network of the broker's machine, where a test is not. Its argument is a
 * {@link Visit}; prints an {@link Experience}.
 */
import { readFileSync } from "node:fs";
import { connectAsync, type MqttClient } from "mqtt";

/** Who comes; paths of files. */
export interface Visitor {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** What is tried. */
export interface Visit extends Visitor {
  readonly port: number;
  /** The name that the broker's certificate must have; without it the connection is not encrypted. */
  readonly host?: string;
  readonly publishes?: readonly string[];
  /** Somebody else, who listens meanwhile; `own` is a topic that he may write, too. */
  readonly listener?: Visitor & { readonly subscribes: readonly string[]; readonly own: string };
}

/** What came of it. */
export interface Experience {
  /** Why it was not let in; undefined where it was. */
  readonly refused?: string;
  /** What the broker said to each that was published, "taken" where it was. */
  readonly published: Readonly<Record<string, string>>;
  /** The topics that the listener heard. */
  readonly heard: readonly string[];
}

async function visit({ listener, publishes = [], ...given }: Visit): Promise<Experience> {
  const heard: string[] = [];
  const published: Record<string, string> = {};
  try {
    const client = await connect(given);
    const listening = listener && (await connect({ ...given, ...listener }));
    listening?.on("message", (topic) => heard.push(topic));
    if (listener) await listening!.subscribeAsync([...listener.subscribes, listener.own], { qos: 1 });
    for (const topic of publishes) {
      published[topic] = await client.publishAsync(topic, "{}", { qos: 1 }).then(
        () => "taken",
        (error: Error) => error.message,
      );
    }
    if (listener) {
      // The broker hands on in order: once this is heard, so is all that was published before.
      await listening!.publishAsync(listener.own, "{}", { qos: 1 });
      while (!heard.includes(listener.own)) await new Promise((heard) => listening!.once("message", heard));
    }
    return { published, heard: heard.filter((topic) => topic !== listener?.own) };
  } catch (error) {
    const { message, code } = error as { readonly message?: string; readonly code?: unknown };
    return { refused: message || String(code), published, heard };
  }
}

function connect({ port, host, ca, cert, key }: Visit): Promise<MqttClient> {
  const files = Object.entries({ ca, cert, key }).flatMap(([name, path]) =>
    path === undefined ? [] : [[name, readFileSync(path)]],
  );
  const tls = host === undefined ? {} : { servername: host, ...Object.fromEntries(files) };
  const url = `${host === undefined ? "mqtt" : "mqtts"}://127.0.0.1:${port}`;
  return connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 10_000, ...tls }, false);
}

if (import.meta.main) {
  console.log(JSON.stringify(await visit(JSON.parse(process.argv[2]!))));
  process.exit(0);
}
