/** A whole pair in virtual time: its control thread's code on simulated servos, stepped by the seconds. */
import { expect } from "bun:test";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Calibration } from "../../src/arm/calibration/calibration.ts";
import { calibrationInServo } from "../../src/arm/calibration/in-servos.ts";
import { goalTable } from "../../src/arm/calibration/normalisation.ts";
import { CalibrationStore } from "../../src/arm/calibration/store.ts";
import { PortAwaited } from "../../src/arm/connection.ts";
import { JOINTS, ROLES } from "../../src/arm/joints.ts";
import { ServoImage } from "../../src/arm/servos/servo-image.ts";
import { answersFor } from "../../src/daemon/answers.ts";
import { Instruction } from "../../src/feetech/packet.ts";
import { type RegisterName, registers, setRegisterValue, TABLE_SIZE } from "../../src/feetech/registers.ts";
import type { Scene } from "../../src/sim/arm/scene.ts";
import { VirtualClock } from "../../src/sim/testing/clock.ts";
import { checkSafety, needlessWrites } from "../../src/sim/testing/safety.ts";
import { pathOf, VirtualArms } from "../../src/sim/testing/virtual-arms.ts";
import { Pair } from "../../src/teleop/pair.ts";
import type { SampleLink } from "../../src/teleop/remote/link.ts";
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
  /** What comes from other machines, and goes to them. */
  readonly link?: (clock: VirtualClock) => SampleLink;
  /** What comes from clients, whose targets are no leader's. */
  readonly targets?: (clock: VirtualClock) => SampleLink;
}

/** A goal that one joint of the follower was given. */
export interface GivenGoal {
  readonly atS: number;
  readonly goal: number;
  /** What LeRobot gives it for what the leader's servo had said last, within the calibrated range. */
  readonly lerobots: number;
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
  /** While the main thread does not get on: what the pair waits for. */
  stuckWith: "ports" | "files" | undefined;
  readonly startUs = this.clock.nowUs();
  #isCalibrated = false;
  readonly #isDriven: boolean;
  readonly #dir = mkdtempSync(join(tmpdir(), "so101-pair-"));

  constructor({
    scene = "configured",
    settings = {},
    uncalibrated,
    onMissingEdge = "throw",
    link,
    targets,
  }: Choices = {}) {
    this.#isDriven = targets !== undefined;
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
      stall: { currentMa: 0, afterS: 3 },
      ...settings,
    };
    this.pair = new Pair(this.settings, {
      ports: { clock: this.clock, open: (path) => this.#open(path) },
      memory: openMemory(this.memory.buffer, () => this.answer()),
      sink: (event) => {
        this.events.push({ atS: this.nowS, event });
        this.heard(event);
      },
      onMissingEdge,
      ...(link && { link: link(this.clock) }),
      ...(targets && { targets: targets(this.clock) }),
    });
  }

  /** Since the start, s. */
  get nowS(): number {
    return (this.clock.nowUs() - this.startUs) / 1e6;
  }

  /** Has something happen so many seconds after the start. */
  at(seconds: number, act: () => void): void {
    this.clock.at(this.startUs + seconds * 1e6, act);
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

  /** The goal that LeRobot gives a joint of the follower for where the leader's is now. */
  lerobotsGoal(joint: number): number {
    return this.#lerobotsGoals(joint)[this.positions("leader")[joint]!]!;
  }

  /** The goals that a joint of the follower was given, from `fromS` on. */
  goals(joint: number, fromS: number): GivenGoal[] {
    const table = this.#lerobotsGoals(joint);
    const given: GivenGoal[] = [];
    let lerobots = Number.NaN;
    for (const entry of this.arms.record) {
      if (entry.kind !== "reply" && entry.kind !== "request") continue;
      const bytes = Uint8Array.fromHex(entry.hex);
      if (entry.kind === "reply" && entry.arm === "leader") {
        const raw = positionIn(bytes, joint);
        if (raw !== undefined) lerobots = table[raw]!;
      } else if (entry.kind === "request" && entry.arm === "follower" && isGoals(bytes)) {
        const at = 8 + joint * (bytes[6]! + 1);
        const atS = (entry.t - this.startUs) / 1e6;
        if (atS >= fromS) given.push({ atS, goal: bytes[at]! | (bytes[at + 1]! << 8), lerobots });
      }
    }
    return given;
  }

  /** By the leader's reading: LeRobot's goals for a joint, within its calibrated range. */
  #lerobotsGoals(joint: number): Int16Array {
    const store = new CalibrationStore(this.#dir);
    const leader = store.load({ role: "leader", id: "leader" });
    const follower = store.load({ role: "follower", id: "follower" });
    const name = JOINTS[joint]!;
    const { range_min, range_max } = follower[name];
    const goals = goalTable(leader, follower, name, this.settings.normalisation);
    return goals.map((goal) => Math.min(Math.max(goal, range_min), range_max));
  }

  /** Keeps both arms' calibrations in files, as their servos have them. */
  saveCalibrations(): void {
    this.#isCalibrated = true;
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

  async #open(path: string) {
    const isThere = Object.values(this.arms.boards).some(
      ({ arm, trouble }) => pathOf(arm.name) === path && trouble === undefined,
    );
    if (isThere && this.stuckWith === "ports") {
      this.clock.pass(0.05);
      throw new PortAwaited();
    }
    return this.arms.open(path);
  }

  /** The main thread answers what the pair has asked, if it gets on. */
  answer(): void {
    if (this.stuckWith === undefined) answersFor(this.settings, this.memory)();
  }

  /** Takes the files of both arms' calibrations away, or brings them back. */
  set hasCalibrations(hasThem: boolean) {
    const [there, away] = ["robots", "robots.away"].map((name) => join(this.#dir, name)) as [string, string];
    if (hasThem && existsSync(away)) renameSync(away, there);
    if (!hasThem && existsSync(there)) renameSync(there, away);
  }

  /** Checks the safety rules on all that the arms were told. */
  [Symbol.dispose](): void {
    const { followSpeedDegPerS, alignSpeedDegPerS } = this.settings;
    const entries = this.arms.record;
    const limits = { followSpeedDegPerS, alignSpeedDegPerS, times: "of writing" } as const;
    const targets = this.#isCalibrated &&
      !this.#isDriven && { targets: JOINTS.map((_, joint) => this.#lerobotsGoals(joint)) };
    rmSync(this.#dir, { recursive: true, force: true });
    expect(checkSafety(entries, { ...limits, ...targets }).slice(0, 5)).toEqual([]);
    expect(needlessWrites(entries)).toEqual([]);
  }
}

/** The position in servos' replies to the loop's reading of the leader, if there is one of this joint. */
function positionIn(replies: Uint8Array, joint: number): number | undefined {
  for (let at = 0; at < replies.length; at += replies[at + 3]! + 4) {
    const [id, params] = [replies[at + 2]!, replies[at + 3]! - 2];
    // A reading of positions alone, or of positions and velocities.
    if (id === joint + 1 && (params === 2 || params === 4)) return replies[at + 5]! | (replies[at + 6]! << 8);
  }
  return undefined;
}

function isGoals(packet: Uint8Array): boolean {
  return packet[4] === Instruction.syncWrite && packet[5] === registers.goal_position.address;
}
