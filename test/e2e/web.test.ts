/** The page for the phone beside the arms, in a real browser, served by the compiled program for simulated arms. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { BROWSER_NEEDS, PHONE, startBrowser, startWeb, troublesOf } from "../support/browser.ts";
import { claimBesideLeader } from "../support/claim.ts";
import { needing } from "../support/needs.ts";
import { RunningTeleoperation } from "../support/teleoperation.ts";

setDefaultTimeout(90_000);

/** How long anything may take before it is called missing; generous, for machines that are busy. */
const PATIENCE = { timeout: 20_000 } as const;

const socketOf = ({ sim }: RunningTeleoperation) => join(sim.dir, "control.sock");

needing(...BROWSER_NEEDS).describe("the page", () => {
  let browser: Browser;
  let service: RunningTeleoperation;
  beforeAll(async () => {
    browser = await startBrowser();
    service = await RunningTeleoperation.start({ sim: { arms: "configured", motion: "still" } });
    await service.untilState("following");
  });
  afterAll(async () => {
    await browser.close();
    await service[Symbol.asyncDispose]();
  });

  const look = async (url: string): Promise<{ page: Page; troubles: string[] }> => {
    const context = await browser.newContext({ viewport: PHONE, hasTouch: true });
    const page = await context.newPage();
    const troubles = troublesOf(page, url);
    await page.goto(url);
    return { page, troubles };
  };
  const stateIs = (page: Page, word: string) =>
    page.getByRole("heading", { level: 2, name: word, exact: true }).waitFor(PATIENCE);

  test("shows the state, both arms and how well it goes, and asks nobody else for anything", async () => {
    await using web = await startWeb([socketOf(service)], service.sim.dir);
    const { page, troubles } = await look(web.url);
    await stateIs(page, "following");
    await page.getByText(/\d+ of 200 Hz/).waitFor(PATIENCE);
    await until(() => page.evaluate(COLOURS), "both arms in the picture");
    expect(troubles).toEqual([]);
  });

  test("fits a phone: nothing to scroll sideways, nothing too small for a thumb", async () => {
    await using web = await startWeb([socketOf(service)], service.sim.dir);
    const { page } = await look(web.url);
    await stateIs(page, "following");
    const found = await page.evaluate(FIT);
    expect(found).toEqual({ wide: 0, small: [] });
  });

  test("has Pause for everybody, Release for a finger that stays, and Resume for who moved the leader", async () => {
    await using web = await startWeb([socketOf(service)], service.sim.dir);
    const { page } = await look(web.url);
    await stateIs(page, "following");
    await page.getByRole("button", { name: "Pause" }).click();
    await stateIs(page, "holding (paused)");

    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByText("Resume moves the arm: claim this page first.").waitFor(PATIENCE);

    const release = page.getByRole("button", { name: /^Release/ });
    await release.click({ delay: 100 });
    expect(await page.getByRole("status").first().textContent()).toBe(
      "Resume moves the arm: claim this page first.",
    );
    await release.click({ delay: 1_200 });
    await page.getByText("The torque of the follower is off.").waitFor(PATIENCE);
    await stateIs(page, "waiting (released)");

    await page.getByText("Claim this page, to make the arms move").click();
    await page.getByRole("button", { name: "Claim this page" }).click();
    await claimBesideLeader(page, service.sim);
    await page.getByText("This page is claimed").waitFor(PATIENCE);
    await page.getByRole("button", { name: "Resume" }).click();
    await stateIs(page, "following");
  });

  test("says when the service is gone, and goes on by itself when it is back", async () => {
    await using other = await RunningTeleoperation.start({ sim: { arms: "configured", motion: "still" } });
    await other.untilState("following");
    const web = await startWeb([socketOf(other)], other.sim.dir);
    const { page } = await look(web.url);
    await stateIs(page, "following");
    await other.stop();
    await stateIs(page, "no service");
    await page.getByText(/the service (does not run|has ended)/).waitFor(PATIENCE);
    other.restart();
    await stateIs(page, "following");
    await web[Symbol.asyncDispose]();
    await page
      .getByRole("alert")
      .getByText(/The machine is not heard/)
      .waitFor(PATIENCE);
  });

  test("is nobody else's: another name, another site and an empty claim are refused", async () => {
    await using web = await startWeb([socketOf(service)], service.sim.dir);
    const { host } = new URL(web.url);
    const ask = async (path: string, headers: Record<string, string>, method = "GET") => {
      const body = method === "POST" ? JSON.stringify({ action: "pause" }) : undefined;
      const all = { "content-type": "application/json", ...headers };
      const { status } = await fetch(web.url + path, { method, headers: all, ...(body && { body }) });
      return status;
    };
    expect(await ask("", { host: "evil.example" })).toBe(421);
    expect(await ask("", { host: "192.168.1.20:8101" })).toBe(200);
    expect(await ask("", { host: "so101.local:8101" })).toBe(200);
    const buttons = "pairs/control/buttons";
    expect(await ask(buttons, { origin: "http://evil.example" }, "POST")).toBe(403);
    expect(await ask(buttons, {}, "POST")).toBe(403);
    expect(await ask(buttons, { origin: `http://${host}` }, "POST")).toBe(200);
    expect(await ask("live", { origin: "http://evil.example" })).toBe(403);
    expect(await ask("pairs/other/buttons", { origin: `http://${host}` }, "POST")).toBe(404);
    expect(await ask("../../etc/passwd", {})).toBe(404);
  });
});

/** Waits until something is true. */
async function until(isTrue: () => Promise<unknown>, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE.timeout;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`${what} did not come`);
    await Bun.sleep(50);
  }
}

// What is done in the page itself is text: it is a browser's, whose names are not known here.

/** Whether the follower, its jaws and the leader's edge are drawn, each in a colour of its own. */
const COLOURS = `(() => {
  const canvas = document.querySelector("canvas");
  const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
  const drawing = copy.getContext("2d", { willReadFrequently: true });
  drawing.drawImage(canvas, 0, 0);
  const { data } = drawing.getImageData(0, 0, copy.width, copy.height);
  const counts = new Map();
  for (let at = 0; at < data.length; at += 4) {
    const colour = "#" + [data[at], data[at + 1], data[at + 2]].map((part) => part.toString(16).padStart(2, "0")).join("");
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const style = getComputedStyle(canvas);
  return ["--follower", "--jaw", "--leader"].every((name) => counts.get(style.getPropertyValue(name).trim()) > 30);
})()`;

/** By how many pixels the page is wider than the screen, and what is too small for a thumb. */
const FIT = `({
  wide: document.documentElement.scrollWidth - innerWidth,
  small: [...document.querySelectorAll("button, summary, a")].flatMap((element) => {
    const { width, height } = element.getBoundingClientRect();
    return width < 44 || height < 44 ? [element.textContent + " " + width + " × " + height] : [];
  }),
})`;
