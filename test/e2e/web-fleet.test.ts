/**
 * The page of a machine among others, in a real browser: who drives its follower, what is not here, and the screen of all
 * machines, which it has from a real broker by way of the network's client.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { readPng, writePalettePng } from "../../scripts/pictures/png.ts";
import { runClient } from "../../src/remote/client.ts";
import {
  BROWSER_NEEDS,
  PHONE,
  type RunningWebProgram,
  startBrowser,
  startWeb,
  troublesOf,
} from "../support/browser.ts";
import { claimIn } from "../support/claimed-page.ts";
import { ManyMachines } from "../support/many-machines.ts";
import { MOSQUITTO, Mosquitto } from "../support/mosquitto.ts";
import { needing } from "../support/needs.ts";
import { axeFindings, keyboardFindings, layoutFindings } from "../support/screen-checks.ts";
import { type StatedService, stateService } from "../support/stated-service.ts";
import { aStatus, drivenByDesk, leaderOnly } from "../support/status.ts";

setDefaultTimeout(90_000);

/** How long anything may take before it is called missing; generous, for machines that are busy. */
const PATIENCE = { timeout: 20_000 } as const;

const MACHINES = Array.from({ length: 200 }, (_, at) => `bench-${String(at + 1).padStart(3, "0")}/main`);
const [FIRST, SECOND, THIRD] = MACHINES as [string, string, string];
const DESK = { width: 1280, height: 800 } as const;
const PICTURE = join(import.meta.dir, "../../packaging/doc/pictures/fleet.png");

needing(...BROWSER_NEEDS, MOSQUITTO).describe("the page of a machine among others", () => {
  const dir = mkdtempSync(join(tmpdir(), "so101-web-fleet-"));
  const over = new AbortController();
  const claim = claimIn(dir);
  let browser: Browser;
  let broker: Mosquitto;
  let machines: ManyMachines;
  let service: StatedService;
  let web: RunningWebProgram;
  let client: Promise<void>;
  beforeAll(async () => {
    browser = await startBrowser();
    broker = await Mosquitto.start();
    machines = await ManyMachines.speak(broker.url, MACHINES);
    service = await stateService(join(dir, "main.sock"), drivenByDesk);
    const fleetList = join(dir, "fleet.sock");
    client = runClient(
      {
        ...{ machine: "bench-001", access: { url: broker.url }, fleetList },
        ...{ allowCommands: false, homeAssistant: false, pairs: () => [], say() {}, explain: String },
      },
      over.signal,
    );
    web = await startWeb([join(dir, "main.sock")], dir, ["--fleet", fleetList, "--simulated-arms"]);
  });
  afterAll(async () => {
    await browser?.close();
    await web?.[Symbol.asyncDispose]();
    over.abort();
    await client;
    service?.[Symbol.dispose]();
    await machines?.[Symbol.asyncDispose]();
    await broker?.[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  const open = async (screen: string, options: BrowserContextOptions = {}) => {
    const context = await browser.newContext({ viewport: PHONE, hasTouch: true, ...options });
    await claim.give(context, web.url);
    const page = await context.newPage();
    const troubles = troublesOf(page, web.url);
    await page.goto(`${web.url}#${screen}`);
    return { page, troubles, [Symbol.asyncDispose]: () => context.close() };
  };
  const row = (page: Page, name: string) => page.getByRole("listitem").filter({ hasText: name });

  test("says who drives the follower, and what comes of it", async () => {
    service.status = drivenByDesk;
    await using opened = await open("now");
    const { page, troubles } = opened;
    await page.getByText(/^Driven by desk\/main since /).waitFor(PATIENCE);
    const figures = page.getByLabel("What comes of desk/main");
    const shown = await figures.textContent();
    for (const words of ["1.2 ms (half), 38.0 ms (99 of 100)", "144 ms", "99.0 %", "1.5 (3 in all)"]) {
      expect(shown).toContain(words);
    }
    expect(shown).toContain("41 missing, 3 late, 12 old, 0 of others");
    expect(await axeFindings(page)).toEqual([]);
    expect(await layoutFindings(page)).toEqual([]);
    expect(troubles).toEqual([]);
  });

  test("changes who drives, and says before that the follower aligns slowly", async () => {
    const driver = { source: "local leader", leader: null, since: aStatus.since } as const;
    service.status = { ...aStatus, driver, armsHere: "both" };
    await using opened = await open("now");
    const { page } = opened;
    await page.getByText(/^Driven by the leader here since /).waitFor(PATIENCE);
    await page.getByText("Follow another leader").click();
    await page.getByRole("combobox", { name: "Leader" }).selectOption(SECOND);
    await page.getByText(`it moves slowly to the pose of ${SECOND}`).waitFor(PATIENCE);
    expect(await layoutFindings(page)).toEqual([]);
    expect(await axeFindings(page)).toEqual([]);
    expect(service.followed).toEqual([]);
    await page.getByRole("button", { name: `Follow ${SECOND}` }).click();
    await page
      .getByText(`The follower moves slowly to the pose of ${SECOND} once that is heard, then follows it.`)
      .waitFor(PATIENCE);
    expect(service.followed).toEqual([SECOND]);
    // This machine's own pair is no leader of another one.
    expect(await page.getByRole("option").allTextContents()).not.toContain(FIRST);
    // The leader here can be followed again.
    service.status = { ...service.status, driver: { ...driver, source: "remote leader", leader: SECOND } };
    await page.getByRole("combobox", { name: "Leader" }).selectOption("local");
    await page.getByRole("button", { name: "Follow the leader here" }).click();
    await page.getByText("The follower moves slowly to the pose of the leader here").last().waitFor(PATIENCE);
    expect(service.followed).toEqual([SECOND, "local"]);
  });

  test("changes it for claimed pages alone", async () => {
    const ask = (cookie: string, leader: string) =>
      fetch(`${web.url}pairs/main/follow`, {
        method: "POST",
        headers: { "content-type": "application/json", origin: new URL(web.url).origin, cookie },
        body: JSON.stringify({ leader }),
      }).then(({ status }) => status);
    const before = service.followed.length;
    expect(await ask("", "desk/main")).toBe(403);
    for (const leader of ["", "desk", "desk/main/x", "../main", "desk/ma in", `${"a".repeat(70)}/main`]) {
      expect(await ask(claim.cookie, leader)).toBe(400);
    }
    expect(service.followed).toHaveLength(before);
    expect(await ask(claim.cookie, "desk/main")).toBe(200);
  });

  test.each([
    { status: leaderOnly, here: "leader", away: "follower" },
    { status: drivenByDesk, here: "follower", away: "leader" },
  ])(
    "shows nothing of an arm that is on another machine: the $here alone is here",
    async ({ status, here, away }) => {
      service.status = status;
      await using opened = await open("now");
      const { page, troubles } = opened;
      await page.getByText(`${here} answers in`).waitFor(PATIENCE);
      expect(await page.getByText(`${away} answers in`).count()).toBe(0);
      const picture = page.getByRole("img", { name: new RegExp(`^The ${here} as it stands`) });
      await picture.waitFor(PATIENCE);
      await page.getByRole("link", { name: "Joints" }).click();
      const card = page.getByRole("article", { name: "elbow_flex" });
      await card.getByRole("meter", { name: new RegExp(`^${here}: `) }).waitFor(PATIENCE);
      expect(await card.getByRole("columnheader").allTextContents()).toEqual([here]);
      expect(await card.getByRole("meter").count()).toBe(1);
      const plot = page.getByRole("img", { name: /^Temperature of the last ten minutes/ });
      await plot.waitFor(PATIENCE);
      expect(await plot.getAttribute("aria-label")).toMatch(new RegExp(`: ${here} (–|\\d+ °C)$`));
      expect(await axeFindings(page)).toEqual([]);
      await page.getByRole("link", { name: "Health" }).click();
      await page.getByText(`${here}'s port`).first().waitFor(PATIENCE);
      expect(await page.getByText(`${away}'s port`).count()).toBe(0);
      expect(troubles).toEqual([]);
    },
  );

  test("has the screen of all machines, live", async () => {
    service.status = drivenByDesk;
    await using opened = await open("fleet");
    const { page, troubles } = opened;
    await page.getByText("200 pairs of arms on 200 machines: none needs anybody.").waitFor(PATIENCE);
    await page.getByText("This machine is called bench-001.").waitFor(PATIENCE);
    machines.say(SECOND, {
      ...{ state: "holding", why: "the leader is silent" },
      driver: { source: "remote leader", leader: FIRST, since: "2026-11-26T09:00:00.000Z" },
      alarms: [{ code: "SO101-E052 follower.servo.hot", message: "gripper is at 56 °C" }],
    });
    await row(page, SECOND)
      .getByText(/^holding since /)
      .waitFor(PATIENCE);
    await row(page, SECOND).getByText(`driven by ${FIRST}`).waitFor(PATIENCE);
    await row(page, SECOND).getByText("gripper is at 56 °C").waitFor(PATIENCE);
    machines.lose(THIRD);
    await row(page, THIRD)
      .getByText(/^offline, heard last /)
      .waitFor(PATIENCE);
    machines.silence(MACHINES[3]!);
    await row(page, MACHINES[3]!)
      .getByText(/^silent, heard last /)
      .waitFor(PATIENCE);
    await page.getByText("3 need somebody.").waitFor(PATIENCE);
    await page.getByRole("checkbox", { name: "Only those that need somebody" }).click();
    expect(await page.getByRole("list", { name: "Pairs of arms" }).getByRole("listitem").count()).toBe(3);
    await page.getByRole("searchbox", { name: "Search" }).fill("gripper");
    expect(await page.getByRole("list", { name: "Pairs of arms" }).getByRole("listitem").count()).toBe(1);
    machines.say(THIRD, {});
    machines.say(MACHINES[3]!, {});
    machines.say(SECOND, { state: "following", alarms: [] });
    await page.getByText("none needs anybody.").waitFor(PATIENCE);
    expect(troubles).toEqual([]);
  });

  test("has it within a second, at little cost", async () => {
    await using opened = await open("fleet");
    const { page } = opened;
    await page.getByText("200 pairs of arms").waitFor(PATIENCE);
    const ages: number[] = [];
    const before = cpuMsOf(web.pid);
    const fromMs = performance.now();
    for (let at = 0; at < 4; at++) {
      const saidMs = performance.now();
      machines.say(SECOND, { state: "holding", why: `said ${at}` });
      await row(page, SECOND).getByText(`said ${at}`, { exact: true }).waitFor(PATIENCE);
      ages.push(performance.now() - saidMs);
    }
    const share = (cpuMsOf(web.pid) - before) / (performance.now() - fromMs);
    // Figures for the manual; no machine is too slow for this test.
    console.info(
      `a change is on the screen after ${Math.max(...ages).toFixed(0)} ms at most, the page's server takes ${(100 * share).toFixed(1)} % of a core`,
    );
  });

  test("has nothing in somebody's way there: on a phone and a desk, in light and dark, by keys", async () => {
    machines.say(SECOND, {
      ...{ state: "faulted", why: "w".repeat(300) },
      alarms: [{ code: "c", message: "an alarm ".repeat(30) }],
    });
    for (const viewport of [PHONE, DESK]) {
      await using opened = await open("fleet", { viewport });
      const { page } = opened;
      await page.getByText("200 pairs of arms").waitFor(PATIENCE);
      await page.getByText("an alarm").first().waitFor(PATIENCE);
      expect(await layoutFindings(page)).toEqual([]);
      // The others are of the same make.
      await page.getByRole("searchbox", { name: "Search" }).fill("bench-00");
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await axeFindings(page)).toEqual([]);
      }
      expect(await keyboardFindings(page)).toEqual([]);
    }
    machines.say(SECOND, { state: "following", alarms: [] });
  });

  test("is in the manual, with its picture", async () => {
    if (process.env.SO101_PICTURES === "1") {
      const since = new Date().toISOString();
      const alarms = [{ code: "SO101-E052 follower.servo.hot", message: "gripper is at 56 °C" }];
      machines.say(FIRST, { since, driver: { source: "remote leader", leader: THIRD, since } });
      machines.say(SECOND, { since, state: "holding", why: "the leader is silent", alarms });
      machines.lose(THIRD);
      await using opened = await open("fleet", { colorScheme: "light", reducedMotion: "reduce" });
      await row(opened.page, THIRD)
        .getByText(/^offline/)
        .waitFor(PATIENCE);
      await opened.page.evaluate('document.querySelector("h1").textContent = "so101"');
      await Bun.write(PICTURE, writePalettePng(readPng(await opened.page.screenshot())));
      machines.say(SECOND, { state: "following", alarms: [] });
      machines.say(THIRD, {});
    }
    expect(await Bun.file(join(PICTURE, "../../page.md")).text()).toContain("(pictures/fleet.png)");
    expect(Bun.file(PICTURE).size).toBeWithin(1, 40_001);
  });

  test("says why nothing is heard, and goes on by itself", async () => {
    await using opened = await open("fleet");
    const { page } = opened;
    await page.getByText("200 pairs of arms").waitFor(PATIENCE);
    await broker.end();
    await page
      .getByRole("alert")
      .getByText(/the broker at mqtt:.* cannot be used/i)
      .waitFor(PATIENCE);
    await page.getByText("200 need somebody.").waitFor(PATIENCE);
    await broker.restart();
    await page.getByText("none needs anybody.").waitFor(PATIENCE);
    expect(await page.getByRole("alert").count()).toBe(0);
    over.abort();
    await client;
    await page
      .getByRole("alert")
      .getByText(/the network's client (has ended|does not run here)/)
      .waitFor(PATIENCE);
  });

  test("has no such screen where no broker is configured", async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "so101-web-alone-"));
    await using alone = await startWeb([join(dir, "main.sock")], elsewhere);
    const context = await browser.newContext({ viewport: PHONE });
    const page = await context.newPage();
    await page.goto(`${alone.url}#fleet`);
    await page.getByRole("heading", { name: "following" }).waitFor(PATIENCE);
    expect(await page.getByRole("link", { name: "Fleet" }).count()).toBe(0);
    expect((await fetch(`${alone.url}fleet`)).status).toBe(404);
    await context.close();
    rmSync(elsewhere, { recursive: true });
  });
});

/** How long a process has had the processor, ms. */
function cpuMsOf(pid: number): number {
  const { stdout } = Bun.spawnSync(["cat", `/proc/${pid}/stat`]);
  const [user, system] = stdout.toString().split(") ")[1]!.split(" ").slice(11, 13).map(Number);
  // In ticks of 10 ms, as on every Linux that people have.
  return (user! + system!) * 10;
}
