import { describe, expect, test } from "bun:test";
import { ArmConnection, type ArmPorts } from "../../src/arm/connection.ts";
import { JOINTS, type JointName } from "../../src/arm/joints.ts";
import { systemClock } from "../../src/linux/clock.ts";
import { PortError, type PortTrouble } from "../../src/serial/transport.ts";
import { SimulatedTransport } from "../../src/sim/testing/transport.ts";

const arm = { role: "leader", id: "blue" } as const;
const path = "/dev/ttyACM0";

/** Ports on a clock that is set by hand; opening the arm's does what it is told to. */
class Ports implements ArmPorts {
  nowUs = 0;
  refusal: PortError | undefined;
  readonly transport = new SimulatedTransport();
  readonly clock = { ...systemClock, nowUs: () => this.nowUs };

  async open() {
    if (this.refusal !== undefined) throw this.refusal;
    return { transport: this.transport, setBaudRate: () => {}, close: async () => {} };
  }

  refuse(trouble: PortTrouble, details = {}): this {
    this.refusal = new PortError(trouble, path, `${path} is refused`, details);
    return this;
  }

  silence(...joints: readonly JointName[]): this {
    for (const joint of joints) this.transport.arm.faults[JOINTS.indexOf(joint)]!.silent = true;
    return this;
  }
}

const reached = async (ports: Ports) => {
  const connection = new ArmConnection(arm, path, "read", ports);
  await connection.reach();
  return connection;
};

test("an adapter that holds replies back all the same is named, with the file that sets it", async () => {
  const ports = new Ports();
  const timer = { ms: 16, file: "/sys/class/tty/ttyUSB0/device/latency_timer" };
  const holding: ArmPorts = {
    clock: ports.clock,
    open: async () => ({ ...(await ports.open()), latencyTimer: timer }),
  };
  const connection = new ArmConnection(arm, path, "read", holding);
  await connection.reach();
  expect(connection.latencyProblem).toEqual({ code: "port.latency-timer", arm, path, ...timer });
  expect((await reached(ports)).latencyProblem).toBeUndefined();
});

test("an arm that is all there has no problem, and one that is not has no bus", async () => {
  const ports = new Ports();
  const connection = await reached(ports.refuse("missing"));
  expect(connection).toMatchObject({ problem: { code: "board.missing", arm, path }, bus: undefined });
  ports.refusal = undefined;
  await connection.reach();
  expect(connection.problem).toBeUndefined();
  expect(connection.bus).toBeDefined();
});

describe("a port that cannot be had", () => {
  test("in use: by whom", async () => {
    const owner = { pid: 12, name: "python3" };
    const { problem } = await reached(new Ports().refuse("in use", { owner }));
    expect(problem).toEqual({ code: "port.busy", arm, path, owner });
  });

  test("denied: fresh at first, while it may only be that udev has not set the group yet", async () => {
    const ports = new Ports().refuse("denied");
    const connection = await reached(ports);
    expect(connection.problem).toEqual({ code: "port.denied", arm, path, fresh: true });
    ports.nowUs = 1_499_999;
    await connection.reach();
    expect(connection.problem).toMatchObject({ fresh: true });
    ports.nowUs = 1_500_000;
    await connection.reach();
    expect(connection.problem).toEqual({ code: "port.denied", arm, path });
  });

  test("lost while it is opened: not there", async () => {
    const { problem } = await reached(new Ports().refuse("lost"));
    expect(problem).toEqual({ code: "board.missing", arm, path });
  });

  test("anything else: what the system said", async () => {
    const { problem } = await reached(new Ports().refuse("failed", { errno: "EINVAL" }));
    expect(problem).toEqual({
      ...{ code: "port.failed", arm, path, trouble: "failed", errno: "EINVAL" },
      fact: `${path} is refused`,
    });
  });
});

describe("who does not answer", () => {
  test("nobody: the power", async () => {
    const { problem } = await reached(new Ports().silence(...JOINTS));
    expect(problem).toEqual({ code: "bus.silent", arm, path, remedies: [{ do: "switch power on" }] });
  });

  test("the last joints: the lead before them", async () => {
    const { problem } = await reached(new Ports().silence("wrist_roll", "gripper"));
    expect(problem).toEqual({
      ...{ code: "bus.joints-missing", arm, path, joints: ["wrist_roll", "gripper"] },
      remedies: [{ do: "check lead", from: "wrist_flex", to: "wrist_roll" }],
    });
  });

  test("a joint behind which others answer: its servo, for the leads are good", async () => {
    const { problem } = await reached(new Ports().silence("elbow_flex"));
    expect(problem).toEqual({
      ...{ code: "bus.joints-missing", arm, path, joints: ["elbow_flex"] },
      remedies: [{ do: "check servo", joint: "elbow_flex" }],
    });
  });

  test("one whose replies arrive damaged beside one that is silent: two of one id", async () => {
    const ports = new Ports().silence("wrist_flex");
    ports.transport.onReply = (bytes) => {
      if (bytes[2] === 3) bytes[bytes.length - 1]! ^= 0xff;
      return bytes;
    };
    expect((await reached(ports)).problem).toEqual({
      ...{ code: "bus.damaged", arm, path, joints: ["elbow_flex"], silent: ["wrist_flex"] },
      remedies: [{ do: "give id", joint: "wrist_flex" }],
    });
  });

  test("an arm on a port that is nobody's has no name but its port's", async () => {
    const connection = new ArmConnection(undefined, path, "read", new Ports().silence(...JOINTS));
    await connection.reach();
    expect(connection.name).toBe(`arm on ${path}`);
    expect(connection.problem).toMatchObject({ code: "bus.silent", path });
    expect(connection.problem!.arm).toBeUndefined();
  });
});
