/** The ways that a client's command can come: the service's own socket of targets, LeKiwi's wire, and LeRobot's plugin. */
import { join } from "node:path";
import { askService } from "../../src/api/client.ts";
import { normalise } from "../../src/arm/calibration/normalisation.ts";
import { CalibrationStore } from "../../src/arm/calibration/store.ts";
import { JOINTS } from "../../src/arm/joints.ts";
import { steps } from "../../src/feetech/units.ts";
import { nowUs } from "../../src/linux/clock.ts";
import { nativeBuffer } from "../../src/linux/libc.ts";
import { close, connectTo, send } from "../../src/linux/sockets/stream.ts";
import type { RunningSim } from "../../src/sim/testing/start.ts";
import { SAMPLE_BYTES, SampleView } from "../../src/teleop/remote/sample.ts";
import { LerobotSession } from "../../test/support/lerobot-session.ts";
import { programPath } from "../bench/subjects.ts";
import { WireClient } from "../chaos/clients/wire-client.ts";
import { BareZmq } from "./bare-zmq.ts";

/** Sends commands; each is six positions in steps. */
export interface Sender {
  /** False once nobody takes them. */
  send(target: readonly number[]): boolean;
  end(): Promise<void>;
}

/** A way. */
export interface Way {
  readonly name: string;
  /** Where the floor takes commands. */
  floorAt(sim: RunningSim): string;
  toFloor(at: string): Sender | Promise<Sender>;
  /** To the program that drives a simulation's arms, and whose control socket is there. */
  toProgram(sim: RunningSim, control: string): Promise<Sender>;
}

/** Loopback is a whole network: here no other client of this machine listens. */
const ADDRESS = "127.0.93.1";
/** LeKiwi's port of commands. */
const COMMANDS = `tcp://${ADDRESS}:5555`;
/** The floor's: both may be there at once. */
const FLOOR = `tcp://${ADDRESS}:6555`;

const targetsSocket: Way = {
  name: "the socket of targets",
  floorAt: (sim) => join(sim.dir, "floor.targets"),
  toFloor(at) {
    const connection = connectTo(at, 0, "datagrams");
    const bytes = nativeBuffer(SAMPLE_BYTES);
    const view = new SampleView(bytes.bytes);
    return {
      send(target) {
        view.write(0, 0, 0, nowUs(), target);
        return send(connection, bytes, SAMPLE_BYTES) === SAMPLE_BYTES;
      },
      end: async () => close(connection),
    };
  },
  async toProgram(_, control) {
    const client = await WireClient.ask(control, "bench");
    if (client?.said === undefined) throw new Error(`the client is not taken: ${client?.why}`);
    return { send: (target) => client.target(target), end: async () => client.vanish() };
  },
};

const leKiwi: Way = {
  name: "LeKiwi's wire",
  floorAt: () => FLOOR,
  toFloor(at) {
    const socket = new BareZmq("push", at);
    return { send: (target) => socket.send(command(target)), end: async () => {} };
  },
  async toProgram({ paths }, control) {
    const host = serveLerobot(control);
    const socket = new BareZmq("push", COMMANDS);
    const positions = positionsOf(paths.calibration);
    return { send: (target) => socket.send(command(positions(target))), end: host.end };
  },
};

/** As a workstation has it: Python, in a process that is told each command by a line. */
const plugin: Way = {
  name: "LeRobot's plugin",
  floorAt: () => FLOOR,
  async toFloor(at) {
    const session = await LerobotSession.start();
    await session.value(`
import json, zmq
socket = zmq.Context().socket(zmq.PUSH)
socket.connect("${at}")
def go(*values):
    socket.send_string(json.dumps(dict(enumerate(values))))
`);
    return ofSession(session, (target) => target);
  },
  async toProgram({ paths }, control) {
    const host = serveLerobot(control);
    const session = await LerobotSession.start();
    await session.value(`
robot = make_robot(remote_ip="${ADDRESS}")
robot.connect()
def go(*values):
    robot.send_action(dict(zip(robot.action_features, values)))
`);
    const sender = ofSession(session, positionsOf(paths.calibration));
    return {
      send: sender.send,
      async end() {
        await sender.end();
        await host.end();
      },
    };
  },
};

/** A session of LeRobot's in which \`go\` sends a command. What fails there is said at the end. */
function ofSession(
  session: LerobotSession,
  valuesOf: (target: readonly number[]) => readonly number[],
): Sender {
  const failures = new Set<string>();
  let last: Promise<void> = Promise.resolve();
  return {
    send(target) {
      last = session.run(`go(${valuesOf(target).join()})`).then(({ error }) => {
        if (error !== null) failures.add(error);
      });
      return true;
    },
    async end() {
      await last;
      await session[Symbol.asyncDispose]();
      for (const failure of failures) throw new Error(failure);
    },
  };
}

/** The program that serves LeRobot's clients for the service at a control socket. */
function serveLerobot(control: string) {
  const host = Bun.spawn([programPath, "lerobot", "--listen", ADDRESS, "--socket", control], {
    ...{ stdin: "ignore", stdout: "ignore", stderr: "inherit" },
  });
  return {
    async end() {
      host.kill("SIGTERM");
      await host.exited;
    },
  };
}

/** Steps as LeRobot has positions. */
function positionsOf(calibration: string): (target: readonly number[]) => number[] {
  const follower = new CalibrationStore(calibration).load({ role: "follower", id: "follower" });
  return (target) =>
    // What is truncated toward zero is to be this step.
    JOINTS.map((joint, index) => normalise(steps(target[index]! + 0.5), follower[joint], joint, "range"));
}

/** LeKiwi's message: nine keys, of which the wheels' are no matter. */
function command(values: readonly number[]): string {
  const arm = JOINTS.map((joint, index) => [`arm_${joint}.pos`, values[index]]);
  return JSON.stringify({ ...Object.fromEntries(arm), "x.vel": 0, "y.vel": 0, "theta.vel": 0 });
}

/** All ways, the shortest first. */
export const WAYS: readonly Way[] = [targetsSocket, leKiwi, plugin];

/** Waits until a client's commands are followed. Rejects when they are not for long. */
export async function untilFollowed(
  control: string,
  first: readonly number[],
  sender: Sender,
): Promise<void> {
  const untilMs = performance.now() + FOLLOWED_WITHIN_MS;
  for (let followedMs = 0; followedMs < SETTLED_MS; ) {
    sender.send(first);
    await Bun.sleep(EVERY_MS);
    const { driver, state, why } = (await askService([control], { do: "status" }))!;
    followedMs = driver?.source === "client" && state === "following" ? followedMs + EVERY_MS : 0;
    if (performance.now() > untilMs) throw new Error(`the client is not followed: ${driver?.source}, ${why}`);
  }
}

const FOLLOWED_WITHIN_MS = 20_000;
const EVERY_MS = 20;
const SETTLED_MS = 500;
