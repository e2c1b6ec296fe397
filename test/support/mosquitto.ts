/** Debian's Mosquitto as a broker for tests: on a port of its own, killed and started again as a test likes. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CertificateAuthority } from "./certificates.ts";
import type { Need } from "./needs.ts";

/** Debian has it where an ordinary user's PATH does not lead. */
const PATH = `${process.env.PATH}:/usr/sbin`;

/** Debian's package of the broker. */
export const MOSQUITTO: Need = {
  name: "mosquitto",
  how: "sudo apt install mosquitto",
  isMet: () => Bun.which("mosquitto", { PATH }) !== null,
};

/** How a broker is to be; what is left out makes it plain, open to everybody who reaches it, and on this machine alone. */
export interface MosquittoOptions {
  /** An address of this machine's, or of the network namespace that `wrapper` enters. */
  readonly address?: string;
  /** A free one if left out. */
  readonly port?: number;
  /** With TLS: whose certificates it shows and knows. */
  readonly authority?: CertificateAuthority;
  /** With TLS: whether its clients must have certificates, whose names are then their users'. */
  readonly clients?: "any" | "with certificates";
  /** The passwords of those who are let in, by their names. */
  readonly passwords?: Readonly<Record<string, string>>;
  /** Its access list, as `acl_file` has it. */
  readonly access?: string;
  /** Further lines of its configuration. */
  readonly lines?: readonly string[];
  /** What runs it: `ip netns exec lab`. */
  readonly wrapper?: readonly string[];
}

const PORT_TAKEN = "Address already in use";
/** How often another port is tried where somebody else was quicker. */
const PORTS_TRIED = 5;

/** A broker; disposing ends it and removes its files. */
export class Mosquitto implements AsyncDisposable {
  /** Everything that it has said, of all its lives. */
  log = "";
  readonly #options: MosquittoOptions;
  readonly #folder: string;
  #port: number;
  #child: Bun.Subprocess<"ignore", "ignore", "pipe"> | undefined;

  private constructor(options: MosquittoOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
    this.#port = options.port ?? freePort();
  }

  /** Starts one and waits until it listens. Rejects with what it said when it does not come to that. */
  static async start(options: MosquittoOptions = {}): Promise<Mosquitto> {
    const broker = new Mosquitto(options, await mkdtemp(join(tmpdir(), "so101-mosquitto-")));
    try {
      for (let tried = 1; ; tried++) {
        const failed = await broker.restart().catch((error: Error) => error);
        if (!failed) return broker;
        if (options.port !== undefined || tried === PORTS_TRIED || !broker.log.includes(PORT_TAKEN))
          throw failed;
        broker.#port = freePort();
        broker.log = "";
      }
    } catch (error) {
      await broker[Symbol.asyncDispose]();
      throw error;
    }
  }

  get port(): number {
    return this.#port;
  }

  get address(): string {
    return this.#options.address ?? "127.0.0.1";
  }

  /** As `--broker` takes it. */
  get url(): string {
    return `${this.#options.authority ? "mqtts" : "mqtt"}://${this.address}:${this.#port}`;
  }

  /** Its process; throws while it has none. */
  get pid(): number {
    if (this.#child === undefined) throw new Error("the broker does not run");
    return this.#child.pid;
  }

  /** Ends it by a signal, by default as a power cut does, and waits for that. Its clients notice or not, as it goes. */
  async end(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    this.#child?.kill(signal);
    await this.#child?.exited;
    this.#child = undefined;
  }

  /** Ends it, if it runs, and starts it on the same port; waits until it listens. It has forgotten everything. */
  async restart(): Promise<void> {
    await this.end();
    const program = Bun.which("mosquitto", { PATH });
    if (program === null) throw new Error("mosquitto is not installed: sudo apt install mosquitto");
    const command = [...(this.#options.wrapper ?? []), program, "-c", await this.#configure()];
    const child = Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
    this.#child = child;
    const running = Promise.withResolvers<void>();
    const read = async () => {
      const from = this.log.length;
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
        this.log += text;
        if (this.log.includes(" running\n", from)) running.resolve();
      }
      running.reject(new Error(`mosquitto ended with exit code ${await child.exited}: ${this.log}`));
    };
    void read();
    await running.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    await rm(this.#folder, { recursive: true });
  }

  /** Writes its configuration; returns where. */
  async #configure(): Promise<string> {
    const { authority, clients, passwords, access, lines = [] } = this.#options;
    const at = (name: string) => join(this.#folder, name);
    const config = [`listener ${this.#port} ${this.address}`, "set_tcp_nodelay true", "persistence false"];
    // Otherwise it becomes a user of its own when root starts it, who cannot read these files.
    config.push("user root", "log_dest stderr");
    if (authority !== undefined) {
      const { certificate, key } = await authority.issue("broker", [this.address, "localhost"]);
      config.push(`cafile ${authority.certificate}`, `certfile ${certificate}`, `keyfile ${key}`);
      if (clients === "with certificates")
        config.push("require_certificate true", "use_identity_as_username true");
    }
    if (passwords !== undefined) {
      await Bun.write(at("passwords"), "");
      for (const [name, password] of Object.entries(passwords)) {
        await Bun.$`mosquitto_passwd -b ${at("passwords")} ${name} ${password}`.quiet();
      }
      config.push(`password_file ${at("passwords")}`);
    }
    config.push(`allow_anonymous ${passwords === undefined && clients !== "with certificates"}`);
    if (access !== undefined) {
      await Bun.write(at("access"), access);
      config.push(`acl_file ${at("access")}`);
    }
    await Bun.write(at("mosquitto.conf"), `${[...config, ...lines].join("\n")}\n`);
    return at("mosquitto.conf");
  }
}

/** A port on which nobody listens at this moment. */
function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}
