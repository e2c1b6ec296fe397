/** Setting a pair up, from boards that nobody has named, with a person whose part a test plays. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { ROLES, type Role } from "../../../src/arm/joints.ts";
import { moveLeader, poseBoth } from "../../../src/sim/testing/hands.ts";
import type { RunningSim } from "../../../src/sim/testing/start.ts";
import { startSim } from "../../../src/sim/testing/start.ts";
import { Compared } from "../../../src/web/set-up/compared.ts";
import { HandedFiles } from "../../../src/web/set-up/handed-files.ts";
import type { SetUpPlace } from "../../../src/web/set-up/place.ts";
import { simulatedBoards, simulatedNaming } from "../../../src/web/set-up/simulated-boards.ts";
import { look } from "../../../src/web/set-up/view.ts";
import { setUp } from "../../../src/web/set-up/wizard.ts";
import { Interrupted } from "../../../src/workflows/errors.ts";
import { ScriptedOperator } from "../../support/scripted-operator.ts";
import { fileOf, held, inEeprom } from "../../support/simulated-arms.ts";

setDefaultTimeout(60_000);

const opened: RunningSim[] = [];

async function place(sim: RunningSim, moreConfig: readonly string[] = []): Promise<SetUpPlace> {
  opened.push(sim);
  const config = join(sim.dir, "config.toml");
  await Bun.write(
    config,
    [
      `calibration_dir = "${sim.paths.calibration}"`,
      ...["leader", "follower"].map((role) => `[${role}]\nport = "${join(sim.dir, role)}"\nid = "${role}"`),
      ...moreConfig,
    ].join("\n"),
  );
  return {
    pair: "main",
    sockets: [join(sim.dir, "control.sock")],
    choice: { config },
    boards: simulatedBoards(sim.dir),
    naming: simulatedNaming(sim.dir),
    compared: new Compared(sim.dir),
    files: new HandedFiles(),
  };
}

afterAll(async () => {
  for (const sim of opened) await sim.stop();
});

const statesOf = ({ steps }: Awaited<ReturnType<typeof look>>) =>
  Object.fromEntries(steps.map(({ step, state }) => [step, state]));

/** Ends the wizard where the two arms are to be compared: what is before that is what a test is about. */
const untilPoses = (question: string) => (question.startsWith("Do both arms stand") ? "cancel" : true);

/** Nobody teleoperates these arms, and nobody shall. */
const notTheService = (question: string) => !question.startsWith("The service of these arms does not run");

/** The calibration files of simulated arms, as LeRobot has them on another computer. */
async function filesElsewhere(): Promise<Record<Role, Buffer>> {
  await using sim = await startSim({ arms: "calibrated", motion: "still" });
  const [leader, follower] = await Promise.all(
    ROLES.map(async (role) => Buffer.from(await Bun.file(fileOf(sim, role)).bytes())),
  );
  return { leader: leader!, follower: follower! };
}

/** Waits until something is true. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await Bun.sleep(20);
}

test("arms that carry their calibration are set up by a motion and two poses", async () => {
  const sim = await startSim({ arms: "configured", boards: "new", motion: "still" });
  const where = await place(sim);
  expect(statesOf(await look(where, undefined))).toMatchObject({ boards: "now", calibrations: "to do" });
  const doing: Promise<unknown>[] = [];
  const operator = new ScriptedOperator({
    answer: notTheService,
    hears(message) {
      if (message.startsWith("Move the leader")) doing.push(moveLeader(sim));
      if (message.startsWith("Second pose")) doing.push(poseBoth(sim, 0.7));
      if (message.startsWith("First pose")) doing.push(poseBoth(sim, 0.3));
    },
  });
  const outcome = await setUp(where, "move", operator);
  await Promise.all(doing);
  expect([outcome, operator.heard.filter((line) => line.startsWith("fault"))]).toEqual(["done", []]);
  // Nothing but this is asked: what can be found out is.
  expect(new Set(operator.asked.filter(notTheService))).toEqual(
    new Set(["Do both arms stand in the same pose, and still?"]),
  );
  expect(statesOf(await look(where, undefined))).toMatchObject({
    ...{ boards: "done", calibrations: "done", compare: "done" },
  });
  // Done once is done: nobody is asked for anything again.
  const again = new ScriptedOperator({ answer: notTheService });
  expect(await setUp(where, "move", again)).toBe("done");
  expect([again.asked.filter(notTheService), again.heard.length]).toEqual([[], 1]);
});

test("waits for boards that are not there, and says what is missing", async () => {
  const sim = await startSim({ arms: "configured", boards: "new", motion: "still" });
  const where = await place(sim);
  for (const arm of ROLES) await sim.client.request({ do: "pull", arm });
  expect((await look(where, undefined)).boards).toEqual([]);
  const said = (text: string) => operator.heard.some((line) => line.includes(text));
  const operator = new ScriptedOperator({
    answer: untilPoses,
    hears: (message) => message.startsWith("Move the leader") && moveLeader(sim),
  });
  const going = setUp(where, "move", operator);
  await until(() => operator.heard.length > 0);
  await sim.client.request({ do: "plug", arm: "leader" });
  await until(() =>
    said("Only one board is plugged in, USB Single Serial 5AB9067929 — plug in the other arm's too"),
  );
  await sim.client.request({ do: "plug", arm: "follower" });
  expect(going).rejects.toThrow(Interrupted);
  await going.catch(() => {});
  expect(said("Both boards have their names.")).toBe(true);
});

test("boards without serial numbers are told by their cables, and known by their sockets, which is said", async () => {
  const sim = await startSim({ arms: "configured", boards: "equal", motion: "still" });
  const where = await place(sim);
  const operator = new ScriptedOperator({
    answer: untilPoses,
    hears(message) {
      // Slowly, as a person does: what is asked for next must be listened for already.
      if (message.startsWith("Unplug the USB cable of the leader")) void replug(sim, "leader");
    },
  });
  await setUp(where, "unplug", operator).catch(() => {});
  expect(operator.heard).toContain("done: Both boards have their names.");
  const warned = operator.heard.filter((line) => line.includes("Always plug it in there"));
  expect(warned).toHaveLength(2);
  const { boards } = await look(where, undefined);
  expect(boards.map(({ arm }) => arm)).toEqual(["leader", "follower"]);
});

async function replug({ client }: RunningSim, arm: Role): Promise<void> {
  await Bun.sleep(300);
  await client.request({ do: "pull", arm });
  await Bun.sleep(600);
  await client.request({ do: "plug", arm });
}

test("new arms get their calibrations from files that are handed over; what is none is refused, and asked for again", async () => {
  const files = await filesElsewhere();
  const sim = await startSim({ arms: "new", boards: "new", motion: "still" });
  const where = await place(sim);
  const operator = new ScriptedOperator({
    answer: untilPoses,
    choose: () => "file",
    hears(message) {
      if (message.startsWith("Move the leader")) void moveLeader(sim);
      const [, role] = /^Pick the calibration file of the (leader|follower)/.exec(message) ?? [];
      if (role === undefined) return;
      setTimeout(() => {
        expect(where.files.hand(role === "leader" ? "follower" : "leader", none)).toBe(false);
        expect(where.files.hand(role as Role, none)).toBe(true);
      });
    },
  });
  const none = { path: "info.json", bytes: Buffer.from('{"codebase_version": "v3.0"}') };
  const going = setUp(where, "move", operator).catch(() => {});
  for (const role of ROLES) {
    await until(
      () => operator.heard.filter((line) => line.includes("Pick another file")).length > ROLES.indexOf(role),
    );
    await until(() => where.files.awaited === role);
    where.files.hand(role, { path: `${role}.json`, bytes: files[role] });
  }
  await going;
  for (const role of ROLES) {
    const calibration = JSON.parse(files[role].toString());
    expect(await held(sim, role)).toEqual(inEeprom(calibration));
    expect(JSON.parse(await Bun.file(fileOf(sim, role)).text())).toEqual(calibration);
  }
});

test("a board that is pulled in a step is asked for, and the step begins again when it is back", async () => {
  const sim = await startSim({ arms: "configured", boards: "new", motion: "still" });
  const where = await place(sim);
  let poses = 0;
  const operator = new ScriptedOperator({
    answer: (question) => (poses === 2 ? untilPoses(question) : true),
    hears(message) {
      if (message.startsWith("Move the leader")) void moveLeader(sim);
      if (message.startsWith("First pose") && ++poses === 1)
        void sim.client.request({ do: "pull", arm: "follower" });
      if (message.startsWith("Not plugged in: the board of the follower")) {
        setTimeout(() => void sim.client.request({ do: "plug", arm: "follower" }), 200);
      }
    },
  });
  await setUp(where, "move", operator).catch(() => {});
  expect([poses, operator.heard.at(-2)]).toEqual([2, "info: Both boards are there: this step begins again."]);
  expect(statesOf(await look(where, undefined))).toMatchObject({ calibrations: "done", compare: "now" });
});

const ALONE = {
  leader: ["[network]", 'broker = "mqtt://desk"', 'arms = "leader"'],
  follower: ["[network]", 'broker = "mqtt://desk"', 'arms = "follower"', 'remote_leader = "desk/main"'],
} as const;

test.each(["leader", "follower"] as const)("a %s alone is set up without the other arm", async (role) => {
  const sim = await startSim({ arms: "calibrated", boards: "named", motion: "still" });
  const here = await place(sim, ALONE[role]);
  const found = await look(here, undefined);
  expect(found.arms).toEqual([role]);
  // Nothing is compared with an arm that is elsewhere.
  expect(statesOf(found)).toEqual({ boards: "done", servos: "done", calibrations: "done", follow: "now" });
  expect(found.steps.map(({ text }) => text).join(" ")).not.toMatch(/[Bb]oth arms/);
  const operator = new ScriptedOperator({ answer: notTheService });
  expect(await setUp(here, "move", operator)).toBe("done");
  const other = role === "leader" ? "follower" : "leader";
  expect(operator.heard.join("\n")).toContain(`The ${role} is set up.`);
  expect(operator.heard.join("\n")).not.toContain(`the ${other}'s board`);
});

test("a leader alone whose port leads nowhere is told how its board is found", async () => {
  const sim = await startSim({ arms: "calibrated", boards: "new", motion: "still" });
  const here = await place(sim, ALONE.leader);
  const [boards] = (await look(here, undefined)).steps;
  expect(boards).toMatchObject({ step: "boards", state: "now" });
  expect(boards!.text).toContain("have leader.port be");
});
