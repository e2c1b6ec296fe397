/** What the page is measured on: simulated arms, the program that has one follow the other, the page's server, a browser. */
import type { Browser, BrowserContext, CDPSession, Page } from "playwright-core";
import type { RunningSim } from "../../src/sim/testing/start.ts";
import { PHONE, type RunningWebProgram, startBrowser, startWeb } from "../../test/support/browser.ts";
import { claimIn } from "../../test/support/claimed-page.ts";
import { readLines } from "../bench/run.ts";
import { program, startArms } from "../bench/subjects.ts";
import { type Noted, PROBE, untilNoted } from "./probe.ts";

/** As often as the program follows unless told otherwise. */
export const RATE_HZ = 200;

const FOLLOWING_AT_MOST_MS = 30_000;

/** A page that is open, and the tools of its browser. */
export interface OpenPage {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly tools: CDPSession;
}

/** All that runs while the page is measured. */
export class World implements AsyncDisposable {
  readonly sim: RunningSim;
  readonly web: RunningWebProgram;
  readonly servicePid: number;
  readonly socket: string;
  /** What the page calls it. */
  readonly pair = "control";
  /** Of a claimed page. */
  readonly cookie: string;
  readonly #service: Bun.Subprocess;
  readonly #browser: Browser;

  private constructor(
    { sim, socket, service }: Arms,
    web: RunningWebProgram,
    cookie: string,
    browser: Browser,
  ) {
    this.sim = sim;
    this.socket = socket;
    this.cookie = cookie;
    this.servicePid = service.pid;
    this.web = web;
    this.#service = service;
    this.#browser = browser;
  }

  /** Starts it all; resolves when the follower follows. */
  static async start(): Promise<World> {
    const arms = await follow();
    const { cookie } = claimIn(arms.sim.dir);
    const web = await startWeb([arms.socket], arms.sim.dir);
    return new World(arms, web, cookie, await startBrowser());
  }

  /** Opens the page as a phone that was never here does: nothing of it is kept from before. */
  async open(prepare: (opened: OpenPage) => Promise<unknown> = async () => {}): Promise<OpenPage> {
    const context = await this.#browser.newContext({ viewport: PHONE, hasTouch: true });
    const page = await context.newPage();
    await page.addInitScript(PROBE);
    const opened = { page, context, tools: await context.newCDPSession(page) };
    await prepare(opened);
    await page.goto(this.web.url);
    await page.evaluate(untilNoted("usableMs"));
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await this.web[Symbol.asyncDispose]();
    this.#service.kill("SIGTERM");
    await this.#service.exited;
    await this.sim.stop();
  }
}

/** Simulated arms, and the program that has one follow the other. */
interface Arms {
  readonly sim: RunningSim;
  readonly socket: string;
  readonly service: Bun.Subprocess;
}

async function follow(): Promise<Arms> {
  const sim = await startArms("configured");
  const command = program.command(sim, RATE_HZ);
  const service = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  const following = Promise.withResolvers<void>();
  const late = setTimeout(
    () => following.reject(new Error(`the follower did not follow within ${FOLLOWING_AT_MOST_MS / 1e3} s`)),
    FOLLOWING_AT_MOST_MS,
  );
  void readLines(service.stdout, ({ to }) => {
    if (to === "following") following.resolve();
  });
  await following.promise;
  clearTimeout(late);
  return { sim, socket: command[command.indexOf("--socket") + 1]!, service };
}

/** What the probe of a page has noted. */
export function notedBy({ page }: OpenPage): Promise<Noted> {
  return page.evaluate<Noted>("probe");
}
