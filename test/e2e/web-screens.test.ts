/**
 * Every screen of the page as anybody may see it: on a phone and on a desk, light and dark, by finger and by keys. Takes the
 * pictures of the manual where `SO101_PICTURES=1` asks for them (make pictures).
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { readPng, sizeOf, writePalettePng } from "../../scripts/pictures/png.ts";
import { DatasetWriter } from "../../src/dataset/writer.ts";
import { BROWSER_NEEDS, PHONE, startBrowser, troublesOf } from "../support/browser.ts";
import { needing } from "../support/needs.ts";
import { type PageOfArms, startPageOfArms } from "../support/page-of-arms.ts";
import { axeFindings, keyboardFindings, layoutFindings, settled } from "../support/screen-checks.ts";

setDefaultTimeout(120_000);

const PICTURES = join(import.meta.dir, "../../packaging/doc/pictures");
const MOST_PICTURE_BYTES = 40_000;
const MOST_LOADED_BYTES = 150_000;
const DESK = { width: 1280, height: 800 } as const;
const LOOKS = [
  { name: "a phone", viewport: PHONE },
  { name: "a desk", viewport: DESK },
] as const;

needing(...BROWSER_NEEDS).describe("every screen", () => {
  let browser: Browser;
  let arms: PageOfArms;
  beforeAll(async () => {
    arms = await startPageOfArms();
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await arms?.[Symbol.asyncDispose]();
  });

  /** Opens the page, and ends what it takes with the test. */
  const open = async (
    options: Parameters<Browser["newContext"]>[0],
    standing: "claimed" | "unclaimed" = "claimed",
  ): Promise<OpenPage> => {
    const context = await browser.newContext({ hasTouch: true, reducedMotion: "reduce", ...options });
    const { claim, web } = arms;
    if (standing === "claimed") await claim.give(context, web.url);
    const page = await context.newPage();
    const troubles = troublesOf(page, web.url);
    await page.goto(web.url);
    await page.getByText(/of 200 Hz/).waitFor();
    return { context, page, troubles, [Symbol.asyncDispose]: () => context.close() };
  };

  /** What is wrong on each screen of a page; nothing where all is well. */
  const findings = async (page: Page, look: (page: Page) => Promise<string[]>) => {
    const found: string[] = [];
    for (const screen of await screensOf(page)) {
      await turnTo(page, screen);
      found.push(...(await look(page)).map((finding) => `${screen}: ${finding}`));
    }
    return found;
  };
  /** In the light and in the dark; how large things are is the same in both. */
  const inTheWay = async (page: Page) => {
    const found = await layoutFindings(page);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      found.push(...(await axeFindings(page)).map((finding) => `${colorScheme}: ${finding}`));
    }
    return found;
  };

  test.each(LOOKS)("has nothing in somebody's way, in light and dark: $name", async ({ viewport }) => {
    await using opened = await open({ viewport });
    expect(await findings(opened.page, inTheWay)).toEqual([]);
    expect(opened.troubles).toEqual([]);
  });

  test("has nothing in the way of who has not claimed the page, either", async () => {
    await using opened = await open({ viewport: PHONE }, "unclaimed");
    const { page } = opened;
    const claiming = page.getByText("Claim this page, to make the arms move");
    await claiming.click();
    expect(await inTheWay(page)).toEqual([]);
    expect(await keyboardFindings(page)).toEqual([]);
    expect(await findings(page, inTheWay)).toEqual([]);
  });

  test("comes with little to load, packed for who unpacks it, and as it is for who does not", async () => {
    await using opened = await open({ viewport: PHONE });
    const bytes = await opened.page.evaluate<number>(LOADED_BYTES);
    expect(bytes).toBeWithin(10_000, MOST_LOADED_BYTES + 1);
    const get = (coding: string) =>
      fetch(arms.web.url, { headers: { "accept-encoding": coding }, decompress: false });
    const [packed, plain] = await Promise.all([get("gzip, br"), get("identity")]);
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    expect(plain.headers.get("content-encoding")).toBeNull();
    const text = await plain.text();
    expect(text).toStartWith("<!doctype html>");
    expect(new TextDecoder().decode(Bun.gunzipSync(await packed.arrayBuffer()))).toBe(text);
  });

  test("is used by keys alone", async () => {
    await using opened = await open({ viewport: PHONE });
    expect(await findings(opened.page, keyboardFindings)).toEqual([]);
  });

  test("is in the manual, with its picture", async () => {
    await using opened = await open({ viewport: PHONE, colorScheme: "light" });
    const { page } = opened;
    const screens = await screensOf(page);
    if (process.env.SO101_PICTURES === "1") {
      await arms.service.sim.client.request({ do: "motion", play: "wave" });
      for (const [name, episodes] of [
        ["cube-into-box", 12],
        ["open-the-drawer", 3],
      ] as const) {
        await recorded(join(arms.datasets, name), episodes);
      }
      for (const screen of screens) {
        await turnTo(page, screen);
        // Whichever machine takes it.
        await page.evaluate(OF_ANY_MACHINE);
        const png = writePalettePng(readPng(await page.screenshot()));
        await Bun.write(join(PICTURES, `${screen}.png`), png);
      }
    }
    const manual = await Bun.file(join(PICTURES, "../page.md")).text();
    for (const screen of screens) {
      expect(manual).toContain(`(pictures/${screen}.png)`);
      const picture = Bun.file(join(PICTURES, `${screen}.png`));
      expect(picture.size).toBeWithin(1, MOST_PICTURE_BYTES + 1);
      expect(sizeOf(await picture.bytes())).toEqual(PHONE);
    }
  });

  test("has Release for a key that stays down, as for a finger", async () => {
    await using opened = await open({ viewport: PHONE });
    const { page } = opened;
    const release = page.getByRole("button", { name: /^Release/ });
    await release.focus();
    await page.keyboard.press("Space");
    await page.keyboard.down("Space");
    await page.getByText("The torque of the follower is off.").waitFor();
    await page.keyboard.up("Space");
    const { follower } = await arms.service.sim.client.request({ do: "state" });
    expect(Object.values(follower.joints).map(({ energised }) => energised)).not.toContain(true);
  });

  test("has nothing in the way where the service has ended, either", async () => {
    await using opened = await open({ viewport: PHONE });
    const { page } = opened;
    await arms.service.stop();
    await page
      .getByText(/the service (does not run|has ended)/)
      .first()
      .waitFor();
    expect(await findings(page, inTheWay)).toEqual([]);
  });
});

/** A dataset of some episodes in which nothing moves. */
async function recorded(dir: string, episodes: number): Promise<void> {
  const writer = await DatasetWriter.create(dir, { fps: 30, units: "range" });
  const [action, state, length] = [new Float32Array(2_400), new Float32Array(2_400), 400];
  for (let episode = 0; episode < episodes; episode++) {
    await writer.saveEpisode({
      task: "Put the cube into the box",
      frames: { action, state, length },
      gaps: [],
    });
  }
  writer.close();
}

/** Its name, where its datasets are, and how much is free there, as they might be anywhere. */
const OF_ANY_MACHINE = `{
  document.querySelector("h1").textContent = "so101";
  for (const text of document.querySelectorAll("main p")) {
    if (text.childElementCount > 0 || !text.textContent.includes("/datasets")) continue;
    text.textContent = text.textContent
      .replace(/\\/tmp\\/\\S+\\/datasets/, "/var/lib/so101-teleop/datasets")
      .replace(/[\\d.]+ GB/, "24.1 GB");
  }
}`;

/** What has come over the wire for the page, headers included. */
const LOADED_BYTES = `["navigation", "resource"]
  .flatMap((type) => performance.getEntriesByType(type))
  .reduce((sum, { transferSize }) => sum + transferSize, 0)`;

interface OpenPage extends AsyncDisposable {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly troubles: string[];
}

/** All screens that the page offers, by the part of their address after #. */
async function screensOf(page: Page): Promise<string[]> {
  const links = await page.getByRole("navigation", { name: "Screens" }).getByRole("link").all();
  const names = await Promise.all(links.map((link) => link.getAttribute("href")));
  expect(names.length).toBeGreaterThan(1);
  return names.map((name) => /[^#/]+$/.exec(name!)![0]);
}

async function turnTo(page: Page, screen: string): Promise<void> {
  await page.locator(`nav[aria-label=Screens] a[href$="${screen}"]`).click();
  await settled(page);
}
