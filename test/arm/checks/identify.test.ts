import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatCalibration } from "../../../src/arm/calibration/calibration.ts";
import { CalibrationStore } from "../../../src/arm/calibration/store.ts";
import { identifyArm } from "../../../src/arm/checks/identify.ts";
import { armImages, calibrations } from "../arms.ts";

let root: string;
let store: CalibrationStore;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "so101-identify-"));
  store = new CalibrationStore(root);
});
afterEach(() => rmSync(root, { recursive: true }));

test("an arm is whoever's calibration it holds, in either generation's folder", () => {
  store.save({ role: "leader", id: "blue" }, calibrations.leader);
  mkdirSync(join(root, "robots/so_follower"), { recursive: true });
  writeFileSync(join(root, "robots/so_follower/red.json"), formatCalibration(calibrations.follower));
  const identify = (role: "leader" | "follower") => identifyArm(store, armImages(role, calibrations[role]));
  expect(identify("leader")).toEqual([{ role: "leader", id: "blue" }]);
  expect(identify("follower")).toEqual([{ role: "follower", id: "red" }]);
});

test("joints that do not answer are left out of it; none at all is nobody", () => {
  store.save({ role: "leader", id: "blue" }, calibrations.leader);
  const images = armImages("leader", calibrations.leader);
  expect(identifyArm(store, [null, null, ...images.slice(2)])).toEqual([{ role: "leader", id: "blue" }]);
  expect(
    identifyArm(
      store,
      images.map(() => null),
    ),
  ).toEqual([]);
});

test("files that are no calibrations, and folders that are not there, are nobody's", () => {
  mkdirSync(join(root, "teleoperators/so101_leader"), { recursive: true });
  writeFileSync(join(root, "teleoperators/so101_leader/bad.json"), "{");
  writeFileSync(
    join(root, "teleoperators/so101_leader/blue.json.old"),
    formatCalibration(calibrations.leader),
  );
  expect(identifyArm(store, armImages("leader", calibrations.leader))).toEqual([]);
});
