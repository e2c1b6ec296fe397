/** Recording from the page, in a real browser, with the program itself and simulated arms: begun, ended, seen, plotted, taken along. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { readDataset, readEpisode } from "../../src/dataset/dataset.ts";
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
import { programPath } from "../support/program.ts";
import { axeFindings, keyboardFindings, layoutFindings, settled } from "../support/screen-checks.ts";
import { RunningTeleoperation } from "../support/teleoperation.ts";

setDefaultTimeout(120_000);

/** How long anything may take before it is called missing; generous, for machines that are busy. */
const PATIENCE = { timeout: 30_000 } as const;

needing(...BROWSER_NEEDS).describe("recording from the page", () => {
  const dir = mkdtempSync(join(tmpdir(), "so101-web-record-"));
  const folder = join(dir, "datasets");
  let browser: Browser;
  let service: RunningTeleoperation;
  let web: RunningWebProgram;
  let claim: ReturnType<typeof claimIn>;
  let page: Page;
  let troubles: string[];
  beforeAll(async () => {
    mkdirSync(folder);
    claim = claimIn(dir);
    // However busy a browser keeps the machine, the follower follows, and no episode is given up.
    const config = join(dir, "pair.toml");
    await Bun.write(config, "[teleoperation]\nhold_after_ms = 1000\n");
    service = await RunningTeleoperation.start({
      sim: { arms: "configured", motion: "wave" },
      args: ["--config", config],
    });
    Bun.spawnSync(["chrt", "--fifo", "--pid", "10", `${service.sim.pid}`]);
    await service.untilState("following");
    web = await startWeb([socket()], dir, ["--simulated-arms", "--datasets", folder]);
    browser = await startBrowser();
    const context = await browser.newContext({ viewport: PHONE, hasTouch: true, reducedMotion: "reduce" });
    await claim.give(context, web.url);
    page = await context.newPage();
    page.setDefaultTimeout(PATIENCE.timeout);
    troubles = troublesOf(page, web.url);
    await page.goto(`${web.url}#record`);
  });
  afterAll(async () => {
    await browser?.close();
    await web?.[Symbol.asyncDispose]();
    await service?.[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  const socket = () => join(service.sim.dir, "control.sock");
  const button = (name: string | RegExp) => page.getByRole("button", { name });
  /** What is in somebody's way on what is shown, in the light and in the dark. */
  const inTheWay = async () => {
    const found = await layoutFindings(page);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      found.push(...(await axeFindings(page)).map((finding) => `${colorScheme}: ${finding}`));
    }
    return [...found, ...(await keyboardFindings(page))];
  };
  const recordedFrames = async () =>
    Number(/\d+/.exec((await page.locator("dl.figures div", { hasText: /^frames/ }).textContent())!)![0]);
  const untilFrames = (count: number) => until(async () => (await recordedFrames()) >= count, "the frames");
  const round = (name: string) => page.locator("button.round:not([aria-disabled=true])", { hasText: name });
  /** Begins an episode by the keys alone, as soon as the follower follows. */
  const begin = async () => {
    const isRunning = async () => (await page.locator("button.round.is-on").count()) > 0;
    await until(async () => {
      if (await isRunning()) return true;
      if ((await round("Begin the episode").count()) > 0) {
        await round("Begin the episode").focus();
        await page.keyboard.press("Space");
      }
      return false;
    }, "the episode");
  };
  /** Ends it, and waits until so many are saved. */
  const end = async (saved: number) => {
    await round("End the episode").click();
    await page.locator("dl.figures div", { hasText: `saved${saved}` }).waitFor(PATIENCE);
  };

  test("says what is missing before it begins, and begins with a dataset that is new", async () => {
    await page.getByLabel("Dataset").fill("../cube");
    await button("Get ready to record").click();
    expect(await page.locator("input:invalid").count()).toBeGreaterThan(0);
    expect(await inTheWay()).toEqual([]);
    await page.getByLabel("Dataset").fill("cube");
    await page.getByLabel("Task").fill("Put the <b>red</b> cube into the box");
    await page.getByLabel("Frames a second").fill("50");
    await button("Get ready to record").click();
    await button("Begin the episode").waitFor(PATIENCE);
    expect(await inTheWay()).toEqual([]);
  });

  test("has a big button that begins and ends an episode, which is saved then; one is discarded, one is again", async () => {
    await begin();
    await untilFrames(40);
    expect(await inTheWay()).toEqual([]);
    await end(1);
    await begin();
    await untilFrames(10);
    await button("Discard").click();
    await round("Begin the episode").waitFor(PATIENCE);
    await begin();
    await untilFrames(10);
    await end(2);
    await button("Finish recording").click();
    await button(/Get ready to record|Go on with this dataset/).waitFor(PATIENCE);
    const { episodes, info, tasks } = await readDataset(join(folder, "cube"));
    expect(episodes).toHaveLength(2);
    expect(info.fps).toBe(50);
    expect(tasks).toEqual(["Put the <b>red</b> cube into the box"]);
    expect(episodes[0]!.length).toBeGreaterThanOrEqual(40);
  });

  test("is seen among the datasets, with what the check finds, and the plots of each joint", async () => {
    await page.getByRole("link", { name: "Datasets" }).click();
    await page.getByText(/2 episodes, \d+ frames at 50 a second/).waitFor(PATIENCE);
    expect(await inTheWay()).toEqual([]);
    await page.getByRole("link", { name: "cube" }).click();
    // A machine that is busy may have lost frames, which is worth knowing, and not wrong.
    await page.getByText(/The check finds nothing\.|What the check finds/).waitFor(PATIENCE);
    expect(await page.locator(".findings .error").allTextContents()).toEqual([]);
    await page.getByText("Units: percent of the calibrated range").waitFor(PATIENCE);
    await settled(page);
    expect(await inTheWay()).toEqual([]);
    await page.getByRole("link", { name: "Episode 0" }).click();
    const { actions, length } = await readEpisode(join(folder, "cube"), 0);
    const pan = Array.from({ length }, (_, frame) => actions[frame * 6]!);
    const range = `${Math.min(...pan).toFixed(1)} … ${Math.max(...pan).toFixed(1)}`;
    await page.getByRole("img", { name: `shoulder_pan over time: action ${range}, state` }).waitFor(PATIENCE);
    expect(await page.getByRole("img", { name: /over time: action .* state -?\d/ }).count()).toBe(6);
    await until(() => page.evaluate(DRAWN), "the plots");
    expect(await inTheWay()).toEqual([]);
  });

  test("is taken along as a .tar that has every file as it is on the disk; for claimed pages only", async () => {
    await page.getByRole("link", { name: "All of cube" }).click();
    const downloading = page.waitForEvent("download", PATIENCE);
    await page.getByRole("link", { name: "Download cube.tar" }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe("cube.tar");
    const unpacked = join(dir, "unpacked");
    mkdirSync(unpacked);
    const { exitCode, stderr } = Bun.spawnSync(["tar", "xf", await download.path(), "-C", unpacked]);
    expect([exitCode, stderr.toString()]).toEqual([0, ""]);
    const [there, here] = [filesIn(join(folder, "cube")), filesIn(join(unpacked, "cube"))];
    expect(Object.keys(here)).toContain("meta/info.json");
    expect(here).toEqual(there);
    const get = (path: string, cookie = "") => fetch(`${web.url}${path}`, { headers: { cookie } });
    expect((await get("dataset.tar?name=cube")).status).toBe(403);
    for (const name of ["../datasets/cube", "cube/meta", "..", "", "%2e%2e", "none"]) {
      expect((await get(`dataset.tar?name=${encodeURIComponent(name)}`, claim.cookie)).status).toBe(404);
    }
  });

  test("says of what is no dataset, of another version, or damaged, what is wrong, and shows the others", async () => {
    const info = JSON.parse(readFileSync(join(folder, "cube/meta/info.json"), "utf8"));
    const put = (name: string, more: object) => {
      cpSync(join(folder, "cube"), join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, "meta/info.json"), JSON.stringify({ ...info, ...more }));
    };
    put("old", { codebase_version: "v2.1" });
    put("damaged", {});
    writeFileSync(join(folder, "damaged/data/chunk-000/file-000.parquet"), "PAR1 rubbish PAR1");
    mkdirSync(join(folder, "empty"));
    const look = async (name: string) => {
      await page.goto(`${web.url}#datasets/${name}`);
      await page.getByRole("heading", { name, exact: true }).waitFor();
    };
    await look("old");
    await page
      .getByText(/is a dataset of version v2\.1/)
      .first()
      .waitFor();
    await look("damaged");
    await page.locator(".findings .error", { hasText: "file-000.parquet" }).first().waitFor();
    await page.getByRole("link", { name: "Episode 1" }).waitFor();
    await page.getByRole("link", { name: "Episode 0" }).click();
    await page.getByRole("alert").filter({ hasText: "file-000.parquet" }).waitFor();
    await look("empty");
    await page
      .getByText(/is no dataset: it has no meta\/info\.json/)
      .first()
      .waitFor();
    const tar = await fetch(`${web.url}dataset.tar?name=empty`, { headers: { cookie: claim.cookie } });
    expect(tar.status).toBe(409);
    for (const name of ["old", "damaged", "empty"]) rmSync(join(folder, name), { recursive: true });
  });

  test("goes on with a dataset that is there, at its own frames a second, and shows why where it cannot", async () => {
    await page.getByRole("link", { name: "Record" }).click();
    await page.getByLabel("Dataset").fill("cube");
    await page.getByText("It is there, with 2 episodes: new ones are added.").waitFor(PATIENCE);
    expect(await page.getByLabel("Frames a second").inputValue()).toBe("50");
    // What was entered last is there again.
    expect(await page.getByLabel("Task").inputValue()).toBe("Put the <b>red</b> cube into the box");
    await page.getByLabel("Episodes").fill("1");
    await page.getByLabel("Longest episode, s").fill("0.5");
    await button("Go on with this dataset").click();
    await begin();
    // It ends by itself: one episode was wanted.
    await button(/Go on with this dataset/).waitFor(PATIENCE);
    const { episodes } = await readDataset(join(folder, "cube"));
    expect(episodes.map(({ length }) => length).at(-1)).toBe(25);
    const body = JSON.stringify({ dataset: "cube", task: "Another", fps: 30, resume: true });
    const headers = {
      "content-type": "application/json",
      cookie: claim.cookie,
      origin: new URL(web.url).origin,
    };
    const refused = await fetch(`${web.url}pairs/control/recorder/begin`, { method: "POST", headers, body });
    expect(refused.status).toBe(409);
    expect(((await refused.json()) as { text: string }).text).toContain("50");
  });

  test("orders a recorder of a terminal, too", async () => {
    const recorder = Bun.spawn(
      [
        ...[programPath, "record", "--socket", socket(), "--dataset", join(folder, "terminal")],
        ...["--task", "By hand", "--fps", "30", "--unattended"],
      ],
      { stdin: "ignore", stdout: "ignore", stderr: "inherit" },
    );
    await page.getByText(/Somebody records from a terminal/).waitFor(PATIENCE);
    await begin();
    await untilFrames(5);
    await end(1);
    await button("Finish recording").click();
    expect(await recorder.exited).toBe(0);
    // A service that refuses is no trouble: the page says why.
    expect(troubles.filter((trouble) => !trouble.includes("409"))).toEqual([]);
  });

  test("ends with the page's program, and what was saved is complete", async () => {
    await page.getByLabel("Dataset").fill("cut-off");
    await page.getByLabel("Task").fill("Wave");
    await page.getByLabel("Episodes").fill("");
    await page.getByLabel("Longest episode, s").fill("");
    await button("Get ready to record").click();
    await begin();
    await untilFrames(10);
    await end(1);
    await begin();
    await untilFrames(10);
    expect(childrenOf(web.pid)).toHaveLength(1);
    const [recorder] = childrenOf(web.pid);
    await web.end("SIGTERM");
    expect(() => process.kill(recorder!, 0)).toThrow();
    expect((await readDataset(join(folder, "cut-off"))).episodes.length).toBeGreaterThanOrEqual(1);
  });
});

/** Every file below a folder, by its path there. */
function filesIn(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    names.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(folder.length + 1), readFileSync(path).toString("base64")];
    }),
  );
}

function childrenOf(pid: number): number[] {
  const found = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return found.split(" ").filter(Boolean).map(Number);
}

/** Waits until something is true. */
async function until(isTrue: () => Promise<unknown>, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE.timeout;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`${what} did not come`);
    await Bun.sleep(50);
  }
}

/** Whether all six plots have the leader's colour in them. */
const DRAWN = `[...document.querySelectorAll(".plot canvas")].filter((canvas) => {
  const wanted = getComputedStyle(canvas).getPropertyValue("--leader").trim();
  const parts = [1, 3, 5].map((at) => Number.parseInt(wanted.slice(at, at + 2), 16));
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 0; at < data.length; at += 4) {
    const off = parts.reduce((sum, part, index) => sum + Math.abs(part - data[at + index]), 0);
    if (data[at + 3] > 60 && off < 80) return true;
  }
  return false;
}).length === 6`;
