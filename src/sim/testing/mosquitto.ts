/** Mosquitto, Debian's MQTT broker, as a process of one's own on loopback: for tests, chaos and the demo of two machines. */
import { mkdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

/** How long it may take to listen; generous, for machines that are busy. */
const PATIENCE_MS = 20_000;

/** Where Mosquitto is, or undefined. An ordinary user's PATH has no folders of the system's own programs. */
export function mosquittoPath(): string | undefined {
  return Bun.which("mosquitto", { PATH: `${process.env.PATH ?? ""}:/usr/sbin:/usr/local/sbin` }) ?? undefined;
}

/** What may be chosen. */
export interface BrokerOptions {
  /** A folder of its own, which is made where it is not there. */
  readonly dir: string;
  /** Left out: one that is free. */
  readonly port?: number;
  /** Lines of its configuration in place of `allow_anonymous true`: an access list, TLS. */
  readonly lines?: readonly string[];
}

/** A broker that was started here. */
export interface RunningBroker extends AsyncDisposable {
  readonly port: number;
  /** `mqtt://127.0.0.1:PORT` */
  readonly url: string;
  /** What it says goes to this file. */
  readonly log: string;
  readonly pid: number;
  signal(signal: NodeJS.Signals): void;
  /** Ends it by a signal, and waits for that. */
  end(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again, after it was ended, on the same port; resolves when it listens. */
  start(): Promise<void>;
}

/** Starts it; resolves when it listens. Throws where it is not installed, or cannot listen. */
export async function startMosquitto(options: BrokerOptions): Promise<RunningBroker> {
  const path = mosquittoPath();
  if (path === undefined) throw new Error("Mosquitto is not installed: sudo apt install mosquitto");
  const { dir, port = freePort(), lines = ["allow_anonymous true"] } = options;
  mkdirSync(dir, { recursive: true });
  const config = join(dir, "mosquitto.conf");
  const log = join(dir, "mosquitto.log");
  // As root it would become another user, who cannot read files of ours.
  const own = [`listener ${port} 127.0.0.1`, "set_tcp_nodelay true", "persistence false", "user root"];
  await Bun.write(config, `${[...own, ...lines].join("\n")}\n`);
  let child: Bun.Subprocess | undefined;
  const broker: RunningBroker = {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    log,
    get pid() {
      return child!.pid;
    },
    signal: (signal) => child?.kill(signal),
    async end(signal = "SIGTERM") {
      child?.kill("SIGCONT");
      child?.kill(signal);
      await child?.exited;
      child = undefined;
    },
    async start() {
      const output = Bun.file(log);
      // In a session of its own: Ctrl-C in a terminal ends who has started it, and that one ends it.
      child = Bun.spawn([path, "-c", config], { detached: true, stdio: ["ignore", output, output] });
      const deadline = performance.now() + PATIENCE_MS;
      while (!(await listens(port))) {
        if (child.exitCode !== null || performance.now() > deadline) {
          throw new Error(`Mosquitto does not listen on port ${port}: ${await output.text()}`);
        }
        await Bun.sleep(20);
      }
    },
    [Symbol.asyncDispose]: () => broker.end(),
  };
  await broker.start();
  return broker;
}

/** A port of loopback on which nobody listens. */
export function freePort(): number {
  const probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = probe;
  probe.stop(true);
  return port;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
