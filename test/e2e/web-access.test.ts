/** Who may do what by the page: in a real browser, byte by byte, and with more connections than any page makes. */
import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { borrow, eventsOf } from "../../src/api/client.ts";
import type { Status } from "../../src/api/protocol.ts";
import { BROWSER_NEEDS, PHONE, type RunningWebProgram, startBrowser, startWeb } from "../support/browser.ts";
import { claimBesideLeader, moveAnother } from "../support/claim.ts";
import { needing } from "../support/needs.ts";
import { programPath, run } from "../support/program.ts";
import { RunningTeleoperation } from "../support/teleoperation.ts";

setDefaultTimeout(120_000);

const PATIENCE = { timeout: 20_000 } as const;
const PAIR = "control";

needing(...BROWSER_NEEDS).describe("the page", () => {
  let browser: Browser;
  let service: RunningTeleoperation;
  let web: RunningWebProgram;
  let socket: string;
  let context: BrowserContext;
  beforeAll(async () => {
    browser = await startBrowser();
    service = await RunningTeleoperation.start({ sim: { arms: "configured", motion: "still" } });
    await service.untilState("following");
    socket = join(service.sim.dir, "control.sock");
  });
  afterAll(async () => {
    await browser.close();
    await service[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await resume();
    context = await browser.newContext({ viewport: PHONE, hasTouch: true });
  });

  const so101 = async (...words: readonly string[]) => {
    const { stdout, code } = await run([programPath, ...words, "--socket", socket], { cwd: "/", env: {} });
    expect([words, code]).toEqual([words, 0]);
    return stdout;
  };
  const claims = async (...words: readonly string[]) => {
    const env = { STATE_DIRECTORY: service.sim.dir };
    const { stdout, stderr, code } = await run([programPath, "web", ...words], { cwd: "/", env });
    expect([words, stderr, code]).toEqual([words, "", 0]);
    return stdout;
  };
  const follows = async () => {
    while ((await status()).state !== "following") await Bun.sleep(50);
  };
  const resume = async () => {
    await so101("resume");
    await follows();
  };
  const status = async () => JSON.parse(await so101("status", "--json")) as Status;
  const look = async (screen = "now"): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(`${web.url}#${screen}`);
    return page;
  };
  const press = async (action: string, cookie?: string) => {
    const origin = web.url.slice(0, -1);
    const headers = { "content-type": "application/json", origin, ...(cookie && { cookie }) };
    const body = JSON.stringify({ action });
    const response = await fetch(`${web.url}pairs/${PAIR}/buttons`, { method: "POST", headers, body });
    return (await response.json()) as { done: boolean; text: string };
  };

  test("is not claimed while the arms are lent: the pause would end what somebody does with them", async () => {
    web = await startWeb([socket], service.sim.dir);
    await using _ = web;
    const loan = await borrow([socket], "calibrate", new AbortController().signal);
    const origin = web.url.slice(0, -1);
    const headers = { "content-type": "application/json", origin };
    const response = await fetch(`${web.url}pairs/${PAIR}/claim`, { method: "POST", headers, body: "{}" });
    const { text } = (await response.json()) as { text: string };
    expect(text).toContain("The arms are lent just now, for “calibrate”");
    expect(loan.recalled.aborted).toBe(false);
    loan.end();
    await follows();
  });

  test("is claimed by a code, and falls back at once when its claim is ended on the machine", async () => {
    web = await startWeb([socket], service.sim.dir);
    await using _ = web;
    const page = await look("access");
    const [code = ""] = /^\S+/.exec(await claims("claim")) ?? [];
    await page.getByLabel(/Or the code that/).fill("nothing");
    await page.getByRole("button", { name: "Use the code" }).click();
    await page.getByText(/^That is not the code/).waitFor(PATIENCE);
    await page.getByLabel(/Or the code that/).fill(code.toLowerCase());
    await page.getByRole("button", { name: "Use the code" }).click();
    await page.getByText("This page is claimed").waitFor(PATIENCE);
    await page.getByText(/Chrome on \w+ \(this page\)/).waitFor(PATIENCE);

    // Another one, of another browser: ended on this page.
    const [second = ""] = /^\S+/.exec(await claims("claim")) ?? [];
    const origin = web.url.slice(0, -1);
    const headers = { "content-type": "application/json", origin, "user-agent": "a tablet" };
    const body = JSON.stringify({ code: second });
    const claimed = await fetch(`${web.url}claim-by-code`, { method: "POST", headers, body });
    const [cookie = ""] = claimed.headers.get("set-cookie")!.split(";");
    expect(await press("resume", cookie)).toMatchObject({ done: true });
    await page.reload();
    const other = page.getByRole("listitem").filter({ hasText: "a tablet" });
    await other.getByRole("button", { name: "End this claim" }).click();
    await other.getByRole("button", { name: "No" }).click();
    await other.getByRole("button", { name: "End this claim" }).click();
    await other.getByRole("button", { name: "Yes, end it" }).click();
    await page.getByText("Ended: who had it must claim again.").waitFor(PATIENCE);
    expect(await press("resume", cookie)).toMatchObject({ done: false });

    const listed = await claims("claims", "--json");
    const { id } = JSON.parse(listed.trim());
    await claims("claims", "--revoke", id);
    await page.getByText("Claim this page, to make the arms move").waitFor(PATIENCE);
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByText("Resume moves the arm: claim this page first.").waitFor(PATIENCE);
  });

  test("tells every other one, and the service's events, that one is being claimed; one attempt at a time", async () => {
    web = await startWeb([socket], service.sim.dir);
    await using _ = web;
    const [page, other] = [await look(), await look("events")];
    await page.getByText("Claim this page, to make the arms move").click();
    await page.getByRole("button", { name: "Claim this page" }).click();
    await other.getByText("Somebody is claiming a page at the leader: the pair is paused.").waitFor(PATIENCE);
    const second = await fetch(`${web.url}pairs/${PAIR}/claim`, {
      ...{ method: "POST", body: "{}" },
      headers: { "content-type": "application/json", origin: web.url.slice(0, -1) },
    });
    expect(await second.json()).toMatchObject({
      done: false,
      text: "Somebody is claiming a page just now: wait until that is over.",
    });
    expect((await status()).mode).toBe("paused");
    await claimBesideLeader(page, service.sim);
    await page.getByText("This page is claimed").waitFor(PATIENCE);
    // All events: a status has the last few, and a busy machine has the arms hold in between.
    const claimed = async () =>
      (await eventsOf([socket])).map(({ code }) => code.split(" ")[1]!).filter((code) => /^claim/.test(code));
    while ((await claimed()).at(-1) !== "claim.made") await Bun.sleep(50);
    expect((await claimed()).slice(-2)).toEqual(["claim.began", "claim.made"]);
  });

  test("is not claimed by another motion, nor while somebody makes the pair go on; three failures cost a minute", async () => {
    web = await startWeb([socket], service.sim.dir);
    await using _ = web;
    const page = await look();
    await page.getByText("Claim this page, to make the arms move").click();
    const claim = page.getByRole("button", { name: "Claim this page" });
    const begun = page.getByText(/^1 of 3: (?!let)/);
    for (let time = 0; time < 2; time++) {
      await claim.click();
      await begun.waitFor(PATIENCE);
      await moveAnother((await begun.textContent())!, service.sim);
      await page.getByText(/^That was another motion/).waitFor(PATIENCE);
    }
    await claim.click();
    await begun.waitFor(PATIENCE);
    await so101("resume");
    await page
      .getByText("The pair was made to go on meanwhile: try again while it is paused.")
      .waitFor(PATIENCE);
    await claim.click();
    await page.getByText(/^Three attempts have failed: try again in \d+ s\.$/).waitFor(PATIENCE);
    await follows();
    expect((await status()).mode).toBe("running");
  });

  test("releases unclaimed three times in ten minutes; again, while nothing has gone on, is success", async () => {
    web = await startWeb([socket], service.sim.dir);
    await using _ = web;
    for (let time = 0; time < 3; time++) {
      for (let again = 0; again < 3; again++) {
        expect(await press("release")).toEqual({ done: true, text: "The torque of the follower is off." });
      }
      expect(await press("pause")).toMatchObject({ done: true });
      expect(await press("release")).toMatchObject({ done: true });
      await resume();
    }
    const refused = await press("release");
    expect(refused).toMatchObject({ done: false, text: expect.stringContaining("Pause still works") });
    const { mode, arms } = await status();
    expect(mode).toBe("paused");
    expect(Object.values(arms.follower.joints).every(({ torqueOn }) => torqueOn)).toBe(true);
    expect(await press("release")).toMatchObject({ done: false });
    expect(await press("pause")).toMatchObject({ done: true });
    expect(await press("resume")).toMatchObject({ done: false });

    const [code = ""] = /^\S+/.exec(await claims("claim")) ?? [];
    const response = await fetch(`${web.url}claim-by-code`, {
      ...{ method: "POST", body: JSON.stringify({ code }) },
      headers: { "content-type": "application/json", origin: web.url.slice(0, -1) },
    });
    const [cookie] = response.headers.get("set-cookie")!.split(";");
    expect(await press("resume", cookie)).toMatchObject({ done: true });
    await follows();
    expect(await press("release")).toMatchObject({ done: true });
  });

  test("has Pause where it hears nothing, because too many pages are open", async () => {
    web = await startWeb([socket], service.sim.dir);
    await using _ = web;
    const origin = web.url.slice(0, -1);
    const others = Array.from(
      { length: 24 },
      () => new WebSocket(`${web.url.replace("http", "ws")}live`, { headers: { origin } } as never),
    );
    await Promise.all(
      others.map((one) => new Promise((resolve) => one.addEventListener("message", resolve))),
    );
    const page = await look();
    await page.getByText(/^24 pages are open already/).waitFor(PATIENCE);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("The follower stays where it is.").waitFor(PATIENCE);
    expect((await status()).mode).toBe("paused");
    for (const one of others) one.close();
    await page.getByRole("heading", { level: 2, name: "holding (paused)" }).waitFor(PATIENCE);
  });

  test("that may not read has Pause, Release and how to claim it, and nothing of the arms", async () => {
    web = await startWeb([socket], service.sim.dir);
    await using _ = web;
    const page = await context.newPage();
    await page.routeWebSocket(/\/live$/, (socket) => {
      socket.connectToServer().onMessage((text) => {
        const message = JSON.parse(text as string);
        if (message.kind === "hello") socket.send(JSON.stringify({ ...message, mayRead: false }));
        else if (message.kind === "claim") socket.send(text);
      });
    });
    await page.goto(web.url);
    await page.getByText("This machine shows its arms to claimed pages only.").waitFor(PATIENCE);
    expect(await page.locator("canvas").count()).toBe(0);
    await page.getByRole("button", { name: "Claim this page" }).waitFor(PATIENCE);
    await page.getByRole("button", { name: /^Release/ }).click({ delay: 1_200 });
    await page.getByText("The torque of the follower is off.").waitFor(PATIENCE);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("Paused: the follower's torque is not on.").waitFor(PATIENCE);
  });
});
