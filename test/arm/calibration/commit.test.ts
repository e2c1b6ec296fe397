import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CalibratedArm,
  commitCalibration,
  undoCalibration,
} from "../../../src/arm/calibration/commit.ts";
import { CalibrationError } from "../../../src/arm/calibration/error.ts";
import { matches, type ServoCalibration } from "../../../src/arm/calibration/in-servos.ts";
import { CalibrationStore } from "../../../src/arm/calibration/store.ts";
import { progressOf } from "../../../src/arm/calibration/unfinished.ts";
import { findingsOf } from "../../../src/arm/checks/findings.ts";
import { inspectArm } from "../../../src/arm/checks/inspect.ts";
import { JOINTS } from "../../../src/arm/joints.ts";
import { readArm } from "../../../src/arm/servos/read.ts";
import { Bus } from "../../../src/feetech/bus.ts";
import { steps } from "../../../src/feetech/units.ts";
import { SimulatedTransport } from "../../../src/sim/testing/transport.ts";
import { calibrations } from "../arms.ts";

setDefaultTimeout(120_000);

const [old, fresh] = [calibrations.follower, calibrations.leader];

const red = { role: "follower", id: "red" } as const;

let root: string;
let store: CalibrationStore;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "so101-commit-"));
  store = new CalibrationStore(root);
});
afterEach(() => rmSync(root, { recursive: true }));

/** A transport whose board is pulled, or whose program is killed, once so many requests were sent. */
class MortalTransport extends SimulatedTransport {
  requestsLeft = Number.POSITIVE_INFINITY;
  /** The cable is plugged in again, after a while: what was just written to EEPROM reads as zeros until then. */
  revive(): void {
    this.lost = false;
    this.requestsLeft = Number.POSITIVE_INFINITY;
    this.clock.sleepUntilUs(this.clock.nowUs() + 1e6);
  }

  override send(size: number, deadlineUs: number): void {
    if (this.requestsLeft-- <= 0) this.lost = true;
    super.send(size, deadlineUs);
  }
}

/** An arm that holds the old calibration, and its file. */
function calibratedArm() {
  const transport = new MortalTransport();
  for (const joint of JOINTS) {
    const { homing_offset, range_min, range_max } = old[joint];
    const values = { homing_offset, min_position_limit: range_min, max_position_limit: range_max };
    transport.arm.servo(joint).setValues(values);
  }
  const arm: CalibratedArm = {
    ...red,
    bus: new Bus(transport, {
      access: "torque off",
      clock: transport.clock,
      nameOf: (servo) => JOINTS[servo - 1]!,
    }),
    calibrations: store,
  };
  store.save(red, old);
  return { transport, arm };
}

/** What teleoperation would say of the arm's calibration. */
function faultsOf(arm: CalibratedArm): string[] {
  return findingsOf(inspectArm(arm, arm.bus, arm.calibrations))
    .filter(({ severity }) => severity === "fault")
    .map(({ problem }) => problem.code);
}

const imagesOf = ({ bus }: CalibratedArm) => readArm(bus).images;
const fileOf = () => store.load(red);

test("servos and file get the calibration, the file before is kept, and nothing else is left", () => {
  const { arm } = calibratedArm();
  const { written } = commitCalibration(arm, fresh);
  expect(written).toBeGreaterThan(0);
  expect(matches(imagesOf(arm), fresh)).toBe(true);
  expect(fileOf()).toEqual(fresh);
  expect(readdirSync(join(root, "robots/so101_follower")).sort()).toEqual(["red.json", "red.json.old"]);
});

test("what agrees already is not written again, neither to a servo nor to the file", () => {
  const { transport, arm } = calibratedArm();
  commitCalibration(arm, { ...old, gripper: { ...old.gripper, range_max: steps(3000) } });
  const worn = transport.arm.servos.map(({ wear }) => wear.reduce((a, b) => a + b, 0));
  expect(worn).toEqual([0, 0, 0, 0, 0, 2]);
  expect(commitCalibration(arm, fileOf()).written).toBe(0);
});

test("cut off after any request, the arm has its old calibration or says that it is unfinished, and both ways out work", () => {
  const endings: string[] = [];
  for (let requests = 0; ; requests++) {
    rmSync(root, { recursive: true });
    const { transport, arm } = calibratedArm();
    transport.requestsLeft = requests;
    let error: unknown;
    try {
      commitCalibration(arm, fresh);
    } catch (caught) {
      error = caught;
    }
    transport.revive();
    if (error === undefined) break;
    const faults = faultsOf(arm);
    endings.push(faults.join());
    if (faults.length === 0) {
      expect(matches(imagesOf(arm), old)).toBe(true);
      expect(fileOf()).toEqual(old);
    } else {
      expect(faults).toEqual(["calibration.unfinished"]);
      expect((error as CalibrationError).problem).toMatchObject({
        code: "calibration.unfinished",
        arm: { role: "follower", id: "red" },
        kind: "not restored",
        remedies: [{ do: "calibration finish" }, { do: "calibration undo" }],
      });
    }
    const unfinished = store.findUnfinished(red);
    if (unfinished === undefined) continue;
    const finishes = requests % 2 === 0;
    if (finishes) commitCalibration(arm, unfinished.after);
    else undoCalibration(arm, unfinished.before);
    expect(faultsOf(arm)).toEqual([]);
    expect(matches(imagesOf(arm), finishes ? fresh : old)).toBe(true);
    expect(store.findUnfinished(red)).toBeUndefined();
  }
  // The walk went through what it is about.
  expect(new Set(endings)).toEqual(new Set(["", "calibration.unfinished"]));
});

test("a servo that does not take its value: the others get back what they held", () => {
  const { transport, arm } = calibratedArm();
  const servo = transport.arm.servo("wrist_flex");
  const write = servo.write.bind(servo);
  servo.write = (data, at, address, count, now) => {
    if (address !== 31) write(data, at, address, count, now);
  };
  expect(() => commitCalibration(arm, fresh)).toThrow("wrist_flex");
  expect(matches(imagesOf(arm), old)).toBe(true);
  expect(fileOf()).toEqual(old);
  expect(store.findUnfinished(red)).toBeUndefined();
}, 20_000);

test("a file that cannot be written: the servos keep what they hold", () => {
  const { arm } = calibratedArm();
  const folder = join(root, "robots/so101_follower");
  rmSync(folder, { recursive: true });
  Bun.spawnSync(["touch", folder]);
  expect(() => commitCalibration(arm, fresh)).toThrow(CalibrationError);
  expect(matches(imagesOf(arm), old)).toBe(true);
});

test("a second try goes back to what was there before the first", () => {
  const { transport, arm } = calibratedArm();
  transport.requestsLeft = 30;
  expect(() => commitCalibration(arm, fresh)).toThrow();
  transport.revive();
  transport.requestsLeft = 10;
  expect(() => commitCalibration(arm, fresh)).toThrow();
  transport.revive();
  const { before } = store.findUnfinished(red)!;
  undoCalibration(arm, before);
  expect(matches(imagesOf(arm), old)).toBe(true);
});

describe("how far an interrupted writing has come", () => {
  const before = Object.fromEntries(
    JOINTS.map((joint) => {
      const { homing_offset, range_min, range_max } = old[joint];
      return [joint, { homing_offset, range_min, range_max }];
    }),
  ) as ServoCalibration;
  const unfinished = { before, after: fresh };

  test("untouched, complete, or in between", () => {
    const { arm } = calibratedArm();
    const images = imagesOf(arm);
    expect(progressOf(unfinished, images, old)).toBe("untouched");
    expect(progressOf(unfinished, [null, ...images.slice(1)], old)).toBe("partial");
    commitCalibration(arm, fresh);
    expect(progressOf(unfinished, imagesOf(arm), fresh)).toBe("complete");
    expect(progressOf(unfinished, imagesOf(arm), old)).toBe("partial");
  });

  test("what another version left is said, and not guessed at", () => {
    store.save(red, old);
    store.keepUnfinished(red, unfinished);
    expect(store.findUnfinished(red)?.after).toEqual(fresh);
    Bun.spawnSync([
      "sed",
      "-i",
      's/"version": 1/"version": 2/',
      join(root, "robots/so101_follower/red.unfinished"),
    ]);
    const unreadable = {
      code: "calibration.unfinished",
      kind: "unreadable",
      file: join(root, "robots/so101_follower/red.unfinished"),
      remedies: [{ do: "calibrate" }],
    };
    expect(() => store.findUnfinished(red)).toThrow(CalibrationError);
    expect(store.unfinishedProblem(red)).toMatchObject(unreadable);
  });
});
