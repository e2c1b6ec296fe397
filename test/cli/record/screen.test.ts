import { expect, test } from "bun:test";
import { stripVTControlCharacters } from "node:util";
import type { Recording } from "../../../src/api/recording.ts";
import { lineOf, linesOf } from "../../../src/cli/record/screen.ts";

const ready: Recording = {
  ...{ is: "ready", dataset: "/data/cubes", task: "Grab the cube", fps: 30 },
  ...{ episode: 4, saved: 0, episodes: 2, frames: 0, seconds: 0, lost: 0, remainingS: null, message: "" },
};

test("the screen says what is recorded, how many, and how far it is", () => {
  const recording: Recording = { ...ready, is: "recording", seconds: 68.43, remainingS: 11.57, lost: 3 };
  expect(linesOf(recording).map(stripVTControlCharacters)).toEqual([
    "/data/cubes: 0 of 2 saved",
    "Grab the cube — 30 frames a second",
    "",
    "● recording episode 4: 1:08.4, 0:11.5 to go, 3 frames lost",
  ]);
});

test("off a terminal each thing that happens is a line, and what only goes on is none", () => {
  const states: Recording[] = [
    ready,
    ready,
    { ...ready, is: "recording" },
    { ...ready, is: "recording", frames: 30, seconds: 1 },
    { ...ready, is: "saving" },
    {
      ...ready,
      is: "resetting",
      remainingS: 9.2,
      saved: 1,
      episode: 5,
      message: "episode 4 was saved, 2.0 s",
    },
    {
      ...ready,
      is: "resetting",
      remainingS: 8.2,
      saved: 1,
      episode: 5,
      message: "episode 4 was saved, 2.0 s",
    },
    { ...ready, is: "done", saved: 1, episode: 5, message: "episode 4 was saved, 2.0 s" },
  ];
  let before: Recording | undefined;
  const said = states.flatMap((now) => {
    const line = lineOf(before, now);
    before = now;
    return line === undefined ? [] : stripVTControlCharacters(line).split("\n");
  });
  expect(said).toEqual([
    "/data/cubes: 30 frames a second",
    "ready for episode 4",
    "recording episode 4",
    "episode 4 was saved, 2.0 s",
    "put everything back: episode 5 begins in 10 s",
    "recording is done: 1 new episode in /data/cubes",
  ]);
});

test("off a terminal what has become of an episode is said once, and what is wrong after it by itself", () => {
  const message = "episode 4 is not saved (3.7 s): the follower stopped following the leader";
  const before = { ...ready, is: "resetting", message } as const;
  const now = { ...ready, message: `${message}; the follower still moves to the leader's pose` };
  expect(lineOf(before, now)).toBe("the follower still moves to the leader's pose\nready for episode 4");
});

test("off a terminal what is wrong may change, or be over, and what has become of the episode is not said again", () => {
  const became = "episode 4 was saved, 2.0 s; 3 of its 60 frames were not read";
  const moves = "the follower still moves to the leader's pose";
  const messages = [became, `${became}; the service has ended`, `${became}; ${moves}`, became, moves, became];
  let before: Recording = { ...ready, message: "" };
  const said = messages.map((message) => {
    const now = { ...ready, message };
    const line = lineOf(before, now);
    before = now;
    return line;
  });
  expect(said).toEqual([became, "the service has ended", moves, undefined, moves, became]);
});
