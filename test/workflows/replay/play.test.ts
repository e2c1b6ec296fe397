import { expect, spyOn, test } from "bun:test";
import { nowUs } from "../../../src/linux/clock.ts";
import { Interrupted } from "../../../src/workflows/errors.ts";
import { EpisodePath } from "../../../src/workflows/replay/path.ts";
import { type Driver, type Listener, Play } from "../../../src/workflows/replay/play.ts";

/** An episode in which all joints go from 1000 on by 10 steps a frame. */
const pathOf = (frames: number, fps: number) =>
  new EpisodePath(
    {
      positions: Int16Array.from({ length: frames * 6 }, (_, index) => 1000 + 10 * Math.floor(index / 6)),
      frames,
      unreachable: [],
    },
    fps,
    200,
  );

const FOLLOWING: Driver["state"] = { is: "driving", state: "following", why: "" };
const HOLDING: Driver["state"] = { is: "holding", state: "holding", why: "no target for 0.5 s" };

/** A service that is asked for targets, and says what a test has it say. */
class Service implements Driver {
  state: Driver["state"];
  whyOver: string | undefined;
  /** Where the first joint was sent, and when. */
  readonly sent: { readonly atUs: number; readonly position: number }[] = [];
  readonly #hears: (service: Service, position: number) => void;

  constructor(state: Driver["state"], hears: (service: Service, position: number) => void = () => {}) {
    this.state = state;
    this.#hears = hears;
  }

  target(steps: ArrayLike<number>): void {
    this.sent.push({ atUs: nowUs(), position: steps[0]! });
    this.#hears(this, steps[0]!);
  }
}

const heard: string[] = [];
const listener: Listener = {
  aligning: () => heard.push("aligning"),
  frames: (count) => heard.push(`frames: ${count}`),
  waits: (why) => heard.push(`waits: ${why}`),
};
const never = new AbortController().signal;

test("every pose is sent at its time, in order, and the last one until the follower is there", async () => {
  const service = new Service(FOLLOWING);
  const played = await new Play(service, pathOf(10, 50), listener, never).play();
  expect(played).toMatchObject({ frames: 10, seconds: 0.18 });
  const positions = service.sent.map(({ position }) => position);
  expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  expect([positions[0], positions.at(-1)]).toEqual([1000, 1090]);
  const startUs = service.sent[0]!.atUs;
  // However late a pose is, it is none of a later time.
  for (const { atUs, position } of service.sent) {
    expect(position).toBeLessThanOrEqual(1000 + ((atUs - startUs) / 20_000) * 10 + 1);
  }
  expect(service.sent.filter(({ position }) => position === 1090).length).toBeGreaterThan(5);
});

test("while the follower does not follow the episode waits, and goes on from the same pose: nothing is skipped", async () => {
  let heldAtUs = 0;
  const service = new Service(FOLLOWING, (self, position) => {
    if (position < 1040) return;
    if (heldAtUs === 0) {
      heldAtUs = nowUs();
      self.state = HOLDING;
    } else if (nowUs() - heldAtUs > 200_000) self.state = FOLLOWING;
  });
  heard.length = 0;
  const played = await new Play(service, pathOf(10, 50), listener, never).play();
  expect(played.frames).toBe(10);
  expect(played.waitedSeconds).toBeGreaterThan(0.15);
  expect(heard).toEqual(["waits: no target for 0.5 s"]);
  const waited = service.sent.filter(({ atUs }) => atUs >= heldAtUs && atUs < heldAtUs + 190_000);
  expect(waited.length).toBeGreaterThan(3);
  expect(new Set(waited.map(({ position }) => position)).size).toBe(1);
});

test("a program that got no time for long goes on from where it was", async () => {
  let isLate = false;
  const service = new Service(FOLLOWING, (_, position) => {
    if (position < 1040 || isLate) return;
    isLate = true;
    // As SIGSTOP does.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
  });
  const played = await new Play(service, pathOf(10, 50), listener, never).play();
  expect(played.waitedSeconds).toBeGreaterThan(0.2);
  const at = service.sent.findIndex(({ position }) => position >= 1040);
  expect(service.sent[at + 1]!.position - service.sent[at]!.position).toBeLessThanOrEqual(10);
});

test("it ends where the service says that it is over, with its words, and where it is interrupted", async () => {
  const service = new Service(FOLLOWING, (self, position) => {
    if (position >= 1030) self.whyOver = "somebody asked to pause the arms";
  });
  const play = new Play(service, pathOf(10, 50), listener, never);
  await expect(play.play()).rejects.toThrow(new Interrupted("somebody asked to pause the arms"));
  expect(play.played.frames).toBeLessThan(6);

  const controller = new AbortController();
  const other = new Service(FOLLOWING, (_, position) => {
    if (position >= 1030) controller.abort(new Interrupted());
  });
  await expect(new Play(other, pathOf(10, 50), listener, controller.signal).play()).rejects.toThrow(
    new Interrupted(),
  );
});

test("a follower that does not follow for ten seconds is given up: it must not begin to move by itself later", async () => {
  let held = 0;
  const service = new Service(FOLLOWING, (self, position) => {
    if (position < 1040) return;
    self.state = { is: "driving", state: "waiting", why: "no power" };
    held++;
  });
  const now = performance.now.bind(performance);
  const later = spyOn(performance, "now").mockImplementation(() => now() + (held > 3 ? 10_000 : 0));
  const playing = new Play(service, pathOf(10, 50), listener, never).play();
  await expect(playing).rejects.toThrow("the follower does not follow for 10 s: it is waiting, no power");
  later.mockRestore();
});

test("it is aligned with the first pose before anything else is sent", async () => {
  let count = 0;
  // At first the follower still follows its leader.
  const service = new Service(FOLLOWING, (self) => {
    count++;
    if (count === 2) self.state = { is: "driving", state: "aligning", why: "it goes there" };
    if (count === 6) self.state = FOLLOWING;
  });
  await new Play(service, pathOf(10, 50), listener, never).align();
  expect(new Set(service.sent.map(({ position }) => position))).toEqual(new Set([1000]));
  expect(count).toBeGreaterThan(10);
});

test("how far the follower was from its commands is told of what it did meanwhile", async () => {
  const service = new Service(FOLLOWING);
  const play = new Play(service, pathOf(3, 50), listener, never);
  const sample = { goals: [], leader: [], followerUs: null, lost: 0, state: "following" as const };
  play.see({ ...sample, timeUs: nowUs(), follower: [0, 0, 0, 0, 0, 0] });
  const playing = play.play();
  const atUs = service.sent[0]!.atUs;
  play.see({ ...sample, timeUs: atUs + 1_000, follower: [1000, 1128, 1000, 1000, 1000, null] });
  play.see({ ...sample, timeUs: atUs + 1_000, state: "holding", follower: [0, 0, 0, 0, 0, 0] });
  const { distances } = await playing;
  expect(distances.map(({ joint, most }) => [joint, most as number])).toEqual([
    ["shoulder_pan", 0],
    ["shoulder_lift", 11.3],
    ["elbow_flex", 0],
    ["wrist_flex", 0],
    ["wrist_roll", 0],
  ]);
});
