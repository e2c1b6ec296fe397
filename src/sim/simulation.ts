/** A running simulation: two boards with their arms, the files in its folder, and what is asked of it. */
import { mkdir, unlink } from "node:fs/promises";
import { STEPS_PER_TURN } from "../feetech/units.ts";
import { nowUs } from "../linux/clock.ts";
import type { Actuator } from "./actuator.ts";
import { SimulatedArm } from "./arm.ts";
import { Board, type Timing } from "./board.ts";
import { Engine } from "./engine.ts";
import {
  calibrationPath,
  type PairState,
  pathsIn,
  readState,
  replaceFile,
  replaceLink,
  writeCalibration,
} from "./files.ts";
import { ARMS, type ArmName, JOINTS } from "./joints.ts";
import { type MotionPlan, motionOf, type Play } from "./motion.ts";
import { withinTurn } from "./motor.ts";
import { Recorder } from "./recorder.ts";
import { type ArmReport, reportOf } from "./report.ts";
import type { CheckedRequest } from "./requests.ts";
import { mechanicalRange, type Scene, servosOf } from "./scene.ts";
import type { SimulatedServo } from "./servo.ts";

/** What a simulation is started with. */
export interface SimulationOptions {
  /** The folder of everything that belongs to it. */
  dir: string;
  /** How the arms are found when the folder holds no state yet. */
  arms: Scene;
  /** The arms' ids, which name their calibration files. */
  ids: Record<ArmName, string>;
  motion: MotionPlan;
  timing: Timing;
}

const POSITIONS_EVERY_US = 100_000;
const SAVE_EVERY_MS = 1000;
/** Steps/s: a hand is not faster than this when a motion begins elsewhere than where the arm is. */
const HAND_SPEED = 2000;

/** Two arms on two ptys. Made by {@link Simulation.open}, played by {@link run}. */
export class Simulation {
  readonly #paths: ReturnType<typeof pathsIn>;
  readonly #recorder: Recorder;
  readonly #boards: Record<ArmName, Board>;
  readonly #engine: Engine;
  /** What a hand does with each arm, and since when. */
  readonly #hands: Record<ArmName, { play: Play; fromUs: number } | undefined> = {
    leader: undefined,
    follower: undefined,
  };
  #positionsAtUs = 0;
  #saved = "";
  #saving: Promise<void> = Promise.resolve();

  private constructor(
    paths: ReturnType<typeof pathsIn>,
    recorder: Recorder,
    state: PairState,
    timing: Timing,
  ) {
    this.#paths = paths;
    this.#recorder = recorder;
    const board = (name: ArmName) => {
      const arm = new SimulatedArm(name, nowUs(), state[name], (joint, event) =>
        recorder.note({ kind: "event", arm: name, joint, ...event }),
      );
      return new Board(arm, timing, recorder);
    };
    this.#boards = { leader: board("leader"), follower: board("follower") };
    this.#engine = new Engine(ARMS.map((name) => this.#boards[name]));
  }

  /** Prepares the folder, powers the arms up and plugs the boards in. Throws when the folder's state is unusable. */
  static async open({ dir, arms, ids, motion, timing }: SimulationOptions): Promise<Simulation> {
    const paths = pathsIn(dir);
    await mkdir(dir, { recursive: true });
    const found = await readState(paths.state);
    const state = found ?? { leader: servosOf("leader", arms), follower: servosOf("follower", arms) };
    const simulation = new Simulation(paths, await Recorder.create(paths.record), state, timing);
    for (const name of ARMS) {
      await simulation.#plug(name);
      const missing = !(await Bun.file(calibrationPath(paths.calibration, name, ids[name])).exists());
      if (arms !== "new" && (missing || found === undefined)) {
        await writeCalibration(paths.calibration, name, ids[name], simulation.#ranges(name));
      }
    }
    simulation.#play("leader", motion);
    await simulation.#save();
    return simulation;
  }

  /** Plays until {@link stop}; then saves the state and removes the links. */
  async run(): Promise<void> {
    const saving = setInterval(() => void this.#save(), SAVE_EVERY_MS);
    try {
      await this.#engine.run(
        (board, now) => this.#moveHand(board, now),
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

  /** Does what is asked and returns what there is to reply. Throws when it cannot be done. */
  async handle(request: CheckedRequest): Promise<object> {
    if (!["state", "mark", "sync"].includes(request.do)) this.#recorder.note({ kind: "injection", request });
    const now = nowUs();
    switch (request.do) {
      case "pull":
        await unlink(this.#paths[request.arm]).catch(() => {});
        this.#boards[request.arm].pull();
        break;
      case "plug":
        return { path: await this.#plug(request.arm) };
      case "power":
        for (const servo of this.#servos(request)) {
          if (!request.on) servo.powerDown(now);
          else if (!servo.actuator.powered) servo.powerUp(now, request);
        }
        await this.#save();
        break;
      case "brownout":
        for (const servo of this.#servos(request)) {
          servo.powerDown(now);
          servo.powerUp(now, request);
        }
        break;
      case "drop":
      case "corrupt":
        for (const faults of this.#faults(request)) faults[request.do] = request.count;
        break;
      case "delay":
        for (const faults of this.#faults(request)) {
          faults.delay = request.count;
          faults.delayUs = request.us;
        }
        break;
      case "noise":
        this.#noise(request, now);
        break;
      case "silent":
        for (const faults of this.#faults(request)) faults.silent = request.on;
        break;
      case "silentFrom":
        for (const faults of this.#boards[request.arm].arm.faults.slice(JOINTS.indexOf(request.joint))) {
          faults.silent = request.on;
        }
        break;
      case "error":
        for (const servo of this.#servos(request)) servo.actuator.extraErrorBits = request.bits;
        break;
      case "set":
        for (const servo of this.#servos(request)) setSurroundings(servo.actuator, request);
        break;
      case "overload":
        for (const servo of this.#servos(request)) servo.actuator.latchOverload();
        break;
      case "block":
        for (const servo of this.#servos(request)) {
          servo.actuator.advance(now);
          servo.actuator.motor.block(
            request.position === null ? undefined : servo.actuator.shaftAt(request.position),
          );
        }
        break;
      case "push":
        for (const servo of this.#servos(request)) {
          if (servo.actuator.energised && !request.force)
            throw new Error(`${request.joint} is energised: push it with "force"`);
          servo.actuator.advance(now);
          servo.actuator.motor.push(servo.actuator.shaftAt(request.position), request.speed, request.force);
        }
        break;
      case "registers":
        for (const servo of this.#servos(request)) servo.setValues(definedOf(request.values));
        break;
      case "motion":
        this.#play(request.arm, request.play);
        break;
      case "state":
        return { leader: this.#report("leader", now), follower: this.#report("follower", now) };
      case "mark":
        this.#recorder.note({ kind: "mark", text: request.text });
        break;
      case "sync":
        await this.#recorder.sync();
        break;
      case "quit":
        this.stop();
        break;
    }
    return {};
  }

  #servos({
    arm,
    joint,
  }: {
    arm: ArmName;
    joint?: (typeof JOINTS)[number] | undefined;
  }): readonly SimulatedServo[] {
    const { arm: simulated } = this.#boards[arm];
    return joint === undefined ? simulated.servos : [simulated.servo(joint)];
  }

  #faults({ arm, joint }: { arm: ArmName; joint?: (typeof JOINTS)[number] | undefined }) {
    const { arm: simulated } = this.#boards[arm];
    return joint === undefined ? simulated.faults : [simulated.faultsOf(joint)];
  }

  #noise(request: Extract<CheckedRequest, { do: "noise" }>, now: number): void {
    const board = this.#boards[request.arm];
    const bytes =
      typeof request.bytes === "string"
        ? Uint8Array.fromHex(request.bytes)
        : crypto.getRandomValues(new Uint8Array(request.bytes));
    if (request.beforeReplies === undefined) board.inject(bytes, now);
    else Object.assign(board.noiseBefore, { replies: request.beforeReplies, bytes });
  }

  #report(name: ArmName, now: number): ArmReport {
    const board = this.#boards[name];
    return reportOf(board.arm, board.path, now);
  }

  async #plug(name: ArmName): Promise<string> {
    const path = this.#boards[name].plug();
    await replaceLink(this.#paths[name], path);
    return path;
  }

  #play(name: ArmName, plan: MotionPlan): void {
    const ranges = this.#ranges(name).map(({ range_min, range_max }) => ({ min: range_min, max: range_max }));
    const play = motionOf(plan, ranges);
    this.#hands[name] = play && { play, fromUs: nowUs() };
    for (const servo of this.#boards[name].arm.servos) servo.actuator.motor.letGo();
  }

  #ranges(name: ArmName) {
    return this.#boards[name].arm.servos.map((servo) => {
      const values = servo.values(nowUs());
      return {
        homing_offset: values.homing_offset,
        range_min: values.min_position_limit,
        range_max: values.max_position_limit,
      };
    });
  }

  /** Puts the hand where the motion has it now. */
  #moveHand({ arm }: Board, now: number): void {
    const hand = this.#hands[arm.name];
    if (hand === undefined) return;
    const positions = hand.play.motion((now - hand.fromUs) / 1e6);
    for (const [i, joint] of JOINTS.entries()) {
      const { actuator } = arm.servos[i]!;
      const position = positions[joint];
      if (position === undefined) continue;
      const shaft =
        hand.play.of === "readings"
          ? actuator.shaftAt(position)
          : shaftInRange(actuator.motor.position, mechanicalRange(arm.name, joint), position);
      actuator.motor.push(shaft, HAND_SPEED);
    }
  }

  /** What has to be done now and then, while no packet waits. */
  #rest(now: number): void {
    for (const name of ARMS) {
      this.#moveHand(this.#boards[name], now);
      this.#boards[name].arm.advance(now);
    }
    if (now - this.#positionsAtUs >= POSITIONS_EVERY_US) {
      this.#positionsAtUs = now;
      for (const name of ARMS) {
        const positions = this.#boards[name].arm.servos.map((servo) => servo.actuator.position);
        this.#recorder.note({ kind: "positions", arm: name, positions }, now);
      }
    }
    this.#recorder.flush();
  }

  /** Writes the state, if it has changed; one write at a time. */
  #save(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      const save = (name: ArmName) => this.#boards[name].arm.servos.map((servo) => servo.save());
      const text = JSON.stringify({ leader: save("leader"), follower: save("follower") } satisfies PairState);
      if (text === this.#saved) return;
      await replaceFile(this.#paths.state, text);
      this.#saved = text;
    });
    return this.#saving;
  }

  async #close(): Promise<void> {
    for (const name of ARMS) {
      await unlink(this.#paths[name]).catch(() => {});
      this.#boards[name].pull();
    }
    await this.#save();
    await this.#recorder.close();
  }
}

/** Where the shaft is at a share of the joint's mechanical range, in the turn in which it is now. */
function shaftInRange(now: number, { min, max }: { min: number; max: number }, share: number): number {
  const middle = (min + max) / 2;
  const fromMiddle = withinTurn(now - middle + STEPS_PER_TURN / 2) - STEPS_PER_TURN / 2;
  return now - fromMiddle + (share - 0.5) * (max - min);
}

function setSurroundings(actuator: Actuator, request: Extract<CheckedRequest, { do: "set" }>): void {
  const { temperature, voltage, load, current, overloadCure } = request;
  if (temperature !== undefined) actuator.temperature = temperature;
  if (voltage !== undefined) actuator.voltage = voltage;
  if (load !== undefined) actuator.load = load ?? undefined;
  if (current !== undefined) actuator.current = current ?? undefined;
  if (overloadCure !== undefined) actuator.overloadCure = overloadCure;
}

function definedOf(values: Record<string, number | undefined>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}
