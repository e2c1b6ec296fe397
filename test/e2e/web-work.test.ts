/** The workflows of the command line run from the page, in a real browser, on simulated arms. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { readCalibration } from "../../src/arm/calibration/files/file.ts";
import type { RunningSim, StartOptions } from "../../src/sim/testing/start.ts";
import {
  BROWSER_NEEDS,
  PHONE,
  type RunningWebProgram,
  startBrowser,
  startWeb,
  troublesOf,
} from "../support/browser.ts";
import { needing } from "../support/needs.ts";
import { atRest, checkedArms, fileOf, held, inEeprom } from "../support/simulated-arms.ts";
import { claimIn, configOf } from "../support/web-arms.ts";

setDefaultTimeout(90_000);

/** How long anything may take before it is called missing; generous, for machines that are busy. */
const PATIENCE = { timeout: 20_000 } as const;

/** The page on a pair whose service does not run, claimed. */
interface Stage extends AsyncDisposable {
  readonly sim: RunningSim;
  readonly web: RunningWebProgram;
  readonly context: BrowserContext;
  readonly page: Page;
  readonly troubles: string[];
}

needing(...BROWSER_NEEDS).describe("a work on the page", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  async function stage(options: StartOptions = {}): Promise<Stage> {
    const sim = await checkedArms({ arms: "new", motion: "still", ...options });
    const token = claimIn(sim.dir);
    const web = await startWeb([join(sim.dir, "control.sock")], sim.dir, ["--config", await configOf(sim)]);
    const context = await browser.newContext({ viewport: PHONE, hasTouch: true });
    await context.addCookies([{ name: "so101_claim", value: token, url: web.url }]);
    const page = await context.newPage();
    const troubles = troublesOf(page, web.url);
    await page.goto(`${web.url}#set-up`);
    const dispose = async () => {
      await context.close();
      await web[Symbol.asyncDispose]();
      await sim.stop();
    };
    return { sim, web, context, page, troubles, [Symbol.asyncDispose]: dispose };
  }
  const arm = (page: Page, role: string) => page.getByRole("group", { name: `The ${role}` });
  const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click(PATIENCE);

  test("calibrates an arm, whose bars turn green, into its servos and its file", async () => {
    await using on = await stage();
    const { page, sim, troubles } = on;
    await arm(page, "leader").getByRole("button", { name: "Calibrate it now" }).click(PATIENCE);
    await page.getByText("Bring every joint to the middle of its range").waitFor(PATIENCE);
    await sim.client.request({ do: "motion", arm: "leader", play: "middle" });
    await atRest(sim);
    await press(page, "Yes");
    await page.getByText("0 of 5 moved enough").waitFor(PATIENCE);
    await sim.client.request({ do: "motion", arm: "leader", play: "sweep" });
    await page.getByText("Every joint was moved enough.").waitFor(PATIENCE);
    await page.getByRole("img", { name: /^elbow_flex: .* enough$/ }).waitFor(PATIENCE);
    await atRest(sim);
    expect((await held(sim)).every(([offset]) => offset === 0)).toBe(true);
    await press(page, "Done");
    await page.getByText(`leader "leader" is calibrated: ${fileOf(sim)}`).waitFor(PATIENCE);
    expect(await held(sim)).toEqual(inEeprom(readCalibration(fileOf(sim))));
    expect(troubles).toEqual([]);
  });
});
