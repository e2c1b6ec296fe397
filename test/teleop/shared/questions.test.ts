import { expect, test } from "bun:test";
import { CalibrationError } from "../../../src/arm/calibration/error.ts";
import type { ArmFiles } from "../../../src/arm/checks/state.ts";
import { VirtualClock } from "../../../src/sim/testing/clock.ts";
import { createMemory, openMemory } from "../../../src/teleop/shared/control-memory.ts";
import { calibrations } from "../../arm/arms.ts";

/** Both sides, and how often the main thread was called. */
function sides() {
  const main = createMemory();
  const called = { times: 0 };
  const control = openMemory(main.buffer, () => {
    called.times++;
  });
  return { main: main.questions, control: control.questions, called, clock: new VirtualClock() };
}

const files: ArmFiles = {
  calibration: calibrations.leader,
  file: {
    path: "/ä/leader.json",
    writtenAtMs: 1_764_119_477_123.5,
    old: { path: "/o", calibration: calibrations.follower },
  },
};

const missing = (what: string, path = "/x") =>
  new CalibrationError({
    ...{ code: "calibration.missing", kind: "invalid", files: [path], what, remedies: [{ do: "calibrate" }] },
  });

test("what the files say arrives as it was read, once for each time that it is asked", () => {
  const { main, control, called, clock } = sides();
  let looks = 0;
  const answer = () =>
    main.answerFiles(() => {
      looks++;
      return { leader: files, follower: { calibration: missing("not a file") } };
    });
  answer();
  expect([looks, called.times]).toEqual([0, 0]);
  control.askForFiles();
  control.askForFiles();
  answer();
  answer();
  expect([looks, called.times]).toEqual([1, 1]);
  const { leader, follower } = control.takeFiles(clock, 0)!;
  expect(leader).toEqual(files);
  expect(follower.calibration).toBeInstanceOf(CalibrationError);
  expect((follower.calibration as CalibrationError).problem).toEqual(missing("not a file").problem);
  expect(control.takeFiles(clock, 0)).toBeUndefined();
  control.askForFiles();
  expect(called.times).toBe(2);
});

test("an answer is waited for no longer than there is patience, and taken as soon as it is there", () => {
  const { main, control, clock } = sides();
  const fromUs = clock.nowUs();
  control.askForFiles();
  clock.at(fromUs + 130_000, () => main.answerFiles(() => ({ leader: files, follower: files })));
  expect(control.takeFiles(clock, 100)).toBeUndefined();
  expect(clock.nowUs()).toBe(fromUs + 100_000);
  expect(control.takeFiles(clock, 100)).toEqual({ leader: files, follower: files });
  expect(clock.nowUs()).toBe(fromUs + 130_000);
});

test("the answer to what was forgotten is never taken for that to what was asked since", () => {
  const { main, control, clock } = sides();
  const say = (what: string) => () => ({ leader: files, follower: { calibration: missing(what) } });
  control.askForFiles();
  main.answerFiles(say("then"));
  control.forget("files");
  control.askForFiles();
  expect(control.takeFiles(clock, 100)).toBeUndefined();
  main.answerFiles(say("now"));
  expect(control.takeFiles(clock, 100)).toMatchObject({
    follower: { calibration: { problem: { what: "now" } } },
  });
});

test.each([
  ["a long text", "x".repeat(70_000)],
  ["a long text that JSON makes longer", "\u0001".repeat(70_000)],
  ["a long text of long characters", "𒐫".repeat(70_000)],
])("%s is cut, wherever it stands, and the rest arrives", (_, long) => {
  const { main, control, clock } = sides();
  const problem = { code: "calibration.unfinished", arm: { role: "leader", id: long }, file: long } as const;
  const told: ArmFiles = {
    calibration: missing(long, long),
    file: { path: long, writtenAtMs: 5 },
    unfinished: {
      ...problem,
      kind: "unreadable",
      because: long,
      remedies: [{ do: "import old", file: long }],
    },
  };
  control.askForFiles();
  main.answerFiles(() => ({ leader: told, follower: files }));
  const { leader, follower } = control.takeFiles(clock, 0)!;
  expect(follower).toEqual(files);
  expect(leader.file?.writtenAtMs).toBe(5);
  const { what } = (leader.calibration as CalibrationError).problem as { what: string };
  expect(what.startsWith(long.slice(0, 100))).toBe(true);
  expect(what.length).toBeWithin(100, 4097);
});
