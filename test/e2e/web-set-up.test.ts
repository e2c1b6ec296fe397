/** Setting arms up from boards that are new to following, through the page alone, in a real browser. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { ROLES, type Role } from "../../src/arm/joints.ts";
import { moveLeader, poseBoth } from "../../src/sim/testing/hands.ts";
import { type RunningSim, type StartOptions, startSim } from "../../src/sim/testing/start.ts";
import { BROWSER_NEEDS, PHONE, startBrowser, startWeb, troublesOf } from "../support/browser.ts";
import { needing } from "../support/needs.ts";
import { programPath } from "../support/program.ts";
import { checkedArms, fileOf, held, inEeprom } from "../support/simulated-arms.ts";
import { configOf } from "../support/web-arms.ts";
import { Actions, claimByBoard, type Hands, playWizard } from "../support/wizard.ts";

setDefaultTimeout(120_000);

/** How long anything may take before it is called missing; generous, for machines that are busy. */
const PATIENCE = { timeout: 20_000 } as const;

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
    const service = Bun.spawn(
      [programPath, "teleoperate", "--json", "--config", config, "--socket", socket],
      {
        stdio: ["ignore", "ignore", "inherit"],
      },
    );
    const web = await startWeb([socket], sim.dir, ["--config", config, "--sim-dir", sim.dir]);
    const context = await browser.newContext({ viewport: PHONE, hasTouch: true });
    const page = await context.newPage();
    const troubles = troublesOf(page, web.url);
    await page.goto(web.url);
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

  test("takes calibrations from files, past one that is none, a page that is loaded again and a board that is pulled", async () => {
    const files = await filesElsewhere();
    await using on = await stage({ arms: "new" });
    const { page, hands, sim, troubles } = on;
    const actions = new Actions(page, PATIENCE.timeout);
    await claimByBoard(page, hands, actions);
    await actions.until(/^Move the leader/);
    await page.reload();
    await actions.until(/^Move the leader/);
    await hands.moveLeader();
    for (const role of ROLES) {
      await actions.until(new RegExp(`^Where is the calibration of the ${role} to come from`));
      await actions.tap(/^Take a file of LeRobot's/);
      await actions.until(new RegExp(`^Pick the calibration file of the ${role}`));
      await page.reload();
      const hand = (name: string, content: Buffer) =>
        page
          .locator(".set-up .work input[type=file]")
          .setInputFiles({ name, mimeType: "application/json", buffer: content }, PATIENCE);
      await hand("info.json", Buffer.from('{"codebase_version": "v3.0"}'));
      await actions.until(/Pick another file, or end this/);
      await hand("huge.json", Buffer.alloc(70_000, " "));
      await actions.until(/^huge.json is no calibration file: it has 70 kB/);
      await hand("their_arm.json", files[role]);
      await actions.until(/^Write it\?/);
      await actions.tap("Yes");
    }
    await actions.until(/^First pose/);
    await sim.client.request({ do: "pull", arm: "follower" });
    await actions.until(/board of the follower is not plugged in: plug it in again/i);
    await sim.client.request({ do: "plug", arm: "follower" });
    await actions.until(/^Each board has the name of its arm/);
    await actions.tap("Yes");
    await actions.until(/^Both boards are there: this step begins again/);
    await actions.until(/^Do both arms stand/);
    await actions.tap("Cancel");
    await actions.until(/^It was ended early/);
    for (const role of ROLES) {
      expect(await held(sim, role)).toEqual(inEeprom(JSON.parse(files[role].toString())));
    }
    // What was done is done: it goes on where it was left.
    await actions.tap("Go on");
    await actions.until(/^First pose/);
    await actions.tap("Cancel");
    expect(troubles).toEqual([]);
  });
});

/** The calibration files of simulated arms, as LeRobot has them on another computer. */
async function filesElsewhere(): Promise<Record<Role, Buffer>> {
  await using sim = await startSim({ arms: "calibrated", motion: "still" });
  const read = async (role: Role) => Buffer.from(await Bun.file(fileOf(sim, role)).bytes());
  return { leader: await read("leader"), follower: await read("follower") };
}
