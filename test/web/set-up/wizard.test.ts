/** Setting a pair up, from boards that nobody has named, with a person whose part a test plays. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { RunningSim } from "../../../src/sim/testing/start.ts";
import { startSim } from "../../../src/sim/testing/start.ts";
import { Compared } from "../../../src/web/set-up/compared.ts";
import { HandedFiles } from "../../../src/web/set-up/handed-files.ts";
import type { SetUpPlace } from "../../../src/web/set-up/place.ts";
import { simulatedBoards, simulatedNaming } from "../../../src/web/set-up/simulated-boards.ts";
import { look } from "../../../src/web/set-up/view.ts";
import { setUp } from "../../../src/web/set-up/wizard.ts";
import { moveLeader, poseBoth } from "../../support/hands.ts";
import { ScriptedOperator } from "../../support/scripted-operator.ts";

setDefaultTimeout(60_000);

const opened: RunningSim[] = [];

async function place(sim: RunningSim): Promise<SetUpPlace> {
  opened.push(sim);
  const config = join(sim.dir, "config.toml");
  await Bun.write(
    config,
    [
      `calibration_dir = "${sim.paths.calibration}"`,
      ...["leader", "follower"].map((role) => `[${role}]\nport = "${join(sim.dir, role)}"\nid = "${role}"`),
    ].join("\n"),
  );
  return {
    pair: "main",
    sockets: [join(sim.dir, "control.sock")],
    choice: { config },
    boards: simulatedBoards(sim.dir),
    naming: simulatedNaming(sim.dir),
    compared: new Compared(join(sim.dir, "compared.json")),
    files: new HandedFiles(),
  };
}

afterAll(async () => {
  for (const sim of opened) await sim.stop();
});

const statesOf = ({ steps }: Awaited<ReturnType<typeof look>>) =>
  Object.fromEntries(steps.map(({ step, state }) => [step, state]));

test("arms that carry their calibration are set up by a motion and two poses", async () => {
  const sim = await startSim({ arms: "configured", boards: "new", motion: "still" });
  const where = await place(sim);
  expect(statesOf(await look(where, undefined))).toMatchObject({ boards: "now", calibrations: "to do" });
  const doing: Promise<unknown>[] = [];
  const operator = new ScriptedOperator({
    hears(message) {
      if (message.startsWith("Move the leader")) doing.push(moveLeader(sim));
      if (message.startsWith("Second pose")) doing.push(poseBoth(sim, 0.7));
      if (message.startsWith("First pose")) doing.push(poseBoth(sim, 0.3));
    },
  });
  const outcome = await setUp(where, "move", operator);
  await Promise.all(doing);
  expect([outcome, operator.heard.filter((line) => /^(warning|fault)/.test(line))]).toEqual(["done", []]);
  expect(operator.asked).toEqual(["Do both arms stand in the same pose, and still?"]);
  expect(statesOf(await look(where, undefined))).toMatchObject({
    ...{ boards: "done", calibrations: "done", compare: "done" },
  });
});
