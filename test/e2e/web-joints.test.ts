/** The page's joints, in a real browser: figures of both arms, and plots of what was before the page was opened. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { JOINTS } from "../../src/arm/joints.ts";
import type { HistoryReply } from "../../src/web/history/messages.ts";
import {
  BROWSER_NEEDS,
  PHONE,
  type RunningWebProgram,
  startBrowser,
  startWeb,
  troublesOf,
} from "../support/browser.ts";
import { needing } from "../support/needs.ts";
import { RunningTeleoperation } from "../support/teleoperation.ts";

setDefaultTimeout(90_000);

/** How long anything may take before it is called missing; generous, for machines that are busy. */
const PATIENCE = { timeout: 20_000 } as const;

needing(...BROWSER_NEEDS).describe("the page's joints", () => {
  const dir = mkdtempSync(join(tmpdir(), "so101-web-joints-"));
  let browser: Browser;
  let service: RunningTeleoperation;
  let web: RunningWebProgram;
  beforeAll(async () => {
    browser = await startBrowser();
    service = await RunningTeleoperation.start({ sim: { arms: "configured", motion: "wave" } });
    await service.untilState("following");
    web = await startWeb([join(service.sim.dir, "control.sock")], dir);
    await untilHistory(10);
  });
  afterAll(async () => {
    await browser.close();
    await web[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  const ask = (query: string) => fetch(`${web.url}pairs/control/history?${query}`);
  const historyOf = async (joint: string) => (await (await ask(`joint=${joint}`)).json()) as HistoryReply;
  /** Waits until the server has so many rows. */
  const untilHistory = (rows: number) =>
    until(async () => (await historyOf("gripper")).timesMs.length >= rows, "the history");
  /** Waits for what only a look at the canvases tells: the page's own policy lets nothing wait in it. */
  const untilDrawn = (page: Page) => until(() => page.evaluate(DRAWN), "the plots");
  const look = async (
    colorScheme: "light" | "dark" = "light",
  ): Promise<{ page: Page; troubles: string[] }> => {
    const context = await browser.newContext({ viewport: PHONE, hasTouch: true, colorScheme });
    const page = await context.newPage();
    const troubles = troublesOf(page, web.url);
    await page.goto(`${web.url}#joints`);
    await page.getByRole("heading", { name: "Joints" }).waitFor(PATIENCE);
    return { page, troubles };
  };
  const plot = (page: Page, title: string) =>
    page.getByRole("img", { name: new RegExp(`^${title} of the last`) });

  test("are shown with the figures of both arms, and with what was before the page was opened", async () => {
    const { page, troubles } = await look();
    for (const joint of JOINTS) {
      const card = page.getByRole("article", { name: joint, exact: true });
      for (const name of ["temperature", "voltage", "current", "load", "torque"]) {
        const cells = card.getByRole("row", { name: new RegExp(`^${name} `) }).getByRole("cell");
        expect(await cells.allTextContents()).toHaveLength(2);
      }
      await card.getByRole("row", { name: /^temperature \d+ °C \d+ °C$/ }).waitFor(PATIENCE);
      await card.getByRole("row", { name: /^voltage \d+\.\d V \d+\.\d V$/ }).waitFor(PATIENCE);
      await card.getByRole("row", { name: /^torque (off|–) on$/ }).waitFor(PATIENCE);
      await card.getByRole("meter", { name: /^follower: \d+ % of its range$/ }).waitFor(PATIENCE);
    }
    await page.getByRole("combobox", { name: "Joint" }).selectOption("elbow_flex");
    await plot(page, "Temperature").waitFor(PATIENCE);
    expect(await plot(page, "Angle").getAttribute("aria-label")).toMatch(
      /^Angle of the last ten minutes; now: goal -?[\d.]+ °, leader -?[\d.]+ °, follower -?[\d.]+ °$/,
    );
    await untilDrawn(page);
    expect(troubles).toEqual([]);
  });

  test("fit a phone, light and dark: nothing to scroll sideways, nothing too small for a thumb", async () => {
    const { page } = await look("dark");
    await plot(page, "Load").waitFor(PATIENCE);
    expect(await page.evaluate(FIT)).toEqual({ wide: 0, small: [] });
    await untilDrawn(page);
  });

  test("pause their plots under a finger, and by a button", async () => {
    const { page } = await look();
    const angle = plot(page, "Angle");
    await angle.waitFor(PATIENCE);
    await angle.scrollIntoViewIfNeeded();
    const { x, y, width, height } = (await angle.boundingBox())!;
    const finger = { pointerType: "touch", isPrimary: true, clientX: x + width / 2, clientY: y + height / 2 };
    await angle.dispatchEvent("pointerdown", finger);
    await page.getByText("The plots are paused: lift the finger to go on.").waitFor(PATIENCE);
    await page
      .getByRole("img", { name: /^Temperature of the last ten minutes; \d+\.\d min ago/ })
      .waitFor(PATIENCE);
    await angle.dispatchEvent("pointerup", finger);
    await page.getByRole("img", { name: /^Temperature of the last ten minutes; now/ }).waitFor(PATIENCE);

    const keep = page.getByRole("button", { name: "Keep the plots still" });
    await keep.focus();
    await page.keyboard.press("Enter");
    await page.getByText("The plots are paused: press the button again to go on.").waitFor(PATIENCE);
    expect(await keep.getAttribute("aria-pressed")).toBe("true");
    const still = await angle.getAttribute("aria-label");
    const { timesMs } = await historyOf("shoulder_pan");
    await untilHistory(timesMs.length + 10);
    expect(await angle.getAttribute("aria-label")).toBe(still);
    await page.keyboard.press("Enter");
    await until(async () => (await angle.getAttribute("aria-label")) !== still, "another figure");
  });

  test("are saved as a file for a spreadsheet, with times and units", async () => {
    const { page } = await look();
    const download = page.waitForEvent("download", PATIENCE);
    await page.getByRole("button", { name: "Save all joints as CSV" }).click();
    const file = await download;
    expect(file.suggestedFilename()).toMatch(/^so101-control-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.csv$/);
    const lines = readFileSync(await file.path(), "utf8").split("\r\n");
    expect(lines.pop()).toBe("");
    const [head, ...rows] = lines.map((line) => line.split(","));
    expect(head).toHaveLength(1 + JOINTS.length * 13);
    expect(head).toContain("leader shoulder_pan position (steps)");
    expect(head).toContain("follower shoulder_pan angle (deg)");
    expect(head).toContain("follower gripper goal (% of range)");
    expect(head).toContain("leader wrist_roll temperature (degC)");
    expect(rows.length).toBeGreaterThan(9);
    for (const row of rows) {
      expect(row).toHaveLength(head!.length);
      expect(row[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(Math.abs(Date.parse(row[0]!) - Date.now())).toBeLessThan(600_000);
    }
    const pan = head!.indexOf("leader shoulder_pan position (steps)");
    expect(rows.every((row) => Number(row[pan]) > 0 && Number(row[pan]) < 4096)).toBe(true);
  });

  test("are asked for by their names, and what is none is refused", async () => {
    for (const query of ["", "joint=", "joint=elbow", "joint=__proto__", "joint=gripper&after=x"]) {
      expect(await ask(query).then(({ status }) => status)).toBe(400);
    }
    const { nowMs, timesMs } = await historyOf("gripper");
    const later = await ask(`joint=gripper&after=${nowMs + 60_000}`);
    expect(((await later.json()) as HistoryReply).timesMs).toEqual([]);
    expect(timesMs).toEqual(timesMs.toSorted((a, b) => a - b));
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

/** Whether four plots at least have the follower's colour in them: thin lines are drawn with much of the ground. */
const DRAWN = `[...document.querySelectorAll(".plot canvas")].filter((canvas) => {
  const wanted = getComputedStyle(canvas).getPropertyValue("--follower").trim();
  const parts = [1, 3, 5].map((at) => Number.parseInt(wanted.slice(at, at + 2), 16));
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 0; at < data.length; at += 4) {
    const off = parts.reduce((sum, part, index) => sum + Math.abs(part - data[at + index]), 0);
    if (data[at + 3] > 60 && off < 80) return true;
  }
  return false;
}).length >= 4`;

/** By how many pixels the page is wider than the screen, and what is too small for a thumb. */
const FIT = `({
  wide: document.documentElement.scrollWidth - innerWidth,
  small: [...document.querySelectorAll("button, summary, a, input, select")].flatMap((element) => {
    const { width, height } = element.getBoundingClientRect();
    return width < 44 || height < 44 ? [element.textContent + " " + width + " × " + height] : [];
  }),
})`;
