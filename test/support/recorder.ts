/** `so101 record` as a process, for a running service. */
import { askService } from "../../src/api/client.ts";
import type { Status } from "../../src/api/protocol.ts";
import type { Recording, RecordingOrder } from "../../src/api/recording.ts";
import { programPath } from "./program.ts";

/** How long anything may take before a test calls it missing; generous, for machines that are busy. */
const PATIENCE_MS = 30_000;

/** A line of `so101 record --json`. */
export type RecordEvent = {
  readonly event: string;
  readonly how?: string;
  readonly message: string;
} & Partial<Recording>;

/** A running recorder; disposing kills it. */
export class RunningRecorder implements AsyncDisposable {
  readonly events: RecordEvent[] = [];
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #reading: Promise<void>;
  readonly #errors: Promise<string>;
  #changed = Promise.withResolvers<void>();
  #isOver = false;

  /** Starts it with these arguments, for the service at a socket; `wrapper` is a command that runs it. */
  constructor(socket: string, args: readonly string[], wrapper: readonly string[] = []) {
    const words = ["record", "--socket", socket, "--task", "Grab the cube", "--json", ...args];
    this.#child = Bun.spawn([...wrapper, programPath, ...words], {
      cwd: "/",
      env: { PATH: process.env.PATH },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#errors = new Response(this.#child.stderr).text();
    this.#reading = this.#read();
  }

  get pid(): number {
    return this.#child.pid;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits until the recorder says that it is so; what it says then. Only what it said last counts, or says from now on. */
  async until(isSo: (event: RecordEvent) => boolean, what: string): Promise<RecordEvent> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    for (let from = this.events.length - 1; ; ) {
      const found = this.events.slice(Math.max(from, 0)).find(isSo);
      if (found !== undefined) return found;
      from = this.events.length;
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0 || this.#isOver) {
        throw new Error(
          `${what} did not come: ${JSON.stringify(this.events)}${this.#isOver ? await this.#errors : ""}`,
        );
      }
      await Promise.race([this.#changed.promise, Bun.sleep(Math.min(leftMs, 1_000))]);
    }
  }

  /** Waits until it is in a state, from now on or already. */
  untilIs(is: Recording["is"], frames = 0): Promise<RecordEvent> {
    return this.until((event) => event.is === is && (event.frames ?? 0) >= frames, is);
  }

  /** Waits until it has ended: its exit code, and what it said on standard error. */
  async ended(): Promise<{ readonly code: number; readonly stderr: string }> {
    const code = await this.#child.exited;
    await this.#reading;
    return { code, stderr: await this.#errors };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.ended();
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      this.events.push(...lines.map((line) => JSON.parse(line) as RecordEvent));
      this.#tell();
    }
    this.#isOver = true;
    this.#tell();
  }

  #tell(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }
}

/** Orders something of the recorder of the service at a socket. Rejects with the refusal. */
export async function order(socket: string, what: RecordingOrder): Promise<void> {
  await askService([socket], { do: "record", order: what });
}

/** What the service says of its recorder. */
export async function recordingOf(socket: string): Promise<Recording | undefined> {
  return ((await askService([socket], { do: "status" })) as Status).recording;
}
