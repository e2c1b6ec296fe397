/** Files that are handed over on the page to be an arm's calibration: such as people have, and such as are none. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { readCalibration } from "../../../src/arm/calibration/files/file.ts";
import { type RunningSim, startSim } from "../../../src/sim/testing/start.ts";
import { fileOf } from "../../support/simulated-arms.ts";
import { type TestPage, WebServer } from "../../support/work-pages.ts";

setDefaultTimeout(30_000);

const cases = join(import.meta.dir, "../../fixtures/calibrations");

/** What is said of a file that is no calibration. */
const refused = {
  "cancelled-after-the-middle.json": "no joint was ever moved from end to end",
  "ids-7-to-12.json": "a second arm's calibration on one bus, with the ids 7 to 12",
  "lekiwi-names.json": "a LeKiwi's calibration",
  "never-swept.json": "it is a placeholder",
  "one-joint-never-swept.json": "gripper: its range, 0 to 4095, is the whole turn",
  "utf-16.json": "its text is UTF-16",
};

/** Files that are one; what is said of the one that has more in it. */
const taken = {
  "boolean-drive-mode.json": "",
  "extra-key.json": '"joint_name" in extra-key.json is no part of a calibration, and is left out',
  "good.json": "",
  "mark-and-crlf.json": "",
};

let sim: RunningSim;
let web: WebServer;
let page: TestPage;
beforeAll(async () => {
  sim = await startSim({ arms: "new", motion: "still" });
  web = await WebServer.start(sim);
  page = await web.page();
});
afterAll(async () => {
  await web[Symbol.asyncDispose]();
  await sim.stop();
});

const hand = async (name: string, bytes: Uint8Array) => {
  const before = page.work?.id;
  const reply = await page.ask(`work/import?${new URLSearchParams({ arm: "leader", name })}`, bytes);
  expect(reply).toMatchObject({ status: 200 });
  await page.until(() => page.work?.id !== before, "another work");
};
const folder = () => join(fileOf(sim), "..");

describe("a file that is handed over", () => {
  test("is each of those that people have", () => {
    const names = readdirSync(cases).filter((name) => name.endsWith(".json"));
    expect(new Set([...Object.keys(refused), ...Object.keys(taken)])).toEqual(new Set(names));
  });

  test.each(Object.entries(refused))("is refused when it is none: %s", async (name, why) => {
    await hand(name, await readFile(join(cases, name)));
    const { outcome, text } = await page.untilEnded();
    expect(outcome).toBe("failed");
    expect(text).toStartWith(`leader "leader": calibration ${name}: `);
    expect(text).toContain(why);
    expect(existsSync(fileOf(sim))).toBe(false);
  });

  test.each(Object.entries(taken))("is the arm's when it is one: %s", async (name, said) => {
    await rm(folder(), { recursive: true, force: true });
    await hand(name, await readFile(join(cases, name)));
    expect(await page.untilEnded()).toEqual({ outcome: "done", text: "" });
    expect(page.said).toContain(said);
    expect(readCalibration(fileOf(sim))).toEqual(readCalibration(join(cases, name)));
  });

  test.each([
    ["nothing at all", ""],
    ["a picture", "\u0089PNG\r\n\u001a\n\u0000\u0000"],
    ["a page", "<!doctype html><title>calibration</title>"],
    ["a number", "7"],
    ["no object", "[]"],
    ["a file that was cut off", '{"shoulder_pan": {"id": 1, "drive'],
    ["keys of an object's own", '{"__proto__": {"id": 1}, "constructor": 2}'],
    ["a deep nest", "[".repeat(60_000)],
  ])("is refused in words when it is %s, and the file before stays", async (_, content) => {
    await hand("good.json", await readFile(join(cases, "good.json")));
    await page.untilEnded();
    const before = await readFile(fileOf(sim), "utf8");
    await hand("odd\u001b[31m.json", Buffer.from(content, "latin1"));
    const { outcome, text } = await page.untilEnded();
    expect(outcome).toBe("failed");
    expect(text).toMatch(/^leader "leader": calibration odd.*\.json: /);
    expect(text.length).toBeLessThan(1_000);
    expect(await readFile(fileOf(sim), "utf8")).toBe(before);
    expect(readdirSync(folder()).filter((name) => !name.startsWith("leader.json"))).toEqual([]);
  });

  test("replaces another one once the person agrees, which is kept", async () => {
    await hand("good.json", await readFile(join(cases, "good.json")));
    await page.untilEnded();
    const other = (await readFile(join(cases, "good.json"), "utf8")).replace(
      /"range_max": \d+/,
      '"range_max": 3000',
    );
    await hand("other.json", Buffer.from(other));
    await page.untilAsked("has a calibration file that differs");
    await page.answer(true);
    expect((await page.untilEnded()).outcome).toBe("done");
    expect(readCalibration(fileOf(sim)).shoulder_pan.range_max).toBe(3000 as never);
    expect(readCalibration(`${fileOf(sim)}.old`)).toEqual(readCalibration(join(cases, "good.json")));
  });

  test("needs an arm and a name, and 64 kB at most", async () => {
    const good = await readFile(join(cases, "good.json"));
    for (const query of [
      "",
      "arm=leader",
      "arm=both&name=a",
      "arm=leader&name=",
      "arm=leader&name=a&port=b",
    ]) {
      expect((await page.ask(`work/import?${query}`, good)).status).toBe(400);
    }
    const large = fetch(`${web.url}pairs/control/work/import?arm=leader&name=a`, {
      method: "POST",
      body: new Uint8Array(65_537),
    });
    expect((await large).status).toBe(413);
  });
});
