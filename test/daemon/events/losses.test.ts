import { expect, test } from "bun:test";
import { LossWatch } from "../../../src/daemon/events/losses.ts";
import { sayProblem } from "../../../src/messages/problems.ts";
import type { AlarmChange } from "../../../src/teleop/reporting/events.ts";
import { createMemory } from "../../../src/teleop/shared/control-memory.ts";

function losses() {
  const { telemetry } = createMemory();
  for (const role of ["leader", "follower"] as const) {
    for (let joint = 0; joint < 6; joint++) telemetry.setJoint(role, joint, "misses", 0);
  }
  const told: AlarmChange[] = [];
  const arms = { leader: { role: "leader", id: "blue" }, follower: { role: "follower", id: "red" } } as const;
  const watch = new LossWatch(telemetry, arms, (event) => event.kind === "alarm" && told.push(event));
  const lose = (joint: number, count: number) =>
    telemetry.setJoint("follower", joint, "misses", telemetry.joint("follower", joint, "misses") + count);
  /** A look after so many ticks. */
  const after = (ticks: number) => {
    telemetry.count("ticks", ticks);
    watch.look();
  };
  return { telemetry, told, lose, after };
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
  expect(told[0]).toMatchObject({
    severity: "warning",
    problem: { code: "bus.lossy", arm: { role: "follower" } },
  });
  expect(sayProblem(told[0]!.problem, {})).toStartWith(
    'follower "red": 40 replies of wrist_flex (id 4) were lost or damaged in the last 2000 ticks',
  );
  after(2000);
  expect(told.at(-1)!.change).toBe("cleared");
});

test("ticks that come too late all the time are told", () => {
  const { telemetry, told, after } = losses();
  telemetry.count("overruns", 50);
  after(1950);
  expect(told[0]).toMatchObject({ problem: { code: "program.late" } });
  expect(sayProblem(told[0]!.problem, {})).toStartWith("50 of the last 2000 ticks came too late");
});

test("while nothing is teleoperated nothing is judged", () => {
  const { told, lose, after } = losses();
  lose(0, 1000);
  after(0);
  expect(told).toEqual([]);
});
