/** Health, events, several pairs, and the page where something is missing: in a real browser, by the compiled program. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import {
  BROWSER_NEEDS,
  PHONE,
  type RunningWebProgram,
  startBrowser,
  startWeb,
  troublesOf,
} from "../support/browser.ts";
import { claimIn } from "../support/claimed-page.ts";
import { MOUNTING, needing, program, ROOT } from "../support/needs.ts";
import { programPath } from "../support/program.ts";
import { RunningTeleoperation } from "../support/teleoperation.ts";
import { configOf } from "../support/web-arms.ts";

setDefaultTimeout(90_000);

/** How long anything may take before it is called missing; generous, for machines that are busy. */
const PATIENCE = { timeout: 20_000 } as const;

/** Whom nobody gives rights to. */
const NOBODY = "65534";

needing(...BROWSER_NEEDS).describe("the page", () => {
  let browser: Browser;
  let service: RunningTeleoperation;
  let web: RunningWebProgram;
  let context: BrowserContext;
  let dir: string;
  beforeAll(async () => {
    browser = await startBrowser();
    context = await browser.newContext({ viewport: PHONE, hasTouch: true });
    dir = mkdtempSync(join(tmpdir(), "so101-web-health-"));
    service = await RunningTeleoperation.start({ sim: { arms: "configured", motion: "still" } });
    await service.untilState("following");
    // The second pair has no service.
    web = await startWeb([socket(), join(dir, "left.sock")], dir);
  });
  afterAll(async () => {
    await browser.close();
    await web[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  const socket = () => join(service.sim.dir, "control.sock");
  const open = async (url: string): Promise<{ page: Page; troubles: string[] } & AsyncDisposable> => {
    const page = await context.newPage();
    const troubles = troublesOf(page, new URL(url).origin);
    await page.goto(url);
    return { page, troubles, [Symbol.asyncDispose]: () => page.close() };
  };
  const stateIs = (page: Page, word: string) =>
    page.getByRole("heading", { level: 2, name: word, exact: true }).waitFor(PATIENCE);

  test("has a tab for each pair with its state, worked by keys, and the chosen one is in the address", async () => {
    await using opened = await open(web.url);
    const { page, troubles } = opened;
    const left = page.getByRole("tab", { name: "left no service" });
    await stateIs(page, "following");
    await left.waitFor(PATIENCE);
    await page.getByRole("tab", { name: "control following" }).focus();
    await page.keyboard.press("ArrowRight");
    await stateIs(page, "no service");
    expect(await left.getAttribute("aria-selected")).toBe("true");
    expect(await page.evaluate("document.activeElement.id")).toBe("tab-left");
    expect(await page.getByRole("tabpanel").getAttribute("aria-labelledby")).toBe("tab-left");
    await page.getByRole("link", { name: "Health", exact: true }).click();
    expect(page.url()).toBe(`${web.url}?pair=left#health`);
    await page.reload();
    await left.waitFor(PATIENCE);
    expect(await left.getAttribute("aria-selected")).toBe("true");
    await page.goBack();
    await page.goBack();
    await stateIs(page, "following");
    expect(troubles).toEqual([]);
  });

  test("shows what the doctor finds, and has him look again by itself, only while that is looked at", async () => {
    await using opened = await open(`${web.url}#health`);
    const { page, troubles } = opened;
    let looks = 0;
    page.on("request", (request) => {
      if (request.url().endsWith("/health")) looks++;
    });
    const findings = page.getByRole("list", { name: "What the doctor finds" });
    await findings.getByText(/following, \d+ Hz/).waitFor(PATIENCE);
    await until(async () => looks >= 1, "another look");
    const looked = await Promise.all(
      Array.from({ length: 24 }, async () => {
        const { atMs } = (await (await fetch(`${web.url}pairs/control/health`)).json()) as { atMs: number };
        return atMs;
      }),
    );
    // 24 pages at once are answered with one look of the doctor.
    expect(new Set(looked).size).toBe(1);
    await page.getByRole("link", { name: "Now", exact: true }).click();
    await stateIs(page, "following");
    looks = 0;
    await page.waitForTimeout(5_000);
    expect(looks).toBe(0);
    expect(troubles).toEqual([]);
  });

  test("offers what settles a fault, and begins it on a claimed page", async () => {
    const empty = join(dir, "no-calibrations");
    mkdirSync(empty);
    await using faulted = await RunningTeleoperation.start({
      sim: { arms: "configured", motion: "still" },
      args: ["--calibration-dir", empty],
    });
    await faulted.untilState("faulted");
    const { sim } = faulted;
    const config = await configOf({ ...sim, paths: { ...sim.paths, calibration: empty } });
    const claim = claimIn(sim.dir);
    const args = ["--simulated-arms", "--config", config];
    await using its = await startWeb([join(sim.dir, "control.sock")], sim.dir, args);
    await using opened = await open(its.url);
    const { page } = opened;
    await stateIs(page, "faulted");
    // Who has not claimed the page is led to where he can.
    const href = await page.getByRole("link", { name: "Calibrate the leader" }).getAttribute("href");
    expect(href).toBe("#set-up");

    await claim.give(context, its.url);
    await page.goto(`${its.url}#health`);
    await page.reload();
    const broken = page.getByRole("listitem").filter({ hasText: "teleoperation broken" });
    await broken.getByText(/faulted: .*calibration/).waitFor(PATIENCE);
    await broken.getByRole("button", { name: "Take the calibration that the leader holds" }).click();
    await page.getByText("Reading the calibration of the leader from its servos").first().waitFor(PATIENCE);
    expect(page.url()).toEndWith("#set-up");
    await context.clearCookies();
  });

  test("lists what happened as it happens, says what each code means, and finds what is looked for", async () => {
    await using opened = await open(`${web.url}#events`);
    const { page, troubles } = opened;
    const events = page.getByRole("list", { name: /^Events/ }).getByRole("listitem");
    await events
      .filter({ hasText: "SO101-E004 pair.following: the follower follows the leader" })
      .first()
      .waitFor(PATIENCE);
    await page.getByRole("button", { name: "Pause" }).click();
    await until(
      async () => /paused|holding/.test((await events.first().textContent()) ?? ""),
      "the pause, on top",
    );
    await page.getByLabel("With the words").fill("e004 REACHED");
    await until(
      async () => (await events.allTextContents()).every((text) => text.includes("E004")),
      "the filter",
    );
    expect(await events.count()).toBeGreaterThan(0);
    await page.getByLabel("Joint").selectOption("elbow_flex");
    await until(async () => (await events.count()) === 0, "no event of that joint");
    await page
      .getByRole("status")
      .getByText(/^0 of \d+ since the service started/)
      .waitFor(PATIENCE);
    expect(troubles).toEqual([]);
    await control("resume");
  });

  test("selects the report where plain http copies nothing", async () => {
    const named = new URL(`${web.url}#health`);
    named.hostname = "so101.local";
    await using opened = await open(named.href);
    const { page, troubles } = opened;
    expect(await page.evaluate("navigator.clipboard === undefined")).toBe(true);
    await page.getByRole("button", { name: "Copy a report" }).click();
    const report = page.getByRole("textbox", { name: "The report" });
    await report.waitFor(PATIENCE);
    await page.getByText("The report is selected: copy it").waitFor(PATIENCE);
    expect(await report.getAttribute("readonly")).not.toBeNull();
    const text = await report.inputValue();
    expect(await page.evaluate("getSelection().toString()")).toBe(text);
    for (const part of [/^so101 \d/m, /Linux \d/, /^## Doctor$/m, /^\w+ \(running\) since /m, /SO101-E004/]) {
      expect(text).toMatch(part);
    }
    // That a header counts for https only is no trouble.
    expect(troubles.filter((trouble) => !trouble.includes("Cross-Origin-Opener-Policy"))).toEqual([]);
  });

  needing(ROOT, MOUNTING, program("unshare", "util-linux")).test(
    "has nothing personal in its report",
    async () => {
      const seeds = ["annas-machine", "anna", "5A46083062", "192.168.7.77", "2001:db8::7", "/home"];
      const sim = join(dir, "sim");
      const home = join(dir, "home/anna/annas-machine 2001:db8::7/192.168.7.77");
      const byId = join(dir, "serial/by-id");
      for (const folder of [sim, home, byId]) mkdirSync(folder, { recursive: true });
      const leader = join(byId, "usb-1a86_USB_Single_Serial_5A46083062-if00");
      symlinkSync(join(sim, "leader"), leader);
      symlinkSync(join(sim, "follower"), join(home, "follower"));
      const passwd = join(dir, "passwd");
      writeFileSync(passwd, "root:x:0:0:root:/root:/bin/sh\nanna:x:1000:1000::/home/anna:/bin/sh\n");
      await using other = await RunningTeleoperation.start({
        sim: { arms: "configured", motion: "still", dir: sim },
        args: ["--leader", leader, "--follower", join(home, "follower")],
      });
      await other.untilState("following");
      const script = `hostname annas-machine && mount --bind ${passwd} /etc/passwd && exec "$@"`;
      const wrapper = ["unshare", "--uts", "--mount", "sh", "-c", script, "sh"];
      await using its = await startWeb([join(other.sim.dir, "control.sock")], dir, [], wrapper);
      const ask = async (path: string) => (await fetch(its.url + path)).text();
      const told = (await ask("pairs/control/health")) + (await ask("pairs/control/events"));
      expect(seeds.filter((seed) => !told.includes(seed))).toEqual([]);
      const { text } = JSON.parse(await ask("pairs/control/report")) as { text: string };
      expect(seeds.filter((seed) => text.includes(seed))).toEqual([]);
      expect(text).toContain("SERIAL");
    },
  );

  test("keeps Pause and Release where a screen fails, and the other screens", async () => {
    await using opened = await open(web.url);
    const { page } = opened;
    await stateIs(page, "following");
    await page.route("**/events", (route) => route.fulfill({ json: { events: "none" } }));
    await page.getByRole("link", { name: "Events", exact: true }).click();
    const alert = page.getByRole("alert");
    await alert.getByText(/The screen “Events” has failed/).waitFor(PATIENCE);
    await alert.getByRole("button", { name: "Load the page again" }).waitFor(PATIENCE);
    expect(await page.getByRole("button", { name: /^Release/ }).isEnabled()).toBe(true);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("status").getByText("The follower stays where it is.").waitFor(PATIENCE);
    await page.getByRole("link", { name: "Now", exact: true }).click();
    await stateIs(page, "holding (paused)");
    await control("resume");
    await stateIs(page, "following");
  });

  test("says so where its script does not come", async () => {
    const page = await context.newPage();
    await page.route("**/*.js", (route) => route.abort());
    await page.goto(web.url);
    await page.getByText(/its script was not loaded: load the page again/).waitFor(PATIENCE);
    await page.close();
  });

  test("loads itself anew, once, where the server has become another version", async () => {
    const page = await context.newPage();
    let loads = 0;
    page.on("load", () => loads++);
    await page.routeWebSocket("**/live", (route) => {
      const server = route.connectToServer();
      server.onMessage((message) =>
        route.send(String(message).replace(/"script":"[^"]*"/, '"script":"/of-another-version.js"')),
      );
    });
    await page.goto(web.url);
    await until(async () => loads === 2, "the page, loaded anew");
    await stateIs(page, "following");
    await page.waitForTimeout(1_000);
    expect(loads).toBe(2);
    await page.close();
  });

  test("says which services are silent, of another version or not for it, each in its words", async () => {
    using garbage = Bun.listen({
      unix: join(dir, "garbage.sock"),
      socket: { data: (client) => void client.write('{"hello":"world"}\n') },
    });
    expect(garbage.unix).toEndWith("garbage.sock");
    await using its = await startWeb([join(dir, "garbage.sock"), join(dir, "off.sock")], dir);
    await using opened = await open(its.url);
    const { page } = opened;
    await stateIs(page, "another version");
    await page.getByText(/no service of this version — after an upgrade, restart it/).waitFor(PATIENCE);
    await page.getByRole("tab", { name: "off no service" }).click();
    await page.getByText(/the service does not run .* run "so101 teleoperate/).waitFor(PATIENCE);
    for (const screen of ["Joints", "Events", "Health"]) {
      await page.getByRole("link", { name: screen, exact: true }).click();
      await page
        .getByText(/the service does not run/)
        .first()
        .waitFor(PATIENCE);
    }
  });

  needing(ROOT, program("setpriv", "util-linux")).test(
    "says whose right is missing where the socket is denied",
    async () => {
      const state = mkdtempSync(join(dir, "nobodys-"));
      for (const path of [dir, service.sim.dir]) chmodSync(path, 0o755);
      chmodSync(state, 0o777);
      const wrapper = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
      await using its = await startWeb([socket()], state, [], wrapper);
      await using opened = await open(its.url);
      await stateIs(opened.page, "no access");
      await opened.page.getByText(/it runs as nobody, who is not of the group dialout/).waitFor(PATIENCE);
    },
  );

  test("goes on by itself where the service hung for a while", async () => {
    await using opened = await open(web.url);
    const { page } = opened;
    await stateIs(page, "following");
    service.kill("SIGSTOP");
    try {
      await stateIs(page, "no answer");
      await page.getByText(/the service does not answer: it may be stopped or hang/).waitFor(PATIENCE);
    } finally {
      service.kill("SIGCONT");
    }
    await stateIs(page, "following");
  });

  test("says what keeps it from being shown, and comes by itself once that is settled", async () => {
    const state = join(dir, "state");
    writeFileSync(state, "no folder");
    await using its = await startWeb([socket()], join(state, "web"));
    await using opened = await open(its.url);
    const { page } = opened;
    const alert = page.getByRole("alert");
    await alert
      .getByText(/claims cannot be kept in .*: a part of its path is not a folder — make that/)
      .waitFor(PATIENCE);
    rmSync(state);
    mkdirSync(join(state, "web"), { recursive: true });
    await stateIs(page, "following");
  });

  test("says on the terminal why it cannot listen, and what to do", async () => {
    const { host } = new URL(web.url);
    const run = async (listen: string) => {
      const env = { PATH: process.env.PATH, STATE_DIRECTORY: dir };
      const ended = Bun.spawn([programPath, "web", "--listen", listen], {
        env,
        stderr: "pipe",
        stdout: "pipe",
      });
      return { said: await new Response(ended.stderr).text(), code: await ended.exited };
    };
    const taken = await run(host);
    expect(taken.said).toMatch(/served at 127\.0\.0\.1:\d+: another program listens there already — end it/);
    const elsewhere = await run("192.0.2.1:8101");
    expect(elsewhere.said).toMatch(/served at 192\.0\.2\.1:8101: this machine has no such address/);
    expect([taken.code, elsewhere.code]).toEqual([1, 1]);
  });

  test("says that too many pages are open, and goes on when one is closed", async () => {
    const sockets = Array.from({ length: 24 }, () => {
      const { origin, host } = new URL(web.url);
      return new WebSocket(`ws://${host}/live`, { headers: { origin } } as never);
    });
    await Promise.all(
      sockets.map((one) => new Promise((resolve) => one.addEventListener("message", resolve))),
    );
    await using opened = await open(web.url);
    const { page } = opened;
    await page
      .getByRole("alert")
      .getByText(/24 pages are open already: close one/)
      .waitFor(PATIENCE);
    for (const one of sockets) one.close();
    await stateIs(page, "following");
  });

  needing(program("promtool", "prometheus")).test(
    "gives Prometheus what it takes, silent pairs included",
    async () => {
      const scrapes = await Promise.all(Array.from({ length: 50 }, () => fetch(`${web.url}metrics`)));
      const texts = await Promise.all(scrapes.map((reply) => reply.text()));
      expect(new Set(texts).size).toBe(1);
      expect(scrapes[0]!.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
      const [text = ""] = texts;
      expect(text).toContain('so101_up{pair="control"} 1\nso101_up{pair="left"} 0\n');
      const { stdout, stderr, exitCode } = Bun.spawnSync(["promtool", "check", "metrics"], {
        stdin: Buffer.from(text),
      });
      expect({ out: `${stdout}${stderr}`, exitCode }).toEqual({ out: "", exitCode: 0 });
    },
  );

  /** Asks the service as another program beside the arms would. */
  async function control(command: "resume"): Promise<void> {
    const asked = Bun.spawn([programPath, command, "--socket", socket()], {
      stdout: "ignore",
      stderr: "pipe",
    });
    const complaint = await new Response(asked.stderr).text();
    if ((await asked.exited) !== 0) throw new Error(complaint);
  }
});

/** Waits until something is true. */
async function until(isTrue: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE.timeout;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`${what} did not come`);
    await Bun.sleep(50);
  }
}
