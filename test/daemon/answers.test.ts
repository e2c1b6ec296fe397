/** What the control thread asks, answered from real files and a real port. */
import { afterEach, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CalibrationError } from "../../src/arm/calibration/error.ts";
import { CalibrationStore } from "../../src/arm/calibration/store.ts";
import { ROLES } from "../../src/arm/joints.ts";
import { defaultConfig } from "../../src/config/config.ts";
import { answersFor } from "../../src/daemon/answers.ts";
import { pairSettings } from "../../src/daemon/settings/pair-settings.ts";
import { systemClock } from "../../src/linux/clock.ts";
import { createMemory, openMemory } from "../../src/teleop/shared/control-memory.ts";
import { calibrations } from "../arm/arms.ts";
import { atEnd, cleanUp, newBoard, newFolder } from "../support/ports.ts";

afterEach(cleanUp);

/** The control thread's side of a pair whose calibrations are in a folder, and whose follower is on a port. */
function asking(calibrationDir: string, port = "/dev/ttySO101") {
  const main = createMemory();
  const arms = { leader: { port: "/dev/ttySO101", id: "me" }, follower: { port, id: "me" } };
  const answer = answersFor({ ...pairSettings(defaultConfig), arms, calibrationDir }, main);
  return openMemory(main.buffer, answer).questions;
}

/** What the files say now. */
function filesIn(questions: ReturnType<typeof asking>) {
  questions.askForFiles();
  return questions.takeFiles(systemClock, 0)!;
}

test("calibrations are what is on disk each time that it is asked, or what is wrong with them", () => {
  const root = newFolder();
  const store = new CalibrationStore(root);
  const questions = asking(root);
  expect(filesIn(questions).leader.calibration).toMatchObject({ problem: { kind: "missing" } });
  for (const role of ROLES) store.save({ role, id: "me" }, calibrations[role]);
  const { leader, follower } = filesIn(questions);
  expect(leader).toEqual({
    calibration: calibrations.leader,
    file: store.fileOf({ role: "leader", id: "me" })!,
  });
  expect(follower.calibration).toEqual(calibrations.follower);
  writeFileSync(store.find({ role: "leader", id: "me" }), "{");
  store.keepBeside({ role: "follower", id: "me" }, ".unfinished", "?");
  const spoilt = filesIn(questions);
  expect(spoilt.leader.calibration).toBeInstanceOf(CalibrationError);
  expect(spoilt.leader.calibration).toMatchObject({ problem: { kind: "invalid" } });
  expect(spoilt.follower).toMatchObject({
    calibration: calibrations.follower,
    unfinished: { kind: "unreadable", arm: { role: "follower", id: "me" } },
  });
});

test("two files of one arm that differ are told as such, with which can be none", () => {
  const root = newFolder();
  new CalibrationStore(root).save({ role: "leader", id: "me" }, calibrations.leader);
  const other = newFolder();
  mkdirSync(join(other, "teleoperators/so101_leader"), { recursive: true });
  mkdirSync(join(other, "teleoperators/so_leader"));
  const text = JSON.stringify(calibrations.leader);
  writeFileSync(join(other, "teleoperators/so101_leader/me.json"), text);
  writeFileSync(join(other, "teleoperators/so_leader/me.json"), text.replace('"id":1', '"id":9'));
  expect(filesIn(asking(other)).leader.calibration).toMatchObject({
    problem: { kind: "ambiguous", unusable: join(other, "teleoperators/so_leader/me.json") },
  });
});

test("who has a port is told by name, and asked anew once it was", async () => {
  const board = newBoard();
  const questions = asking("/nowhere", board.path);
  const look = async () => {
    let found = questions.lookAtPort("follower", systemClock, 0);
    while (found === undefined) {
      await new Promise(setImmediate);
      found = questions.lookAtPort("follower", systemClock, 0);
    }
    return found;
  };
  expect(await look()).toEqual({ isTaken: false });
  const other = Bun.spawn(["sleep", "60"], { stdin: Bun.file(board.path) });
  atEnd(() => other.kill());
  expect(await look()).toEqual({ isTaken: true, owner: { pid: other.pid, name: "sleep" } });
  other.kill();
  await other.exited;
  expect(await look()).toEqual({ isTaken: false });
});
