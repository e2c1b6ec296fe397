/** What may change between the question and the answer. */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Calibration } from "../../../src/arm/calibration/calibration.ts";
import { numbersOf } from "../../../src/arm/calibration/numbers.ts";
import { JOINTS } from "../../../src/arm/joints.ts";
import { DatasetWriter } from "../../../src/dataset/writer.ts";
import { steps } from "../../../src/feetech/units.ts";
import { replay } from "../../../src/workflows/replay/replay.ts";
import fixture from "../../fixtures/lerobot-mapping.json";
import { ScriptedOperator } from "../../support/scripted-operator.ts";
import { type StatedService, stateService } from "../../support/stated-service.ts";
import { aStatus } from "../../support/status.ts";

const calibration = fixture.cases[0]!.follower as Calibration;

const LENGTH = 10;

let root: string;
let socket: string;
let dataset: string;
let service: StatedService;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "so101-replay-"));
  socket = join(root, "control.sock");
  dataset = join(root, "set");
  const writer = await DatasetWriter.create(dataset, { fps: 30, units: "degrees" });
  const action = new Float32Array(LENGTH * JOINTS.length);
  await writer.saveEpisode({ task: "Wait", frames: { action, state: action, length: LENGTH }, gaps: [] });
  await writer.close();
  service = await stateService(socket, { ...aStatus, mode: "running" });
});
afterAll(() => {
  service[Symbol.dispose]();
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  service.arms = { ...service.arms, follower: { id: "follower", joints: numbersOf(calibration) } };
});

/** Why it came to nothing, where this happens while the person is asked. */
async function outcomeOf(meanwhile: () => void): Promise<string> {
  const operator = new ScriptedOperator({
    answer() {
      meanwhile();
      return true;
    },
  });
  return await replay([socket], { dir: dataset, episode: 0 }, operator).then(
    () => "it was replayed",
    (error) => String(error.message),
  );
}

test("a follower that is calibrated while the question is there is not driven to poses of its calibration before", async () => {
  const { elbow_flex } = calibration;
  const anew = {
    ...calibration,
    elbow_flex: { ...elbow_flex, homing_offset: steps(elbow_flex.homing_offset + 100) },
  };
  const calibrate = () => {
    service.arms = { ...service.arms, follower: { id: "follower", joints: numbersOf(anew) } };
  };
  expect(await outcomeOf(calibrate)).toContain(
    'follower "follower" is not calibrated as it was when that was asked',
  );
  expect(service.asked).not.toContain("drive");
});

test("one whose calibration is as it was is driven once the person agrees", async () => {
  await outcomeOf(() => {});
  expect(service.asked).toContain("drive");
});
