/** The last ten minutes of a pair: all of them, no more, and nothing made up. */
import { expect, test } from "bun:test";
import type { JointStatus, Status } from "../../../src/api/protocol.ts";
import { JOINTS } from "../../../src/arm/joints.ts";
import { PairHistory } from "../../../src/web/history/pair-history.ts";

const joint = (of: Partial<JointStatus>): JointStatus => ({
  positionSteps: null,
  positionNormalised: null,
  rangeSteps: null,
  goalSteps: null,
  torqueOn: null,
  speedStepsPerS: null,
  loadPercent: null,
  currentMa: null,
  voltageV: null,
  temperatureC: null,
  errors: [],
  misses: 0,
  ...of,
});
const arm = (of: Partial<JointStatus>) => ({
  joints: Object.fromEntries(JOINTS.map((name) => [name, joint(of)])),
});
const status = (leader: Partial<JointStatus>, follower: Partial<JointStatus> = {}) => ({
  kind: "status" as const,
  pair: "main",
  status: { arms: { leader: arm(leader), follower: arm(follower) } } as unknown as Status,
});
const now = (ms: number) => ({ ms, date: new Date("2026-11-26T05:00:00Z") });

test("what was told is known by arm and figure, in the units of people", () => {
  const history = new PairHistory();
  const rangeSteps = { min: 1000, max: 3048 };
  history.take(
    status(
      { positionSteps: 2048, rangeSteps, temperatureC: 31, voltageV: 7.4, currentMa: 20, loadPercent: -3.2 },
      { positionSteps: 1000, goalSteps: 3048, rangeSteps },
    ),
    1_000.4,
  );
  const reply = history.of("elbow_flex", -1, now(2_000));
  expect(reply).toMatchObject({ nowMs: 2_000, now: "2026-11-26T05:00:00.000Z", timesMs: [1_000] });
  expect(reply.series).toEqual({
    "leader position": [2048],
    // 24 steps above the middle; a turn is 4096 steps.
    "leader angle": [2.1],
    "leader goal": [null],
    "leader temperature": [31],
    "leader voltage": [7.4],
    "leader current": [20],
    "leader load": [-3.2],
    "follower position": [1000],
    "follower angle": [-90],
    "follower goal": [90],
    "follower temperature": [null],
    "follower voltage": [null],
    "follower current": [null],
    "follower load": [null],
  });
  const { series } = history.of("gripper", -1, now(2_000));
  expect([series["follower angle"], series["follower goal"]]).toEqual([[0], [100]]);
});

test("only what is newer is told again", () => {
  const history = new PairHistory();
  for (const time of [1_000, 1_200, 1_400]) history.take(status({ positionSteps: time }), time);
  history.take(status({}), 1_450.4);
  expect(history.of("gripper", 1_450, now(1_500)).timesMs).toEqual([]);
  const reply = history.of("gripper", 1_200, now(1_500));
  expect(reply.timesMs).toEqual([1_400, 1_450]);
  expect(reply.series["leader position"]).toEqual([1_400, null]);
});

test("ten minutes of five a second are kept, in their order, and the oldest goes", () => {
  const history = new PairHistory();
  for (let row = 0; row < 3_700; row++) history.take(status({ positionSteps: row }), row * 200);
  const { timesMs, series } = history.of("wrist_roll", -1, now(3_700 * 200));
  expect(timesMs).toEqual(Array.from({ length: 3_000 }, (_, row) => (row + 700) * 200));
  expect(series["leader position"]).toEqual(Array.from({ length: 3_000 }, (_, row) => row + 700));
});

test("a service that is away leaves one row of nothing, and takes no room of what was", () => {
  const history = new PairHistory();
  const absent = { kind: "absent" as const, pair: "main", because: "ended" as const, why: "it has ended" };
  history.take(absent, 0);
  history.take(status({ positionSteps: 1 }), 200);
  for (let time = 400; time < 5_000; time += 200) history.take(absent, time);
  history.take(status({ positionSteps: 2 }), 5_000);
  const { timesMs, series } = history.of("shoulder_pan", -1, now(5_000));
  expect(timesMs).toEqual([200, 400, 5_000]);
  expect(series["leader position"]).toEqual([1, null, 2]);
});
