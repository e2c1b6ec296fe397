/** The page's server within the test, for simulated arms, and pages that are no more than their connection. */
import { join } from "node:path";
import type { Status } from "../../src/api/protocol.ts";
import type { RunningSim } from "../../src/sim/testing/start.ts";
import { Claims } from "../../src/web/access/claims.ts";
import { Codes } from "../../src/web/access/codes.ts";
import { cookieOf } from "../../src/web/access/cookie.ts";
import { FleetFeed } from "../../src/web/fleet/feed.ts";
import type { ActionReply, PageMessage } from "../../src/web/messages.ts";
import { servedPair } from "../../src/web/pairs/served-pair.ts";
import { serveWeb } from "../../src/web/server.ts";
import { Compared } from "../../src/web/set-up/compared.ts";
import { simulatedBoards, simulatedNaming } from "../../src/web/set-up/simulated-boards.ts";
import { HERE, type WorkView } from "../../src/web/work/messages.ts";
import { configOf } from "./web-arms.ts";

/** How long anything may take before a test calls it missing; generous, for machines that are busy. */
const PATIENCE_MS = 20_000;

/** The pair that is served. */
export const PAIR = "control";

/** A server for one pair; disposing ends it, and closes its pages. */
export class WebServer implements AsyncDisposable {
  readonly url: string;
  readonly #stop: () => Promise<void>;
  readonly #claims: Claims;
  readonly #pages: TestPage[] = [];

  private constructor(url: string, stop: () => Promise<void>, claims: Claims) {
    this.url = url;
    this.#stop = stop;
    this.#claims = claims;
  }

  /** Serves the pair of these arms, whose service may listen at `control.sock` in their folder. */
  static async start(sim: RunningSim, moreConfig = ""): Promise<WebServer> {
    const config = await configOf(sim, moreConfig);
    const socket = join(sim.dir, "control.sock");
    const pair = servedPair(PAIR, [socket], { socket, config });
    const claims = new Claims(sim.dir);
    const ending = new AbortController();
    const { url, stop } = serveWeb({
      ...{ hostname: "127.0.0.1", port: 0, files: new Map(), counted: "any", claims, signal: ending.signal },
      ...{ reading: "everybody", names: [], codes: new Codes(sim.dir) },
      pairs: new Map([[PAIR, pair]]),
      boards: simulatedBoards(sim.dir),
      naming: simulatedNaming(sim.dir),
      compared: new Compared(sim.dir),
      datasets: join(sim.dir, "datasets"),
      fleet: new FleetFeed({ paths: [], isConfigured: () => false }),
    });
    const end = () => {
      ending.abort();
      return stop();
    };
    return new WebServer(url, end, claims);
  }

  /** Opens a page. */
  async page(standing: "claimed" | "unclaimed" = "claimed"): Promise<TestPage> {
    const cookie = standing === "claimed" ? cookieOf(this.#claims.add("a test", Date.now()), null) : "";
    const page = new TestPage(this.url, cookie.split(";")[0]!);
    this.#pages.push(page);
    await page.untilMessage(({ kind }) => kind === "hello", "a hello");
    return page;
  }

  /** Ends as SIGTERM has it end: the works first. */
  stop(): Promise<void> {
    return this.#stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const page of this.#pages) page.close();
    await this.#stop();
  }
}

/** A page: its WebSocket, and its cookie. */
export class TestPage {
  readonly messages: PageMessage[] = [];
  readonly #url: string;
  readonly #cookie: string;
  readonly #socket: WebSocket;
  #heard: () => void = () => {};
  #here: ReturnType<typeof setInterval> | undefined;

  constructor(url: string, cookie: string) {
    this.#url = url;
    this.#cookie = cookie;
    this.#socket = new WebSocket(`${url.replace("http", "ws")}live`, { headers: this.#headers } as never);
    this.#socket.addEventListener("message", ({ data }) => {
      this.messages.push(JSON.parse(data as string) as PageMessage);
      this.#heard();
    });
  }

  /** What the page says of itself in every request. */
  get #headers(): Record<string, string> {
    const { origin } = new URL(this.#url);
    return { origin, "content-type": "application/json", ...(this.#cookie && { cookie: this.#cookie }) };
  }

  /** The id that it got. */
  get id(): string {
    return (this.messages.find(({ kind }) => kind === "hello") as { page: string }).page;
  }

  /** The pair's work as it was told last; undefined while there is none. */
  get work(): WorkView | undefined {
    const told = this.messages.findLast(({ kind }) => kind === "work") as
      | { work: WorkView | null }
      | undefined;
    return told?.work ?? undefined;
  }

  /** The newest status. */
  get status(): Status | undefined {
    return (this.messages.findLast(({ kind }) => kind === "status") as { status: Status } | undefined)
      ?.status;
  }

  /** Everything that the work has said, and how it ended. */
  get said(): string {
    const { lines = [], ended } = this.work?.conversation ?? {};
    return [...lines.map(({ tone, message }) => `${tone}: ${message}`), ended?.text ?? ""].join("\n");
  }

  /** Asks the server, with JSON or the bytes of a file. */
  async ask(path: string, body: object | string = {}): Promise<ActionReply & { readonly status: number }> {
    const isFile = typeof body === "string" || body instanceof Uint8Array;
    const response = await fetch(`${this.#url}pairs/${PAIR}/${path}`, {
      method: "POST",
      headers: this.#headers,
      body: isFile ? (body as string | Uint8Array<ArrayBuffer>) : JSON.stringify(body),
    });
    return { status: response.status, ...((await response.json()) as ActionReply) };
  }

  /** Begins a work with the pair, and waits until it is told. */
  async begin(order: object): Promise<void> {
    const before = this.work?.id;
    const reply = await this.ask("work", order);
    if (!reply.done) throw new Error(reply.text);
    await this.until(() => this.work?.id !== before, "the work");
  }

  /** Answers the question that is open. */
  answer(value: boolean | string) {
    return this.ask("work/answer", { question: this.work?.conversation?.question?.id, value });
  }

  /** Says again and again that somebody looks at it, until {@link silence}. */
  stayHere(): void {
    this.#here = setInterval(() => this.#socket.send(HERE), 100);
  }

  /** Says nothing any more, and stays connected. */
  silence(): void {
    clearInterval(this.#here);
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  close(): void {
    this.silence();
    this.#socket.close();
  }

  get isClosed(): boolean {
    return this.#socket.readyState === WebSocket.CLOSED;
  }

  /** Waits for a question whose text contains `text`. */
  untilAsked(text: string): Promise<void> {
    return this.until(() => this.work?.conversation?.question?.text.includes(text) === true, `"${text}"`);
  }

  /** Waits until the work has ended; resolves with how. */
  async untilEnded(): Promise<{ readonly outcome: string; readonly text: string }> {
    await this.until(() => this.work?.conversation?.ended != null, "the end of the work");
    return this.work!.conversation!.ended!;
  }

  /** Waits for a message. */
  untilMessage(wanted: (message: PageMessage) => boolean, what: string): Promise<void> {
    return this.until(() => this.messages.some(wanted), what);
  }

  /** Waits until something is true. */
  async until(isTrue: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!isTrue()) {
      if (performance.now() > deadline) throw new Error(`${what} did not come; there was:\n${this.said}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
        setTimeout(resolve, 50);
      });
    }
  }
}
