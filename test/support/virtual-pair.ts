/** A whole pair in virtual time: its control thread's code on simulated servos, stepped by the seconds. */
import { expect } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Calibration } from "../../src/arm/calibration/calibration.ts";
import { calibrationInServo } from "../../src/arm/calibration/in-servos.ts";
import { CalibrationStore } from "../../src/arm/calibration/store.ts";
import { JOINTS, ROLES } from "../../src/arm/joints.ts";
import { ServoImage } from "../../src/arm/servos/servo-image.ts";
import { type RegisterName, setRegisterValue, TABLE_SIZE } from "../../src/feetech/registers.ts";
import type { Scene } from "../../src/sim/arm/scene.ts";
import { VirtualClock } from "../../src/sim/testing/clock.ts";
import { checkSafety, needlessWrites } from "../../src/sim/testing/safety.ts";
import { pathOf, VirtualArms } from "../../src/sim/testing/virtual-arms.ts";
import { Pair } from "../../src/teleop/pair.ts";
import type { ControlEvent } from "../../src/teleop/reporting/events.ts";
import type { PairSettings } from "../../src/teleop/settings.ts";
import { createMemory, openMemory } from "../../src/teleop/shared/control-memory.ts";
import type { PairState } from "../../src/teleop/state/states.ts";

/** What a test may choose. */
export interface Choices {
  readonly scene?: Scene;
  readonly settings?: Partial<PairSettings>;
  /** Without files of calibrations. */
  readonly uncalibrated?: true;
  readonly onMissingEdge?: "throw" | "start over";
}

/** A pair, its arms, and what it has told. */
export class VirtualPair implements Disposable {
  readonly clock = new VirtualClock();
  readonly arms: VirtualArms;
  readonly events: { readonly atS: number; readonly event: ControlEvent }[] = [];
  readonly memory = createMemory();
  readonly settings: PairSettings;
  readonly pair: Pair;
  /** Called with each event, once it is in {@link events}. */
  heard: (event: ControlEvent) => void = () => {};
  readonly #startUs = this.clock.nowUs();
  readonly #dir = mkdtempSync(join(tmpdir(), "so101-pair-"));

  constructor({ scene = "configured", settings = {}, uncalibrated, onMissingEdge = "throw" }: Choices = {}) {
    this.arms = new VirtualArms(this.clock, scene);
    if (!uncalibrated) this.saveCalibrations();
    this.settings = {
      arms: {
        leader: { port: pathOf("leader"), id: "leader" },
        follower: { port: pathOf("follower"), id: "follower" },
      },
      calibrationDir: this.#dir,
      rateHz: 200,
      normalisation: "range",
      alignSpeedDegPerS: 45,
      followSpeedDegPerS: 360,
      holdAfterMs: 100,
      holdForS: 600,
      onStop: "relax",
      start: "at once",
      health: {
        warnTemperatureC: 55,
        slowTemperatureC: 60,
        releaseTemperatureC: 65,
        voltageSagPercent: 15,
      },
      ...settings,
    };
    this.pair = new Pair(this.settings, {
      ports: { clock: this.clock, open: (path) => this.arms.open(path) },
      memory: openMemory(this.memory.buffer),
      sink: (event) => {
        this.events.push({ atS: this.nowS, event });
        this.heard(event);
      },
      onMissingEdge,
    });
  }

  /** Since the start, s. */
  get nowS(): number {
    return (this.clock.nowUs() - this.#startUs) / 1e6;
  }

  /** Has something happen so many seconds after the start. */
  at(seconds: number, act: () => void): void {
    this.clock.at(this.#startUs + seconds * 1e6, act);
  }

  /** Runs the pair, and stops it so many seconds after the start. */
  async runFor(seconds: number): Promise<void> {
    this.at(seconds, () => this.memory.mailbox.requestEnd("stop"));
    await this.pair.run();
  }

  /** The states that were entered, in order. */
  states(fromS = 0): PairState[] {
    return this.events.flatMap(({ atS, event }) => (event.kind === "state" && atS >= fromS ? event.to : []));
  }

  /** When a state was entered for the first time from `fromS` on, s after the start. */
  enteredAt(state: PairState, fromS = 0): number | undefined {
    return this.events.find(({ atS, event }) => atS >= fromS && event.kind === "state" && event.to === state)
      ?.atS;
  }

  /** The codes of everything that was told, in order. */
  codes(fromS = 0): string[] {
    return this.events
      .filter(({ atS }) => atS >= fromS)
      .flatMap(({ event }) => {
        if ("reasons" in event) return event.reasons.map(({ code }) => code);
        return "problem" in event ? event.problem.code : [];
      });
  }

  /** Whether each joint of an arm has its torque on. */
  torque(role: "leader" | "follower"): boolean[] {
    return this.arms.boards[role].arm.servos.map(
      (servo) => servo.values(this.clock.nowUs()).torque_enable !== 0,
    );
  }

  /** Where each joint of an arm is, in steps. */
  positions(role: "leader" | "follower"): number[] {
    return this.arms.boards[role].arm.servos.map(
      (servo) => servo.values(this.clock.nowUs()).present_position,
    );
  }

  /** Keeps both arms' calibrations in files, as their servos have them. */
  saveCalibrations(): void {
    const store = new CalibrationStore(this.#dir);
    for (const role of ROLES) {
      const calibration = JOINTS.map((joint, index) => {
        const image = new Uint8Array(TABLE_SIZE);
        const values = this.arms.boards[role].arm.servos[index]!.values(this.clock.nowUs());
        for (const [name, value] of Object.entries(values))
          setRegisterValue(name as RegisterName, value, image);
        return [joint, calibrationInServo(joint, new ServoImage(image))];
      });
      store.save({ role, id: role }, Object.fromEntries(calibration) as Calibration);
    }
  }

  /** Checks the safety rules on all that the arms were told. */
  [Symbol.dispose](): void {
    rmSync(this.#dir, { recursive: true, force: true });
    const { rateHz, followSpeedDegPerS, alignSpeedDegPerS } = this.settings;
    const entries = this.arms.record;
    expect(checkSafety(entries, { rateHz, followSpeedDegPerS, alignSpeedDegPerS }).slice(0, 5)).toEqual([]);
    expect(needlessWrites(entries)).toEqual([]);
  }
}
