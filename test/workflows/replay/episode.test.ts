/** Which episodes can be replayed, and what is said of the others. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NormalisationMode } from "../../../src/arm/calibration/normalisation.ts";
import { JOINTS } from "../../../src/arm/joints.ts";
import { DatasetWriter } from "../../../src/dataset/writer.ts";
import { sayError } from "../../../src/messages/problems.ts";
import { UsageError } from "../../../src/workflows/errors.ts";
import { episodeFor } from "../../../src/workflows/replay/episode.ts";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "so101-replay-"));
});
afterAll(() => rmSync(root, { recursive: true }));

const LENGTH = 10;
/** Ten frames in which every joint is at `value`, but the gripper, which is half open. */
const framesAt = (value: number) => {
  const action = Float32Array.from({ length: LENGTH * JOINTS.length }, (_, index) =>
    index % JOINTS.length === JOINTS.indexOf("gripper") ? 50 : value,
  );
  return { action, state: action, length: LENGTH };
};

let made = 0;
/** A dataset with an episode for each of these values. */
async function dataset(units: NormalisationMode, ...values: readonly number[]): Promise<string> {
  const dir = join(root, `set-${made++}`);
  const writer = await DatasetWriter.create(dir, { fps: 30, units });
  for (const value of values) {
    const gaps = value === 7 ? [{ from: 3, frames: 2 }] : [];
    await writer.saveEpisode({ task: "Wave", frames: framesAt(value), gaps });
  }
  await writer.close();
  return dir;
}

/** Changes what a dataset says of itself. */
function changeInfo(dir: string, change: (info: Record<string, unknown>) => void): void {
  const path = join(dir, "meta/info.json");
  const info = JSON.parse(readFileSync(path, "utf8"));
  change(info);
  writeFileSync(path, JSON.stringify(info));
}

const withoutCard = (dir: string) => rmSync(join(dir, "README.md"));

/** What is said, and whether it is wrong usage. */
async function refusal(dir: string, episode = 0, units?: NormalisationMode) {
  const error = await episodeFor({ dir, episode, units }).then(
    () => undefined,
    (thrown) => thrown,
  );
  return { says: error && sayError(error, {}).replaceAll(dir, "DIR"), isUsage: error instanceof UsageError };
}

test("an episode of ours comes with its units, rate, task and what was lost of it", async () => {
  const dir = await dataset("degrees", 20, 7);
  expect(await episodeFor({ dir, episode: 1 })).toEqual({
    ...{ fps: 30, frames: LENGTH, units: "degrees", tasks: ["Wave"], lost: 2 },
    actions: framesAt(7).action,
  });
  expect(await episodeFor({ dir, episode: 0, units: "degrees" })).toMatchObject({ lost: 0 });
});

test("one of LeRobot's that does not say its units is taken in those that are given, and in no others", async () => {
  const dir = await dataset("range", 20);
  withoutCard(dir);
  const { says, isUsage } = await refusal(dir);
  expect({ says, isUsage }).toEqual({
    says:
      'nothing in DIR says what its values are, and wrong units move the arm wrongly — give "--units degrees" where it was ' +
      'recorded with LeRobot 0.4.4 or later, "--units range" where with an older one or with use_degrees=false',
    isUsage: true,
  });
  expect(await episodeFor({ dir, episode: 0, units: "range" })).toMatchObject({ units: "range" });
  expect(await episodeFor({ dir, episode: 0, units: "degrees" })).toMatchObject({ units: "degrees" });
});

test("who says other units than the card is told so", async () => {
  const { says, isUsage } = await refusal(await dataset("degrees", 20), 0, "range");
  expect(isUsage).toBe(true);
  expect(says).toContain('the card of DIR says that its values are degrees — leave "--units range" out');
});

test("values that cannot be of the units are found before anything moves", async () => {
  const dir = await dataset("degrees", 20, -118);
  withoutCard(dir);
  expect((await refusal(dir, 1, "range")).says).toBe(
    "frame 0 of episode 1 of DIR sends shoulder_pan to -118: that is not in percent of the calibrated range (-100 to 100) — " +
      'if its values are degrees, give "--units degrees"',
  );
  expect((await refusal(await dataset("range", 118))).says).toEndWith(' — see "so101 dataset check DIR"');
});

test.each<[string, (dir: string) => void, string]>([
  [
    "of another robot",
    (dir) => changeInfo(dir, (info) => (info.robot_type = "koch_follower")),
    "with another robot, koch_follower",
  ],
  [
    "of a bimanual robot",
    (dir) => changeInfo(dir, (info) => (info.robot_type = "bi_so_follower")),
    "with another robot, bi_so_follower",
  ],
  [
    "with other joints",
    (dir) =>
      changeInfo(dir, ({ features }) => {
        const { action } = features as { action: { names: string[] } };
        action.names = action.names.map((name) => `left_${name}`);
      }),
    "has other joints (left_shoulder_pan.pos, ",
  ],
  [
    "with its joints in another order",
    (dir) =>
      changeInfo(dir, ({ features }) => (features as { action: { names: string[] } }).action.names.reverse()),
    "has other joints (gripper.pos, ",
  ],
  [
    "with too many frames a second",
    (dir) => changeInfo(dir, (info) => (info.fps = 90_000)),
    "90000 frames a second",
  ],
  [
    "with no frames a second",
    (dir) => changeInfo(dir, (info) => (info.fps = 0)),
    "info.json is damaged: fps",
  ],
  [
    "with half a frame a second",
    (dir) => changeInfo(dir, (info) => (info.fps = 0.5)),
    "info.json is damaged: fps",
  ],
  [
    "of version 2",
    (dir) => changeInfo(dir, (info) => (info.codebase_version = "v2.1")),
    "of version v2.1, and only version 3",
  ],
  [
    "whose information is no JSON",
    (dir) => writeFileSync(join(dir, "meta/info.json"), "no"),
    "it is not JSON",
  ],
  ["whose frames are gone", (dir) => rmSync(join(dir, "data"), { recursive: true }), "it is not there"],
  [
    "without actions",
    (dir) => changeInfo(dir, ({ features }) => delete (features as Record<string, unknown>).action),
    "has other joints (none that have names)",
  ],
  [
    "with fewer numbers than joints",
    (dir) =>
      changeInfo(dir, ({ features }) => {
        (features as { action: { shape: number[] } }).action.shape = [5];
      }),
    "has other joints (shoulder_pan.pos, ",
  ],
])("a dataset %s is refused with what it is", async (_, spoil, words) => {
  const dir = await dataset("range", 20);
  spoil(dir);
  expect(await refusal(dir)).toEqual({ says: expect.stringContaining(words), isUsage: false });
});

test("an episode that there is not is told with those that there are; what is no dataset is called so", async () => {
  expect((await refusal(await dataset("range", 20, 30), 2)).says).toBe(
    "DIR has no episode 2 — it has those from 0 to 1",
  );
  expect((await refusal(join(root, "nowhere"))).says).toStartWith("there is no dataset at DIR");
  mkdirSync(join(root, "other"));
  expect((await refusal(join(root, "other"))).says).toStartWith("DIR is no dataset");
});
