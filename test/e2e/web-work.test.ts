/** The workflows of the command line run from the page, in a real browser, on simulated arms. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { readCalibration } from "../../src/arm/calibration/files/file.ts";
import { JOINTS } from "../../src/arm/joints.ts";
import { pathsIn } from "../../src/sim/files.ts";
import type { RunningSim, StartOptions } from "../../src/sim/testing/start.ts";
import { nearPose } from "../config/park.ts";
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
import { atRest, checkedArms, fileOf, held, inEeprom } from "../support/simulated-arms.ts";
import { RunningTeleoperation } from "../support/teleoperation.ts";
import { configOf } from "../support/web-arms.ts";

setDefaultTimeout(90_000);

/** How long anything may take before it is called missing; generous, for machines that are busy. */
const PATIENCE = { timeout: 20_000 } as const;

/** The page of a pair, claimed. */
interface Opened extends AsyncDisposable {
  readonly web: RunningWebProgram;
  readonly page: Page;
  /** Opens it once more. */
  look(): Promise<Page>;
  readonly troubles: string[];
}

/** The same with arms whose service does not run. */
interface Stage extends Opened {
  readonly sim: RunningSim;
}

needing(...BROWSER_NEEDS).describe("a work on the page", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  /** The page on the arms of `sim`, claimed; disposing closes it, and ends its server. */
  async function open(sim: Pick<RunningSim, "dir" | "paths">, config: string): Promise<Opened> {
    const claim = claimIn(sim.dir);
    const socket = join(sim.dir, "control.sock");
    const web = await startWeb([socket], sim.dir, ["--config", config, "--simulated-arms"]);
    const context = await browser.newContext({ viewport: PHONE, hasTouch: true });
    await claim.give(context, web.url);
    const look = async () => {
      const page = await context.newPage();
      await page.goto(`${web.url}#set-up`);
      return page;
    };
    const page = await context.newPage();
    const troubles = troublesOf(page, web.url);
    await page.goto(`${web.url}#set-up`);
    const dispose = async () => {
      await context.close();
      await web[Symbol.asyncDispose]();
    };
    return { web, page, look, troubles, [Symbol.asyncDispose]: dispose };
  }
  async function stage(options: StartOptions = {}): Promise<Stage> {
    const sim = await checkedArms({ arms: "new", motion: "middle", ...options });
    const opened = await open(sim, await configOf(sim));
    const dispose = async () => {
      await opened[Symbol.asyncDispose]();
      await sim.stop();
    };
    return { ...opened, sim, [Symbol.asyncDispose]: dispose };
  }
  const arm = (page: Page, role: string) => page.getByRole("group", { name: `The ${role}` });
  const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click(PATIENCE);
  const says = (page: Page, text: string) => page.getByText(text).first().waitFor(PATIENCE);
  const untilSweep = async ({ page, sim }: Stage) => {
    await arm(page, "leader").getByRole("button", { name: "Calibrate it now" }).click(PATIENCE);
    await says(page, "Bring every joint to the middle of its range");
    await atRest(sim);
    await press(page, "Yes");
    await says(page, "0 of 5 moved enough");
  };
  const isAsItWas = async (sim: RunningSim) => {
    expect((await held(sim)).every(([offset]) => offset === 0)).toBe(true);
    expect(existsSync(fileOf(sim))).toBe(false);
  };

  test("calibrates an arm, whose bars turn green, into its servos and its file", async () => {
    await using on = await stage();
    const { page, sim, troubles } = on;
    await untilSweep(on);
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

  test("goes on while its page is closed, is found again by another, and leaves the arm as it was at SIGTERM", async () => {
    await using on = await stage();
    await untilSweep(on);
    await on.page.close();
    const later = await on.look();
    await says(later, "0 of 5 moved enough");
    await on.web.end("SIGTERM");
    await says(later, "The machine is not heard");
    await isAsItWas(on.sim);
  });

  test("takes a file that is dropped, and says why one is no calibration", async () => {
    await using on = await stage();
    const { page, sim, troubles } = on;
    const drop = arm(page, "leader").getByRole("button", { name: "From a LeRobot file" });
    const cases = join(import.meta.dir, "../fixtures/calibrations");
    const dropFile = async (name: string) => {
      const text = await Bun.file(join(cases, name)).text();
      const data = await page.evaluateHandle(
        `(() => { const data = new DataTransfer(); data.items.add(new File([${JSON.stringify(text)}], ${JSON.stringify(name)})); return data; })()`,
      );
      await drop.dispatchEvent("drop", { dataTransfer: data });
    };
    await dropFile("never-swept.json");
    await says(page, "It failed.");
    await says(page, "it is a placeholder, every offset 0");
    expect(existsSync(fileOf(sim))).toBe(false);
    await dropFile("good.json");
    await says(page, `the imported calibration is in ${fileOf(sim)}`);
    expect(readCalibration(fileOf(sim))).toEqual(readCalibration(join(cases, "good.json")));
    const input = arm(page, "follower").getByLabel("Calibration file of the follower");
    await input.setInputFiles({ name: "video.json", mimeType: "video/mp4", buffer: Buffer.alloc(70_000) });
    await says(page, "video.json is no calibration file: it has 70 kB");
    expect(troubles).toEqual([]);
  });

  test("that parks holds the follower where it is once its page is gone, and parks while it is there", async () => {
    const dir = await mkdtemp(join(tmpdir(), "so101-web-park-"));
    await using _ = { [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) };
    const pose = JOINTS.map((joint) => `${joint} = ${nearPose[joint]}`).join("\n");
    const config = await configOf({ dir, paths: pathsIn(dir) }, `[park]\n${pose}\n`);
    await using service = await RunningTeleoperation.start({
      sim: { dir, arms: "configured", motion: "still" },
      args: ["--config", config],
    });
    await using opened = await open({ dir, paths: pathsIn(dir) }, config);
    await service.untilState("following");
    await press(opened.page, "Park the follower");
    await service.untilSaid("parking");
    const from = service.events.length;
    await opened.page.close();
    await service.untilState("holding", from);

    const page = await opened.look();
    await says(page, "interrupted: the follower is held where it is");
    // A browser that a busy machine keeps from its processor for so long counts as gone, too: a person presses again.
    for (let isDone = false; !isDone; ) {
      await page.getByText("It was ended early.").waitFor(PATIENCE);
      await press(page, "Park the follower");
      await page.getByText("It was ended early.").waitFor({ ...PATIENCE, state: "detached" });
      const ending = page.locator(".ending");
      await ending.waitFor({ timeout: 40_000 });
      isDone = ((await ending.textContent()) ?? "").startsWith("Done.");
    }
    const { follower } = await service.sim.client.request({ do: "state" });
    expect(JOINTS.map((joint) => follower.joints[joint].energised)).toEqual(JOINTS.map(() => false));
  });

  test("borrows the arms of a running service, which has them again when somebody presses Pause", async () => {
    await using service = await RunningTeleoperation.start({
      sim: { arms: "configured", motion: "still" },
    });
    const { sim } = service;
    await using opened = await open(sim, await configOf(sim));
    const { page } = opened;
    await service.untilState("following");
    await arm(page, "leader").getByRole("button", { name: "Calibrate it now" }).click(PATIENCE);
    await says(page, "Borrow them, which releases the follower?");
    await press(page, "Yes");
    await says(page, "Bring every joint to the middle of its range");
    const from = service.events.length;
    await press(page, "Pause");
    await says(page, "the calibration is as it was");
    await service.untilSaid("asked for the follower to stay where it is", from);

    await press(page, "Resume");
    await service.untilState("following", from);
    await arm(page, "leader").getByRole("button", { name: "From its own servos" }).click(PATIENCE);
    await says(page, "Borrow them, which releases the follower?");
    await press(page, "Yes");
    const again = service.events.length;
    await says(page, "says the same already");
    await service.untilState("following", again);
  });
});
