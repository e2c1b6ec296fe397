/** Works with the arms of a pair, by the server's own routes and connection, on simulated arms. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readCalibration } from "../../../src/arm/calibration/files/file.ts";
import { JOINTS, type JointName } from "../../../src/arm/joints.ts";
import type { RunningSim, StartOptions } from "../../../src/sim/testing/start.ts";
import { atRest, checkedArms, fileOf, held, inEeprom } from "../../support/simulated-arms.ts";
import { type TestPage, WebServer } from "../../support/work-pages.ts";

setDefaultTimeout(60_000);

const MIDDLE = "in the middle, and at rest?";
const SWEPT = "every joint was moved from end to end";

interface Stage extends AsyncDisposable {
  readonly sim: RunningSim;
  readonly web: WebServer;
  readonly page: TestPage;
}

async function stage(options: StartOptions = {}): Promise<Stage> {
  const sim = await checkedArms({ arms: "new", motion: "middle", ...options });
  const web = await WebServer.start(sim);
  const page = await web.page();
  const dispose = async () => {
    await web[Symbol.asyncDispose]();
    await sim.stop();
  };
  return { sim, web, page, [Symbol.asyncDispose]: dispose };
}

/** Up to where the ranges are recorded. */
async function untilSweep({ sim, page }: Stage): Promise<void> {
  await page.begin({ what: "calibrate", arm: "leader" });
  await page.untilAsked(MIDDLE);
  await atRest(sim);
  await page.answer(true);
  await page.untilAsked(SWEPT);
}

const nothingHeld = async (sim: RunningSim) =>
  expect((await held(sim)).every(([offset, min, max]) => offset === 0 && min === 0 && max === 4095)).toBe(
    true,
  );

describe("a calibration on the page", () => {
  test("is seen whole by a page that comes later, with 15 pictures a second at most; by an unclaimed one only that it is", async () => {
    await using on = await stage();
    const { web, page } = on;
    await untilSweep(on);
    page.close();
    const visitor = await web.page("unclaimed");
    const later = await web.page();
    await later.untilAsked(SWEPT);
    expect(later.work).toMatchObject({ what: "calibrate", arm: "leader", title: "Calibrating the leader" });
    expect(later.said).toContain("done: The middle is recorded.");
    const pictures = () => later.messages.filter(({ kind }) => kind === "picture").length;
    const [from, before] = [performance.now(), pictures()];
    await later.until(() => pictures() >= before + 20, "twenty pictures");
    expect((performance.now() - from) / 20).toBeGreaterThan(60);
    expect(visitor.messages.filter(({ kind }) => kind === "picture")).toEqual([]);
    expect(visitor.work).toMatchObject({ title: "Calibrating the leader", conversation: null });
    await later.ask("work/cancel");
    await visitor.until(() => visitor.work === undefined, "the end of it");
  });

  test("that is cancelled leaves the arm as it was, and says so", async () => {
    await using on = await stage();
    await untilSweep(on);
    expect(await on.page.ask("work/cancel")).toMatchObject({ done: true });
    expect(await on.page.untilEnded()).toEqual({
      outcome: "interrupted",
      text: 'cancelled — leader "leader": the calibration is as it was',
    });
    await nothingHeld(on.sim);
    expect(existsSync(fileOf(on.sim))).toBe(false);
  });

  test.each(["at the middle", "in the sweep"])(
    "whose board is pulled %s says so, and nothing is half-written",
    async (when) => {
      await using on = await stage();
      const { sim, page } = on;
      if (when === "in the sweep") await untilSweep(on);
      else {
        await page.ask("work", { what: "calibrate", arm: "leader" });
        await page.untilAsked(MIDDLE);
      }
      await sim.client.request({ do: "pull", arm: "leader" });
      if (when === "at the middle") await page.answer(true);
      const { outcome, text } = await page.untilEnded();
      expect(outcome).toBe("failed");
      expect(text).toMatch(/^leader "leader".*the arm's calibration is as it was/);
      await sim.client.request({ do: "plug", arm: "leader" });
      await nothingHeld(sim);
      expect(existsSync(fileOf(sim))).toBe(false);
    },
  );

  test("that the server's end cuts off leaves the arm as it was", async () => {
    await using on = await stage();
    await untilSweep(on);
    await on.web.stop();
    await nothingHeld(on.sim);
    expect(existsSync(fileOf(on.sim))).toBe(false);
  });
});

describe("a work with two arms that have their calibrations", () => {
  let on: Stage;
  beforeAll(async () => {
    on = await stage({ arms: "configured", motion: "still" });
  });
  afterAll(() => on[Symbol.asyncDispose]());
  const run = (order: object) => on.page.begin(order);

  test("pulls what the servos hold into the file, which is kept once the person agrees", async () => {
    const { sim, page } = on;
    const whole = await readFile(fileOf(sim), "utf8");
    await rm(fileOf(sim));
    await run({ what: "pull", arm: "leader" });
    expect(await page.untilEnded()).toEqual({ outcome: "done", text: "" });
    expect(await readFile(fileOf(sim), "utf8")).toBe(whole);

    const other = whole.replace(/"range_min": \d+/, '"range_min": 900');
    await writeFile(fileOf(sim), other);
    await run({ what: "pull", arm: "leader" });
    await page.untilAsked("has a calibration file that differs");
    await page.answer(false);
    expect((await page.untilEnded()).text).toBe('leader "leader": the file is as it was');
    expect(await readFile(fileOf(sim), "utf8")).toBe(other);
    await run({ what: "pull", arm: "leader" });
    await page.untilAsked("has a calibration file that differs");
    await page.answer(true);
    await page.untilEnded();
    expect(await readFile(fileOf(sim), "utf8")).toBe(whole);
  });

  test("applies the file to servos that differ, once the person agrees", async () => {
    const { sim, page } = on;
    const whole = await readFile(fileOf(sim), "utf8");
    await writeFile(fileOf(sim), whole.replace(/"homing_offset": -1281/, '"homing_offset": -1280'));
    await run({ what: "apply", arm: "leader" });
    await page.untilAsked("Write it?");
    expect(page.said).toContain("elbow_flex (id 3): homing_offset -1281 → -1280");
    await page.answer(true);
    expect((await page.untilEnded()).outcome).toBe("done");
    expect(await held(sim)).toEqual(inEeprom(readCalibration(fileOf(sim))));
    await run({ what: "undo", arm: "leader" });
    await page.untilEnded();
    expect(page.said).toContain("no calibration was cut off; there is nothing to undo");
  });

  test("compares both, and tells arms that do not agree from a work that failed", async () => {
    const { sim, page } = on;
    await run({ what: "compare" });
    await page.untilAsked("Do both arms stand in the same pose");
    await page.answer(true);
    await page.until(() => page.said.includes("The first pose is taken"), "the first pose");
    const { leader } = await sim.client.request({ do: "state" });
    for (const joint of JOINTS) {
      const position = leader.joints[joint].position + (joint === "gripper" ? 300 : -300);
      await sim.client.request({ do: "push", arm: "leader", joint, position, speed: 1_500 });
    }
    await atRest(sim);
    await page.untilAsked("Do both arms stand in the same pose");
    await page.answer(true);
    const { outcome } = await page.untilEnded();
    expect(outcome).toBe("faults");
    expect(page.said).toMatch(/fault: shoulder_pan.* of the two arms is apart by/);
  });

  test("lets an arm that holds its pose go on holding when nobody looks at the page any more", async () => {
    const { sim, page } = on;
    const torques = async () => {
      const { follower } = await sim.client.request({ do: "state" });
      return JOINTS.map((joint) => follower.joints[joint].energised);
    };
    await sim.client.request({ do: "registers", arm: "follower", values: { torque_enable: 1 } });
    await run({ what: "calibrate", arm: "follower" });
    await page.untilAsked("holds its pose. Keep a hand under it: may it be released?");
    expect((await page.untilEnded()).text).toMatch(
      /^nobody looks at the page — .*the calibration is as it was$/,
    );
    expect(await torques()).toEqual(JOINTS.map(() => true));
    await sim.client.request({ do: "registers", arm: "follower", values: { torque_enable: 0 } });
  });

  test.each(["compare", "apply"])("says which board was pulled in the middle of: %s", async (what) => {
    const { sim, page } = on;
    const whole = await readFile(fileOf(sim), "utf8");
    const other = whole.replace(/"homing_offset": -128\d/, '"homing_offset": -1279');
    if (what === "apply") await writeFile(fileOf(sim), other);
    const before = await held(sim);
    await run({ what, ...(what === "apply" && { arm: "leader" }) });
    await page.untilAsked(what === "apply" ? "Write it?" : "Do both arms stand in the same pose");
    await sim.client.request({ do: "pull", arm: "leader" });
    await page.answer(true);
    const { outcome, text } = await page.untilEnded();
    await sim.client.request({ do: "plug", arm: "leader" });
    expect(outcome).toBe("failed");
    expect(text).toMatch(/^leader "leader".* went away: the board was unplugged/);
    expect(await held(sim)).toEqual(before);
    expect(await readFile(fileOf(sim), "utf8")).toBe(what === "apply" ? other : whole);
    await writeFile(fileOf(sim), whole);
  });

  test("is one at a time: who presses second is told what goes on, and whose answer comes second that it was given", async () => {
    const { web, page } = on;
    const other = await web.page();
    await run({ what: "compare" });
    await other.untilAsked("Do both arms stand in the same pose");
    expect(await other.ask("work", { what: "pull", arm: "leader" })).toEqual({
      status: 409,
      done: false,
      text: "Comparing the two arms goes on, on this or another page: wait until it has ended, or cancel it there.",
    });
    const id = other.work!.conversation!.question!.id;
    const [first, second] = await Promise.all([
      page.ask("work/answer", { question: id, value: true }),
      other.ask("work/answer", { question: id, value: false }),
    ]);
    expect([first.status, second.status].toSorted()).toEqual([200, 409]);
    expect([first, second].find(({ done }) => !done)?.text).toMatch(/^That is not asked any more/);
    const isNext = () => (page.work?.conversation?.question?.id ?? id) !== id;
    await page.until(isNext, "the next question");
    expect(await page.answer("maybe")).toMatchObject({
      status: 409,
      text: "That is no answer to what is asked.",
    });
    expect(await other.ask("work/cancel")).toMatchObject({ status: 200 });
    await page.untilEnded();
    expect(await page.ask("work/cancel")).toMatchObject({ status: 409 });
  });

  test("is begun, answered and cancelled by claimed pages alone, with what it takes and no more", async () => {
    const { web, page } = on;
    const visitor = await web.page("unclaimed");
    const pull = { what: "pull", arm: "leader" };
    for (const path of ["work", "work/import?arm=leader&name=a.json", "work/answer", "work/cancel"]) {
      expect((await visitor.ask(path, pull)).status).toBe(403);
    }
    const wrong = [
      { what: "drive", arm: "leader" },
      { what: "pull", arm: "both" },
      { what: "pull" },
      { ...pull, port: "/dev/ttyUSB0" },
      { what: "calibrate", arm: "leader", joint: "elbow" },
      { what: "setup-motors", arm: "leader", restart: "yes" },
      { what: "park" },
      [],
    ];
    for (const order of wrong) expect((await page.ask("work", order)).status).toBe(400);
    expect((await page.ask("work", "no JSON")).status).toBe(400);
    expect(await page.ask("work", { what: "park", page: "somebody's" })).toMatchObject({
      status: 409,
      text: expect.stringContaining("takes an open page that hears the machine"),
    });
    expect(await page.ask("work", { what: "park", page: visitor.id })).toMatchObject({ status: 409 });
    page.send("here");
    visitor.send("rubbish");
    await visitor.until(() => visitor.isClosed, "a closed connection");
    expect(page.isClosed).toBe(false);
  });

  test("says that no service runs where parking takes one", async () => {
    const { page } = on;
    page.stayHere();
    await page.begin({ what: "park", page: page.id });
    const { outcome, text } = await page.untilEnded();
    page.silence();
    expect(outcome).toBe("failed");
    expect(text).toMatch(/^the service does not run/);
  });

  test("takes the pose in which the follower lies into the configuration", async () => {
    const { sim, page } = on;
    await run({ what: "take-pose" });
    expect(await page.untilEnded()).toEqual({ outcome: "done", text: "" });
    expect(await readFile(join(sim.dir, "pair.toml"), "utf8")).toMatch(/\[park\]\nshoulder_pan = /);
  });
});

describe("setting servos up on the page", () => {
  /** New servos, all with id 1; only `connected` ones are on the line. */
  async function connect({ client }: RunningSim, ...connected: JointName[]) {
    for (const joint of JOINTS) {
      await client.request({ do: "silent", arm: "leader", joint, on: !connected.includes(joint) });
    }
  }

  test("shows which is next, survives a board that is pulled, and goes on where it was ended", async () => {
    await using on = await stage();
    const { sim, page } = on;
    await sim.client.request({ do: "registers", arm: "leader", values: { id: 1 } });
    await connect(sim);
    const begin = () => page.begin({ what: "setup-motors", arm: "leader" });
    await begin();
    await page.untilAsked("Connect the servo for gripper (id 6)");
    const stateOf = (joint: JointName) => {
      const { picture } = page.work!.conversation!;
      return picture?.kind === "setup" && picture.joints.find((one) => one.joint === joint)?.state;
    };
    expect([stateOf("gripper"), stateOf("wrist_roll")]).toEqual(["now", "to do"]);
    await page.answer(true);
    await page.until(() => page.said.includes("no servo answers at any speed"), "that nothing is connected");
    await page.untilAsked("Connect the servo for gripper (id 6)");
    await sim.client.request({ do: "pull", arm: "leader" });
    await page.answer(true);
    await page.until(() => page.said.includes("plug it in again; it goes on then"), "that the board is gone");
    await connect(sim, "gripper");
    await sim.client.request({ do: "plug", arm: "leader" });
    await page.untilAsked("Connect the servo for wrist_roll (id 5)");
    expect(page.said).toContain("gripper (id 6) is set up; it had id 1");
    await page.ask("work/cancel");
    expect(await page.untilEnded()).toEqual({ outcome: "interrupted", text: "cancelled" });

    await begin();
    await page.until(() => page.said.includes("gripper were set up before"), "what was done before");
    await page.until(
      () => stateOf("gripper") === "done" && stateOf("wrist_roll") === "now",
      "the next servo",
    );
    await page.ask("work/cancel");
  });
});
