/** Setting arms up from boards that are new to following, through the page alone, in a real browser. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { RunningSim, StartOptions } from "../../src/sim/testing/start.ts";
import { BROWSER_NEEDS, PHONE, startBrowser, startWeb, troublesOf } from "../support/browser.ts";
import { moveLeader, poseBoth } from "../support/hands.ts";
import { needing } from "../support/needs.ts";
import { programPath } from "../support/program.ts";
import { checkedArms } from "../support/simulated-arms.ts";
import { claimIn, configOf } from "../support/web-arms.ts";
import { type Hands, playWizard } from "../support/wizard.ts";

setDefaultTimeout(120_000);

/** Simulated arms that nobody has set up, the program that is to teleoperate them, and a page. */
interface Stage extends AsyncDisposable {
  readonly sim: RunningSim;
  readonly context: BrowserContext;
  readonly page: Page;
  readonly troubles: string[];
  readonly hands: Hands;
}

needing(...BROWSER_NEEDS).describe("the wizard", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  async function stage(options: StartOptions = {}): Promise<Stage> {
    const sim = await checkedArms({ arms: "configured", boards: "new", motion: "still", ...options });
    const config = await configOf(sim);
    const socket = join(sim.dir, "control.sock");
    const token = claimIn(sim.dir);
    const service = Bun.spawn(
      [programPath, "teleoperate", "--json", "--config", config, "--socket", socket],
      {
        stdio: ["ignore", "ignore", "inherit"],
      },
    );
    const web = await startWeb([socket], sim.dir, ["--config", config, "--sim-dir", sim.dir]);
    const context = await browser.newContext({ viewport: PHONE, hasTouch: true });
    await context.addCookies([{ name: "so101_claim", value: token, url: web.url }]);
    const page = await context.newPage();
    const troubles = troublesOf(page, web.url);
    await page.goto(`${web.url}#set-up`);
    const { client } = sim;
    const arms = { "5AB9067929": "leader", "5AB9067722": "follower" } as const;
    const armOf = (board: string) =>
      arms[Object.keys(arms).find((serial) => board.includes(serial)) as never];
    return {
      ...{ sim, context, page, troubles },
      hands: {
        pull: (board) => client.request({ do: "pull", arm: armOf(board) }),
        plugIn: (board) => client.request({ do: "plug", arm: armOf(board) }),
        moveLeader: () => moveLeader(sim),
        firstPose: () => poseBoth(sim, 0.3),
        secondPose: () => poseBoth(sim, 0.7),
      },
      async [Symbol.asyncDispose]() {
        await context.close();
        await web[Symbol.asyncDispose]();
        service.kill("SIGTERM");
        await service.exited;
        await sim.stop();
      },
    };
  }

  test("leads from new boards to following in eight actions, where the arms carry their calibration", async () => {
    await using on = await stage();
    const { page, hands, troubles } = on;
    const actions = await playWizard(page, hands);
    expect(actions.length).toBeLessThanOrEqual(8);
    expect(troubles).toEqual([]);
  });
});
