/** A process of LeRobot's on a workstation: the plugin, installed from its wheel, and stand-ins for LeRobot itself. */
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeWheel } from "../../packaging/lerobot/wheel.ts";
import { ZMQ } from "./zmq-peer.ts";

const PYTHON = "/usr/bin/python3";
const STAND_INS = join(import.meta.dir, "python");

/** What a session needs of the machine. */
export const LEROBOT_SESSION = ZMQ;

/** What came of a line of Python. */
export interface Outcome {
  readonly value: unknown;
  /** Its kind and what it says; null where there was none. */
  readonly error: string | null;
  /** What was logged meanwhile. */
  readonly said: readonly string[];
}

/** A running session. Disposing ends it. */
export class LerobotSession implements AsyncDisposable {
  readonly #folder: string;
  readonly #process: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #lines: AsyncIterator<string>;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#process = Bun.spawn([PYTHON, join(STAND_INS, "session.py")], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
      env: { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" },
    });
    this.#lines = linesOf(this.#process.stdout);
  }

  /** Installs the plugin beside a LeRobot of `version`, and starts a process that has found it. */
  static async start(version = "0.6.2"): Promise<LerobotSession> {
    const folder = await mkdtemp(join(tmpdir(), "lerobot-session-"));
    await cp(join(STAND_INS, "lerobot"), join(folder, "lerobot"), { recursive: true });
    await mkdir(join(folder, `lerobot-${version}.dist-info`));
    await writeFile(
      join(folder, `lerobot-${version}.dist-info/METADATA`),
      `Name: lerobot\nVersion: ${version}\n`,
    );
    const { name, content } = await makeWheel();
    const wheel = join(folder, name);
    await writeFile(wheel, content);
    const unpacked = Bun.spawnSync([PYTHON, "-m", "zipfile", "-e", wheel, folder]);
    if (!unpacked.success) throw new Error(unpacked.stderr.toString());
    return new LerobotSession(folder);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Runs a line of Python: an expression's value is what comes of it. */
  async run(code: string): Promise<Outcome> {
    this.#process.stdin.write(`${JSON.stringify(code)}\n`);
    await this.#process.stdin.flush();
    const { value } = await this.#lines.next();
    if (value === undefined) throw new Error(`the session ended at ${code}`);
    return JSON.parse(value);
  }

  /** As {@link run}, and gives its value. Throws what it raises. */
  async value(code: string): Promise<unknown> {
    const { value, error } = await this.run(code);
    if (error !== null) throw new Error(error);
    return value;
  }

  /** Ends the process as a crash does. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
