/** A running simulation: two boards, their arms, the hands that move these, and the files in its folder. */
import { nowUs } from "../linux/clock.ts";
import { SimulatedArm } from "./arm/arm.ts";
import { Hand } from "./arm/hand.ts";
import { ARMS, type ArmName } from "./arm/joints.ts";
import type { MotionPlan } from "./arm/motion.ts";
import { type Scene, servosOf } from "./arm/scene.ts";
import { Board, type Lateness, type Timing } from "./board.ts";
import { Engine } from "./engine.ts";
import {
  calibrationPath,
  makeOwnFolder,
  type PairState,
  pathsIn,
  readState,
  replaceFile,
  writeCalibration,
} from "./files.ts";
import { type BoardsScene, Names } from "./names.ts";
import { Recorder } from "./record/recorder.ts";
import type { Firmware } from "./servo/firmware.ts";

/** What a simulation is started with. */
export interface SimulationOptions {
  /** The folder of everything that belongs to it. */
  dir: string;
  /** How the arms are found when the folder holds no state yet. */
  arms: Scene;
  /** Whether the boards have names already when the folder holds none yet; if not, the arms' calibrations are in their servos alone. */
  boards: BoardsScene;
  /** The arms' ids, which name their calibration files. */
  ids: Record<ArmName, string>;
  motion: MotionPlan;
  timing: Timing;
  /** What the firmware of all servos does otherwise than others'. */
  firmware?: Partial<Firmware>;
  /** How late the replies of each arm are at first. */
  lateness: Readonly<Record<ArmName, Lateness>>;
}

const POSITIONS_EVERY_US = 100_000;
const SAVE_EVERY_MS = 1000;

/** Two arms on two ptys. Made by {@link Simulation.open}, played by {@link run}. */
export class Simulation {
  readonly boards: Readonly<Record<ArmName, Board>>;
  readonly hands: Readonly<Record<ArmName, Hand>>;
  readonly recorder: Recorder;
  /** Which board has which name, as udev has it on a machine. */
  readonly names: Names;

  readonly #paths: ReturnType<typeof pathsIn>;
  readonly #engine: Engine;
  #positionsAtUs = 0;
  #saved = "";
  #saving: Promise<void> = Promise.resolve();

  private constructor(
    paths: ReturnType<typeof pathsIn>,
    recorder: Recorder,
    state: PairState,
    timing: Timing,
    names: Names,
  ) {
    this.#paths = paths;
    this.recorder = recorder;
    this.names = names;
    const board = (name: ArmName) => {
      const arm = new SimulatedArm(name, nowUs(), state[name], (joint, event) =>
        recorder.note({ kind: "event", arm: name, joint, ...event }),
      );
      const made = new Board(arm, timing, recorder);
      made.moved = (path) => names.plugged(name, path);
      return made;
    };
    this.boards = { leader: board("leader"), follower: board("follower") };
    this.hands = { leader: new Hand(this.boards.leader.arm), follower: new Hand(this.boards.follower.arm) };
    this.#engine = new Engine(ARMS.map((name) => this.boards[name]));
  }

  /**
   * Prepares the folder, powers the arms up and plugs the boards in. Throws when others may change what is in the folder,
   * or its state is unusable.
   */
  static async open({
    dir,
    arms,
    boards,
    ids,
    motion,
    timing,
    firmware,
    lateness,
  }: SimulationOptions): Promise<Simulation> {
    const paths = pathsIn(dir);
    makeOwnFolder(dir);
    const found = await readState(paths.state);
    const state = found ?? { leader: servosOf("leader", arms), follower: servosOf("follower", arms) };
    const recorder = await Recorder.create(paths.record);
    const simulation = new Simulation(paths, recorder, state, timing, new Names(paths, boards));
    for (const name of ARMS) {
      for (const servo of simulation.boards[name].arm.servos) Object.assign(servo.firmware, firmware);
      simulation.boards[name].lateness = lateness[name];
      simulation.plug(name);
      const missing = !(await Bun.file(calibrationPath(paths.calibration, name, ids[name])).exists());
      // Of arms that this machine has never seen it has no files either.
      if (arms !== "new" && boards === "named" && (missing || found === undefined)) {
        await writeCalibration(paths.calibration, name, ids[name], simulation.#ranges(name));
      }
    }
    simulation.hands.leader.play(motion, nowUs());
    await simulation.save();
    return simulation;
  }

  /** Plays until {@link stop}; then saves the state and removes the links. */
  async run(): Promise<void> {
    const saving = setInterval(() => void this.save(), SAVE_EVERY_MS);
    try {
      await this.#engine.run(
        ({ arm }, now) => this.hands[arm.name].move(now),
        (now) => this.#rest(now),
      );
    } finally {
      clearInterval(saving);
      await this.#close();
    }
  }

  /** Lets {@link run} end. */
  stop(): void {
    this.#engine.stop();
  }

  /** Plugs a board in, unless it is; returns the path of its pty. */
  plug(name: ArmName): string {
    const path = this.boards[name].plug();
    this.names.plugged(name, path);
    return path;
  }

  /** Pulls a board out: its link goes first. */
  pull(name: ArmName): void {
    this.names.pulled(name);
    this.boards[name].pull();
  }

  /** Writes the state, if it has changed; one write at a time. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      const save = (name: ArmName) => this.boards[name].arm.servos.map((servo) => servo.save());
      const text = JSON.stringify({ leader: save("leader"), follower: save("follower") } satisfies PairState);
      if (text === this.#saved) return;
      await replaceFile(this.#paths.state, text);
      this.#saved = text;
    });
    return this.#saving;
  }

  #ranges(name: ArmName) {
    return this.boards[name].arm.servos.map((servo) => {
      const values = servo.values(nowUs());
      return {
        homing_offset: values.homing_offset,
        range_min: values.min_position_limit,
        range_max: values.max_position_limit,
      };
    });
  }

  /** What has to be done now and then, while no packet waits. */
  #rest(now: number): void {
    for (const name of ARMS) {
      this.hands[name].move(now);
      this.boards[name].arm.advance(now);
    }
    if (now - this.#positionsAtUs >= POSITIONS_EVERY_US) {
      this.#positionsAtUs = now;
      for (const name of ARMS) {
        const positions = this.boards[name].arm.servos.map((servo) => servo.actuator.position);
        this.recorder.note({ kind: "positions", arm: name, positions }, now);
      }
    }
    this.recorder.flush();
  }

  async #close(): Promise<void> {
    this.names.end();
    for (const name of ARMS) this.boards[name].pull();
    await this.save();
    await this.recorder.close();
  }
}
