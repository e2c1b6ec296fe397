import { expect, test } from "bun:test";
import type { Finding } from "../../src/dataset/check/finding.ts";
import { DatasetError, type DatasetProblem } from "../../src/dataset/problem.ts";
import { sayFinding } from "../../src/messages/findings.ts";
import { sayError } from "../../src/messages/problems.ts";

const dir = "/data/my set";
const path = `${dir}/meta/info.json`;
const said = (problem: DatasetProblem) => sayError(new DatasetError(problem), {});

test.each([
  [{ kind: "missing", dir }, "there is no dataset at /data/my set — check the path"],
  [{ kind: "dataset there", dir }, "— give --resume to go on with it, or name another folder"],
  [
    { kind: "not empty", dir, example: "a.txt" },
    "has something else in it (a.txt) — name a folder that is not there, or is empty",
  ],
  [{ kind: "version", dir, version: "v2.1" }, "have LeRobot convert it on its workstation"],
  [{ kind: "version", dir, version: "v4.0" }, "a newer so101 may know it"],
  [{ kind: "damaged", dir, path, fact: "it is not JSON" }, `or see "so101 dataset check '/data/my set'"`],
  [
    { kind: "full", dir, path },
    "the running episode is given up, and all that were saved are as they were — make room",
  ],
  [{ kind: "taken", dir }, "another program records into /data/my set, or repairs it — end that one first"],
  [{ kind: "changed", dir }, "nothing was changed — end that program, then go on with --resume"],
  [
    { kind: "other fps", dir, has: 30, wanted: 50 },
    "has 30 frames a second, and 50 are asked for — give --fps 30",
  ],
  [
    { kind: "other units", dir, has: "range", wanted: "degrees" },
    'set normalisation = "range" in the configuration',
  ],
  [
    { kind: "other units", dir, has: undefined, wanted: "degrees" },
    'write "so101_units: degrees" or "so101_units: range"',
  ],
  [
    { kind: "other robot", dir, robotType: "koch_follower", column: undefined },
    "is of another robot (koch_follower) — name another",
  ],
  [
    { kind: "other robot", dir, robotType: null, column: "observation.images.top" },
    "its column observation.images.top is not that of one SO-101",
  ],
  [{ kind: "no episode", dir, episode: 7, episodes: 3 }, "has no episode 7 — it has those from 0 to 2"],
  [{ kind: "no episode", dir, episode: 0, episodes: 0 }, "it has none at all"],
  [
    { kind: "refused", dir, path, code: "EACCES", fact: "it could not be written" },
    "— it is somebody else's",
  ],
  [{ kind: "no position", dir, frame: 4, joint: "gripper" }, "gripper has no position in frame 4"],
] as const)("%p says what happened, and what to do", (problem, words) => {
  expect(said(problem as DatasetProblem)).toContain(words);
});

test.each([
  [
    {
      kind: "value",
      level: "error",
      column: "timestamp",
      episode: 2,
      frame: 5,
      has: 0.2,
      wanted: Math.fround(5 / 30),
    },
    "timestamp of frame 5 of episode 2 is 0.2, and must be 0.1666667",
  ],
  [
    { kind: "gaps", level: "warning", episode: 1, gaps: [{ from: 7, frames: 1 }] },
    "episode 1 has gaps: 1 frame was lost and repeats the one before, first at frame 7",
  ],
  [
    {
      kind: "statistics",
      level: "error",
      column: "action",
      key: "q50",
      episode: undefined,
      has: 1,
      wanted: 2,
    },
    "q50 of action is 1 in meta/stats.json, and 2 by the frames",
  ],
  [
    { kind: "statistics", level: "error", column: "action", key: "count", episode: 3, has: 1, wanted: 2 },
    "count of action is 1 in the row of episode 3",
  ],
  [{ kind: "task index", level: "error" }, "LeRobot finds a wrong task for every frame"],
] as const)("%p says what is wrong, and what that does", (finding, words) => {
  expect(sayFinding(finding as Finding)).toContain(words);
});
