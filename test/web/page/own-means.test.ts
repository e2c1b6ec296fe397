/** What the page says in the place of a terminal's commands. */
import { expect, test } from "bun:test";
import { COMMAND_NAMES, command } from "../../../src/messages/audience.ts";
import { sayProblem } from "../../../src/messages/problems.ts";
import { byOwnMeans } from "../../../src/web/page/own-means.ts";

const reader = {
  ...{ pair: "left", config: "/home/a b/it's.toml", socket: "/run/x.sock", calibrationDir: "/c" },
  arms: { leader: { port: "/dev/ttyACM0", id: "leader" } },
};

test("a command that the page has a button for is that button; any other stays as it is", () => {
  const kept = COMMAND_NAMES.filter((name) => {
    const line = command(reader, name, "leader");
    const said = [`do "${line}" first`, `plug both in, then: ${line}`].map(byOwnMeans);
    return said.filter((text) => text.includes("so101")).length === 2;
  });
  expect(kept.toSorted()).toEqual(["calibration show", "relax", "teleoperate"]);
  const stays = `run "${command(reader, "teleoperate")}", or: sudo so101 install`;
  expect(byOwnMeans(stays)).toBe(stays);
});

test("what was paused goes on with Resume", () => {
  const why = sayProblem({ code: "pair.paused", stage: "holding" }, reader);
  expect(byOwnMeans(why)).toBe("paused, as was asked: press “Resume” to go on");
  expect(byOwnMeans(command(reader, "resume"))).toBe("press “Resume”");
});

test("a joint alone, and each of several commands in one sentence", () => {
  const one = command(reader, "calibrate", "leader", "--joint", "gripper");
  const pull = command(reader, "calibration pull", "leader");
  expect(byOwnMeans(`read it with "${pull}", or make one with "${one}"`)).toBe(
    "read it with “From its own servos” (Set up), or make one with “Calibrate gripper alone” (Set up)",
  );
});
