import { expect, test } from "bun:test";
import { LossWatch } from "../../src/daemon/losses.ts";
import type { Notice } from "../../src/teleop/events.ts";
import { SharedState } from "../../src/teleop/shared/state.ts";

function losses() {
  const shared = new SharedState();
  for (const role of ["leader", "follower"] as const) {
    for (let joint = 0; joint < 6; joint++) shared.setJoint(role, joint, "misses", 0);
  }
  const told: Notice[] = [];
  const names = { leader: 'leader "blue"', follower: 'follower "red"' };
  const watch = new LossWatch(shared, names, (event) => event.kind === "notice" && told.push(event));
  const lose = (joint: number, count: number) =>
    shared.setJoint("follower", joint, "misses", shared.joint("follower", joint, "misses") + count);
  /** A look after so many ticks. */
  const after = (ticks: number) => {
    shared.count("ticks", ticks);
    watch.look();
  };
  return { shared, told, lose, after };
}

test("replies that are lost now and then are not worth a word", () => {
  const { told, lose, after } = losses();
  lose(2, 9);
  after(100);
  lose(2, 19);
  after(2000);
  expect(told).toEqual([]);
});

test("replies that are lost all the time are told once, with the first joint that loses most", () => {
  const { told, lose, after } = losses();
  for (let look = 0; look < 5; look++) {
    lose(1, 3);
    for (const joint of [3, 4, 5]) lose(joint, 40);
    after(2000);
  }
  expect(told.length).toBe(1);
  expect(told[0]).toMatchObject({ severity: "warning", code: "bus.lossy", role: "follower" });
  expect(told[0]!.message).toStartWith(
    'follower "red": 40 replies of wrist_flex (id 4) were lost or damaged in the last 2000 ticks',
  );
  after(2000);
  expect(told.at(-1)!.over).toBe(true);
});

test("ticks that are missed all the time are told", () => {
  const { shared, told, after } = losses();
  shared.count("missedTicks", 50);
  after(1950);
  expect(told[0]).toMatchObject({ code: "program.late" });
  expect(told[0]!.message).toStartWith("50 of the last 2000 ticks were missed");
});

test("while nothing is teleoperated nothing is judged", () => {
  const { told, lose, after } = losses();
  lose(0, 1000);
  after(0);
  expect(told).toEqual([]);
});
