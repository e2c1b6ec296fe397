/**
 * Every screen of the page as anybody may see it: on a phone and on a desk, light and dark, by finger and by keys. Takes the
 * pictures of the manual where `SO101_PICTURES=1` asks for them (make pictures).
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { readPng, sizeOf, writePalettePng } from "../../scripts/pictures/png.ts";
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
  { name: "a phone in the light", viewport: PHONE, colorScheme: "light" },
  { name: "a phone in the dark", viewport: PHONE, colorScheme: "dark" },
  { name: "a desk in the light", viewport: DESK, colorScheme: "light" },
  { name: "a desk in the dark", viewport: DESK, colorScheme: "dark" },
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

  /** Opens the page, claimed, and ends what it takes with the test. */
  const open = async (options: Parameters<Browser["newContext"]>[0]): Promise<OpenPage> => {
    const context = await browser.newContext({ hasTouch: true, reducedMotion: "reduce", ...options });
    const { claim, web } = arms;
    await claim.give(context, web.url);
    const page = await context.newPage();
    const troubles = troublesOf(page, web.url);
    await page.goto(web.url);
    await page.getByRole("heading", { level: 2, name: "following" }).waitFor();
    return { context, page, troubles, [Symbol.asyncDispose]: () => context.close() };
  };

  test.each(LOOKS)("has nothing that stands in somebody's way: $name", async ({ viewport, colorScheme }) => {
    await using opened = await open({ viewport, colorScheme });
    const { page, troubles } = opened;
    const found: Record<string, string[]> = {};
    for (const screen of await screensOf(page)) {
      await turnTo(page, screen);
      found[screen] = [...(await axeFindings(page)), ...(await layoutFindings(page))];
    }
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((screen) => [screen, []])));
    expect(troubles).toEqual([]);
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
    const { page } = opened;
    const found: Record<string, string[]> = {};
    for (const screen of await screensOf(page)) {
      await turnTo(page, screen);
      found[screen] = await keyboardFindings(page);
    }
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((screen) => [screen, []])));
  });

  test("is in the manual, with its picture", async () => {
    await using opened = await open({ viewport: PHONE, colorScheme: "light" });
    const { page } = opened;
    const screens = await screensOf(page);
    if (process.env.SO101_PICTURES === "1") {
      await arms.service.sim.client.request({ do: "motion", play: "wave" });
      for (const screen of screens) {
        await turnTo(page, screen);
        // Whichever machine takes it.
        await page.evaluate('document.querySelector("h1").textContent = "so101"');
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
});

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
