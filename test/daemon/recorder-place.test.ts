import { beforeEach, expect, test } from "bun:test";
import type { Recording } from "../../src/api/recording.ts";
import { RecorderPlace } from "../../src/daemon/recorder-place.ts";
import type { Held } from "../../src/daemon/requests/client.ts";
import { sayProblem } from "../../src/messages/problems.ts";

const ready: Recording = {
  ...{ is: "ready", dataset: "/data/cubes", task: "Grab the cube", fps: 30 },
  ...{ episode: 4, saved: 0, episodes: null, frames: 0, seconds: 0, lost: 0, remainingS: null, message: "" },
};

let told: string[];
let whyNot: string | undefined;
let place: RecorderPlace;
beforeEach(() => {
  told = [];
  whyNot = undefined;
  place = new RecorderPlace(
    (severity, problem) => told.push(`${severity}: ${sayProblem(problem, {})}`),
    () => whyNot,
  );
});

const asking = { peer: { pid: process.pid, uid: 0, groups: [] }, isThere: () => true };

/** A recorder that is there, and what it was ordered. */
function arrive(recording: Recording = ready): { readonly held: Held; ordered(): string[] } {
  const held = place.open(asking) as Held;
  expect(place.take(held, recording)).toBeUndefined();
  const lines: string[] = [];
  return {
    held,
    ordered() {
      const reader = { isBehind: false, say: (line: string) => lines.push(line) > 0 };
      held.look(reader, 0);
      return lines.splice(0).map((line) => JSON.parse(line).order.do);
    },
  };
}

test("one recorder has the place: a second is refused, and told who is there", () => {
  const { held } = arrive();
  expect(place.open(asking)).toMatch(
    /\(pid \d+\).* records this pair already into \/data\/cubes: end that first$/,
  );
  held.ended();
  expect(typeof place.open(asking)).toBe("object");
});

test("one whose connection has ended is gone, though nobody has looked since", () => {
  let isThere = true;
  place.open({ ...asking, isThere: () => isThere });
  isThere = false;
  expect(typeof place.open(asking)).toBe("object");
});

test("what a recorder says counts on the connection that stands for it alone", () => {
  const { held } = arrive();
  expect(place.take(undefined, { ...ready, episode: 9 })).toContain("no recorder");
  const other = { look: () => true, ended() {} };
  expect(place.take(other, { ...ready, episode: 9 })).toContain("no recorder");
  expect(place.status?.episode).toBe(4);
  held.ended();
  expect(place.take(held, ready)).toContain("no recorder");
  expect(place.status).toBeUndefined();
});

test("orders come to the recorder in their order; without one they are refused", () => {
  expect(place.order("begin")).toBe("nobody records this pair");
  const { ordered } = arrive();
  expect(place.order("begin")).toBeUndefined();
  expect(place.order("stop")).toBeUndefined();
  expect(ordered()).toEqual(["begin", "stop"]);
  expect(ordered()).toEqual([]);
});

test("what cannot be is refused with why", () => {
  const { held, ordered } = arrive();
  expect(place.order("end")).toBe("no episode is being recorded");
  expect(place.order("discard")).toBe("no episode is being recorded");
  expect(place.order("again")).toBe("there is no episode to record again");
  whyNot = "the follower does not follow (holding): paused, as was asked";
  expect(place.order("begin")).toBe(whyNot);
  whyNot = undefined;
  place.take(held, { ...ready, is: "recording" });
  expect(place.order("begin")).toBe("an episode is being recorded already");
  expect(place.order("again")).toBeUndefined();
  place.take(held, { ...ready, is: "saving" });
  expect(place.order("again")).toContain("in a moment");
  place.take(held, { ...ready, saved: 1 });
  expect(place.order("again")).toBeUndefined();
  place.take(held, { ...ready, is: "done" });
  expect(place.order("stop")).toBe("the recorder has ended");
  expect(ordered()).toEqual(["again", "again"]);
});

test("a recorder that takes no orders is given no more of them than it may have missed", () => {
  arrive();
  for (let count = 0; count < 8; count++) expect(place.order("stop")).toBeUndefined();
  expect(place.order("stop")).toContain("it may be stopped or hang");
});

test("the beginning, each episode and the end are told", () => {
  const { held } = arrive();
  const say = (change: Partial<Recording>) => place.take(held, { ...place.status!, ...change });
  say({ is: "recording" });
  say({ is: "saving", frames: 252, seconds: 8.4, lost: 2 });
  say({ is: "ready", episode: 5, saved: 1 });
  say({ is: "recording", frames: 10, seconds: 0.3, lost: 0 });
  say({ is: "ready", message: "as was asked" });
  say({ is: "done" });
  held.ended();
  expect(told).toEqual([
    "info: a recorder is there: it records this pair into /data/cubes",
    "info: episode 4 was saved, 8.4 s; 2 of its 252 frames were not read, and repeat the one before them",
    "info: episode 5 is not saved: as was asked",
    "info: recording is done: 1 new episode in /data/cubes",
  ]);
});

test("an episode with which the session is over is saved, and no other one is given up by that", () => {
  const { held } = arrive();
  const say = (change: Partial<Recording>) => place.take(held, { ...place.status!, ...change });
  say({ is: "recording", frames: 252, seconds: 8.4 });
  say({ is: "saving" });
  say({ episode: 5, saved: 1, message: "episode 4 was saved, 8.4 s" });
  say({ is: "done" });
  held.ended();
  expect(told.slice(1)).toEqual([
    "info: episode 4 was saved, 8.4 s",
    "info: recording is done: 1 new episode in /data/cubes",
  ]);
});

test("why an episode is given up is said once", () => {
  const { held } = arrive({ ...ready, is: "recording" });
  place.take(held, { ...ready, message: "episode 4 is not saved (0.3 s), as was asked" });
  expect(told.at(-1)).toBe("info: episode 4 is not saved (0.3 s), as was asked");
});

test.each(["recording", "ready"] as const)("one that goes without a word while %s is missed", (is) => {
  const { held } = arrive({ ...ready, is, saved: 3 });
  held.ended();
  expect(told.at(-1)).toBe(
    "warning: the recorder has gone without a word, with 3 new episodes in /data/cubes: whatever was saved is complete",
  );
});
