/** The page's settings, in a real browser: changed in the file, taken by the service, refused where they cannot be. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { JOINTS } from "../../src/arm/joints.ts";
import {
  BROWSER_NEEDS,
  PHONE,
  type RunningWebProgram,
  startBrowser,
  startWeb,
  troublesOf,
} from "../support/browser.ts";
import { claimIn } from "../support/claimed-page.ts";
import { needing } from "../support/needs.ts";
import { RunningTeleoperation } from "../support/teleoperation.ts";

setDefaultTimeout(90_000);

/** How long anything may take before it is called missing; generous, for machines that are busy. */
const PATIENCE = { timeout: 20_000 } as const;

const SHIPPED = readFileSync(join(import.meta.dir, "../../packaging/config.toml"), "utf8");

/** The file that is installed, for simulated arms. */
const shippedWith = (calibrations: string) =>
  SHIPPED.replace(/^#calibration_dir.*$/m, `calibration_dir = ${JSON.stringify(calibrations)}`);

needing(...BROWSER_NEEDS).describe("the page's settings", () => {
  const dir = mkdtempSync(join(tmpdir(), "so101-web-settings-"));
  const file = join(dir, "config.toml");
  const claim = claimIn(dir);
  let browser: Browser;
  let service: RunningTeleoperation;
  let web: RunningWebProgram;
  const socket = () => join(service.sim.dir, "control.sock");
  beforeAll(async () => {
    writeFileSync(file, SHIPPED);
    browser = await startBrowser();
    service = await RunningTeleoperation.start({
      sim: { arms: "configured", motion: "still" },
      args: ["--config", file],
    });
    await service.untilState("following");
    writeFileSync(file, shippedWith(service.sim.paths.calibration));
    web = await startWeb([socket()], dir, ["--simulated-arms", "--config", file]);
  });
  afterAll(async () => {
    await browser.close();
    await web[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  const look = async (url = web.url): Promise<{ page: Page; troubles: string[] }> => {
    const context = await browser.newContext({ viewport: PHONE, hasTouch: true });
    await claim.give(context, url);
    const page = await context.newPage();
    const troubles = troublesOf(page, url);
    await page.goto(`${url}#settings`);
    await page.getByRole("heading", { name: "Settings" }).waitFor(PATIENCE);
    return { page, troubles };
  };
  const field = (page: Page, label: string) => page.getByLabel(label, { exact: true });
  /** A leader of another machine has its own. */
  const holdAfter = (page: Page) =>
    page
      .getByRole("group", { name: "Teleoperation", exact: true })
      .getByLabel("hold after (ms)", { exact: true });
  const save = (page: Page) => page.getByRole("button", { name: /^Save/ }).click();
  const config = () => Bun.TOML.parse(readFileSync(file, "utf8"));

  test("are changed in the file, whose comments stay, and taken by the service at once", async () => {
    const { page, troubles } = await look();
    expect(await field(page, "rate (Hz)").inputValue()).toBe("200");
    await field(page, "rate (Hz)").fill("100");
    await field(page, "start").selectOption("on leader motion");
    await page.getByText("Save 2 changes").waitFor(PATIENCE);
    await save(page);
    await page.getByText("Saved. The service has taken it.").waitFor(PATIENCE);
    const key = '#start = "at once"\n';
    expect(readFileSync(file, "utf8")).toBe(
      shippedWith(service.sim.paths.calibration)
        .replace("#rate_hz = 200\n", "#rate_hz = 200\nrate_hz = 100\n")
        .replace(key, `${key}start = "on leader motion"\n`),
    );
    await page
      .getByText("teleoperation.rate_hz: 20 to 500; set in the file; the default is 200")
      .waitFor(PATIENCE);
    await page.getByRole("link", { name: "Now" }).click();
    await page.getByText(/\d+ of 100 Hz/).waitFor(PATIENCE);
    expect(troubles).toEqual([]);
  });

  test("fit a phone: nothing to scroll sideways, nothing too small for a thumb", async () => {
    const { page } = await look();
    await page.evaluate(OPEN_ALL);
    expect(await page.evaluate(FIT)).toEqual({ wide: 0, small: [] });
  });

  test("that cannot be are told at their fields, and nothing is saved", async () => {
    const before = readFileSync(file, "utf8");
    const { page } = await look();
    await field(page, "rate (Hz)").fill("1000");
    await holdAfter(page).fill("soon");
    await save(page);
    await page.getByText("Nothing was saved").waitFor(PATIENCE);
    const said = async (of: Locator) => {
      const ids = (await of.getAttribute("aria-describedby"))!.split(" ");
      return page.locator(`#${ids.at(-1)}`).textContent();
    };
    expect(await said(field(page, "rate (Hz)"))).toBe(
      "teleoperation.rate_hz is 1000, but must be a number from 20 to 500 (Hz)",
    );
    expect(await said(holdAfter(page))).toBe(
      'teleoperation.hold_after_ms is "soon", but must be a number from 20 to 5000 (ms)',
    );
    expect(await field(page, "rate (Hz)").getAttribute("aria-invalid")).toBe("true");
    expect(readFileSync(file, "utf8")).toBe(before);

    await page.getByRole("button", { name: "Take back" }).click();
    await field(page, "on stop").selectOption("park");
    await save(page);
    await page.getByText(/park is missing, but teleoperation.on_stop is "park"/).waitFor(PATIENCE);
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test("of two people who save at once, the second is told what the first has done", async () => {
    const { page: first } = await look();
    const { page: second } = await look();
    await field(first, "hold for (s)").fill("60");
    await field(second, "hold for (s)").fill("90");
    await save(first);
    await first.getByText(/^Saved/).waitFor(PATIENCE);
    await save(second);
    await second.getByText("has been changed by somebody else meanwhile").waitFor(PATIENCE);
    expect(config()).toMatchObject({ teleoperation: { hold_for_s: 60 } });
    await save(second);
    await second.getByText(/^Saved/).waitFor(PATIENCE);
    expect(config()).toMatchObject({ teleoperation: { hold_for_s: 90 } });
  });

  test("say which of them wait for the next start of the service", async () => {
    const { page } = await look();
    await page.getByText("Follower gains", { exact: true }).click();
    await field(page, "elbow flex p").fill("24");
    await save(page);
    await page
      .getByText(/Saved.*follower.gains changed in the configuration: that takes effect at the next start/)
      .waitFor(PATIENCE);
    expect(config()).toMatchObject({ follower: { gains: { elbow_flex: { p: 24 } } } });
  });

  test("have a button that takes the present pose as the one to park in, once the arm is released", async () => {
    const { page } = await look();
    await page.getByText("Park", { exact: true }).click();
    const take = page.getByRole("button", { name: "Use the present pose as the parking pose" });
    await take.click();
    await page
      .getByText(/its torque is on, and a parking pose is one in which the arm rests without/)
      .waitFor(PATIENCE);
    expect(config()).not.toHaveProperty("park");
    await page.getByRole("button", { name: /^Release/ }).click({ delay: 1_200 });
    await page.getByText("The torque of the follower is off.").waitFor(PATIENCE);
    await take.click();
    await page.getByText(/has the pose of follower "follower" as its \[park\] now/).waitFor(PATIENCE);
    await page.getByText("park.gripper: 0 to 100; set in the file; there is no default").waitFor(PATIENCE);
    const { park } = config() as { park: Record<string, number> };
    expect(Object.keys(park)).toEqual([...JOINTS]);
    expect(await field(page, "gripper (% of its range)").inputValue()).toBe(String(park.gripper));
    await field(page, "on stop").selectOption("park");
    await save(page);
    await page.getByText(/^Saved\. The service has taken it/).waitFor(PATIENCE);
    expect(config()).toMatchObject({ teleoperation: { on_stop: "park" } });
  });

  test("are not for unclaimed pages, and take nothing but what the form has", async () => {
    const before = readFileSync(file, "utf8");
    const digest = new Bun.CryptoHasher("sha256").update(before).digest("hex");
    const url = `${web.url}pairs/control/settings/save`;
    const origin = new URL(web.url).origin;
    const ask = async (body: unknown, headers: Record<string, string> = { cookie: claim.cookie, origin }) => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const type = { "content-type": "application/json" };
      const response = await fetch(url, { method: "POST", headers: { ...headers, ...type }, body: text });
      const answer: unknown = await response.json().catch(() => undefined);
      return { status: response.status, ...(answer as { done?: boolean; text?: string }) };
    };
    const good = { digest, changes: { "teleoperation.rate_hz": 50 } };
    expect(await ask(good, { origin })).toMatchObject({ status: 403, done: false });
    expect(await ask(good, { cookie: claim.cookie })).toMatchObject({ status: 403, done: false });
    expect(await ask(good, { cookie: claim.cookie, origin: "http://evil.example" })).toMatchObject({
      status: 403,
    });
    for (const body of [
      "",
      "{",
      "[]",
      { digest },
      { ...good, more: 1 },
      { digest, changes: { a: [] } },
      { digest: 1 },
    ]) {
      expect(await ask(body)).toMatchObject({ status: 400, done: false });
    }
    expect((await ask("x".repeat(1_000_000))).status).toBe(413);
    for (const key of ["leader.port", "calibration_dir", "teleoperation.rate", "x\ny", "__proto__.a"]) {
      const answer = await ask({ digest, changes: { [key]: 1 } });
      expect(answer).toMatchObject({ done: false, problems: [{}] });
    }
    expect(await ask({ ...good, digest: "0" })).toMatchObject({ done: false });
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test("are shown and cannot be changed where the page knows no file", async () => {
    await using other = await startWeb([socket()], dir, ["--simulated-arms"]);
    const { page } = await look(other.url);
    await page.getByText(/there is no such configuration file — the defaults are shown/).waitFor(PATIENCE);
    expect(await field(page, "rate (Hz)").isDisabled()).toBe(true);
    expect(await page.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
  });
});

// What is done in the page itself is text: it is a browser's, whose names are not known here.

const OPEN_ALL = `document.querySelectorAll("details").forEach((each) => { each.open = true; })`;

/** By how many pixels the page is wider than the screen, and what is too small for a thumb. */
const FIT = `({
  wide: document.documentElement.scrollWidth - innerWidth,
  small: [...document.querySelectorAll("button, summary, a, input, select")].flatMap((element) => {
    const { width, height } = element.getBoundingClientRect();
    return width < 44 || height < 44 ? [element.textContent + " " + width + " × " + height] : [];
  }),
})`;
