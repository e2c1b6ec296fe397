// The simulation as a process of its own, through its ports, its control socket and its files.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BROADCAST_ID, Instruction } from "../../src/feetech/packet.ts";
import { registers } from "../../src/feetech/registers.ts";
import { nowUs } from "../../src/linux/clock.ts";
import { cString, libc, nativeBuffer } from "../../src/linux/libc.ts";
import { TtyPort } from "../../src/serial/port.ts";
import { PortError } from "../../src/serial/transport.ts";
import { type ArmName, JOINTS } from "../../src/sim/arm/joints.ts";
import type { BytesEntry, RecordEntry } from "../../src/sim/record/entries.ts";
import { bytesOf, recordEntries } from "../../src/sim/testing/record.ts";
import { checkSafety } from "../../src/sim/testing/safety.ts";
import { type RunningSim, type StartOptions, startSim } from "../../src/sim/testing/start.ts";
import { startHelper } from "../support/board.ts";
import { Host } from "./host.ts";

const ALL = [1, 2, 3, 4, 5, 6];
/** How long to listen for what should not come. */
const A_WHILE_US = 50_000;

let sim: RunningSim;
const ports: TtyPort[] = [];
const request: RunningSim["client"]["request"] = (what) => sim.client.request(what);

async function start(options: StartOptions = {}): Promise<void> {
  sim = await startSim({ motion: "still", arms: "configured", ...options });
}

/** Opens an arm's port, once. */
function open(arm: ArmName): Host {
  const port = TtyPort.open(sim.paths[arm], { baudRate: 1_000_000 });
  ports.push(port);
  return new Host(port);
}

async function record(): Promise<RecordEntry[]> {
  await request({ do: "sync" });
  return await recordEntries(sim.paths.record);
}

/** Whether one who is not root would find an arm's port in exclusive use. */
function turnsAway(path: string): boolean {
  const TIOCGEXCL = 0x80045440;
  const answer = nativeBuffer(4);
  const fd = libc.open(cString(path), 0x902); // O_RDWR | O_NOCTTY | O_NONBLOCK
  if (fd === -1) return true;
  libc.ioctl(fd, TIOCGEXCL, answer.pointer);
  libc.close(fd);
  return answer.bytes[0] === 1;
}

function closePorts(): void {
  for (const port of ports.splice(0)) port.close();
}

afterEach(async () => {
  closePorts();
  await sim.stop();
});

describe("boards that are new", () => {
  const boards = async () => Bun.file(sim.paths.boards).json();
  const SERIALS = { leader: "5AB9067929", follower: "5AB9067722" };

  test("are listed with their serial numbers, and have no names until somebody gives them", async () => {
    await start({ boards: "new" });
    const state = await request({ do: "state" });
    expect(await boards()).toMatchObject([
      { path: state.leader.path, serial: SERIALS.leader },
      { path: state.follower.path, serial: SERIALS.follower },
    ]);
    expect(existsSync(sim.paths.leader)).toBe(false);
    expect(existsSync(sim.paths.calibration)).toBe(false);
    await request({ do: "name", ...SERIALS });
    expect(readlinkSync(sim.paths.leader)).toBe(state.leader.path!);
    expect(readlinkSync(sim.paths.follower)).toBe(state.follower.path!);
  });

  test("keep their names when they are pulled and plugged in again, whatever path they get", async () => {
    await start({ boards: "new" });
    await request({ do: "name", leader: SERIALS.follower, follower: SERIALS.leader });
    await request({ do: "pull", arm: "follower" });
    expect(existsSync(sim.paths.leader)).toBe(false);
    expect(await boards()).toHaveLength(1);
    const { path } = await request({ do: "plug", arm: "follower" });
    expect(readlinkSync(sim.paths.leader)).toBe(path);
  });

  test("without serial numbers are named by their sockets, and one board gets no two names", async () => {
    await start({ boards: "equal" });
    const [leader, follower] = await boards();
    expect(leader.serial ?? follower.serial).toBeUndefined();
    const twice = { leader: leader.socket, follower: leader.socket };
    expect(request({ do: "name", ...twice })).rejects.toThrow("leader and follower are the same board");
    expect(request({ do: "name", ...SERIALS })).rejects.toThrow('there is no board "5AB9067929"');
    await request({ do: "name", leader: leader.socket, follower: follower.socket });
    expect(readlinkSync(sim.paths.leader)).toBe(leader.path);
  });
});

describe("EEPROM that was just written", () => {
  const readBack = () => {
    const host = ports.length > 0 ? new Host(ports[0]!) : open("follower");
    host.write(1, "lock", 0);
    host.write(1, "p_coefficient", 17);
    return host.read(1, "p_coefficient");
  };

  test("reads as zeros where that is wanted, as in our own tests", async () => {
    await start();
    expect(readBack()).toBe(0);
    await request({ do: "firmware", arm: "follower", zerosAfterEepromWrite: false });
    expect(readBack()).toBe(17);
  });

  test("reads as what it holds where nothing else is asked for", async () => {
    await start({ eepromZeros: false });
    expect(readBack()).toBe(17);
  });
});

describe("a simulation", () => {
  beforeEach(() => start());

  test("a port that a killed program had to itself can be opened by the next one, whoever it is", async () => {
    const killed = startHelper("open-port.ts", [sim.paths.follower]);
    expect(await killed.line()).toBe('{"opened":true}');
    expect(turnsAway(sim.paths.follower)).toBe(true);
    process.kill(killed.pid, "SIGKILL");
    await killed.end();
    while (turnsAway(sim.paths.follower)) await Bun.sleep(1);
    expect(open("follower").ping(1)).toBeDefined();
  });

  test("answers on both ports, as the arms are", async () => {
    const state = await request({ do: "state" });
    for (const arm of ["leader", "follower"] as const) {
      const host = open(arm);
      for (const id of ALL) expect(host.ping(id)).toEqual({ id, error: 0, params: new Uint8Array() });
      const words = host
        .syncRead("present_position", ALL)
        .map(({ params }) => params[0]! | (params[1]! << 8));
      expect(words).toEqual(Object.values(state[arm].joints).map(({ position }) => position));
    }
  });

  test("gives the two arms calibrations of their own, and LeRobot's files for them", async () => {
    const state = await request({ do: "state" });
    const offsets = new Set<number>();
    for (const [arm, folder] of [
      ["leader", "teleoperators/so101_leader"],
      ["follower", "robots/so101_follower"],
    ] as const) {
      const file = await Bun.file(join(sim.paths.calibration, folder, `${arm}.json`)).json();
      expect(Object.keys(file)).toEqual([...JOINTS]);
      for (const [i, joint] of JOINTS.entries()) {
        const { homing_offset, min_position_limit, max_position_limit } = state[arm].joints[joint].registers;
        expect(file[joint]).toEqual({
          id: i + 1,
          drive_mode: 0,
          homing_offset,
          range_min: min_position_limit,
          range_max: max_position_limit,
        });
        offsets.add(homing_offset);
      }
    }
    expect(offsets.size).toBe(12);
  });

  test("moves the follower where it is told", async () => {
    const host = open("follower");
    host.syncWrite("goal_position", [2000, 1500, 1600, 1700, 2500, 2400]);
    const here = () =>
      host.syncRead("present_position", ALL).map(({ params }) => params[0]! | (params[1]! << 8));
    while (here().join() !== "2000,1500,1600,1700,2500,2400");
    const { joints } = (await request({ do: "state" })).follower;
    expect(Object.values(joints).every(({ energised }) => energised)).toBe(true);
  });

  test("records each packet with its time, no reply sooner than the line can carry it", async () => {
    const host = open("leader");
    host.syncRead("present_position", ALL);
    const entries = (await record()).filter((entry): entry is BytesEntry => "hex" in entry);
    const [asked, replied] = entries as [BytesEntry, BytesEntry];
    expect(entries).toHaveLength(2);
    expect(asked).toMatchObject({ arm: "leader", kind: "request", hex: "fffffe0a82380201020304050626" });
    expect(replied).toMatchObject({ arm: "leader", kind: "reply" });
    expect(bytesOf(replied)).toHaveLength(48);
    // 125 µs of USB, 14 bytes out and 48 back at 10 µs each.
    expect(replied.lastT - asked.firstT).toBeGreaterThanOrEqual(125 + (14 + 48) * 10);
    expect(replied.firstT).toBeGreaterThan(asked.lastT);
    expect(replied.firstT).toBeLessThanOrEqual(replied.lastT);
  });

  test("records when a servo becomes energised, with goal and position", async () => {
    const host = open("follower");
    const position = host.read(3, "present_position")!;
    host.write(3, "goal_position", position + 7);
    expect(await record()).toContainEqual(
      expect.objectContaining({
        event: "energised",
        arm: "follower",
        joint: "elbow_flex",
        goal: position + 7,
        position,
      }),
    );
  });

  test("leaves a record that shows what was unsafe", async () => {
    const limits = { followSpeedDegPerS: 360 };
    const [leader, follower] = [open("leader"), open("follower")];
    const position = follower.read(1, "present_position")!;
    follower.write(1, "goal_position", position);
    follower.write(1, "goal_position", position + 20);
    follower.syncRead("present_position", ALL);
    leader.write(1, "torque_enable", 0);
    expect(checkSafety(await record(), limits)).toEqual([]);

    follower.write(1, "goal_position", position + 600);
    follower.write(2, "torque_enable", 1);
    leader.write(3, "goal_position", 2000);
    expect(checkSafety(await record(), limits)).toMatchObject([
      { arm: "follower", joint: "shoulder_pan", rule: "goal jumped" },
      { arm: "follower", joint: "shoulder_lift", rule: "energised away from its goal" },
      { arm: "leader", joint: "elbow_flex", rule: "leader was given a goal" },
    ]);
  });

  test("puts notes and requests into the record, in order", async () => {
    await request({ do: "mark", text: "before" });
    await request({ do: "drop", arm: "leader", count: 3 });
    await request({ do: "mark", text: "after" });
    const kinds = (await record()).filter(({ kind }) => kind === "mark" || kind === "injection");
    expect(kinds).toMatchObject([
      { text: "before" },
      { request: { do: "drop", arm: "leader", count: 3 } },
      { text: "after" },
    ]);
  });

  test("spoils a request that comes while a reply is on the line, and the reply", async () => {
    const host = open("leader");
    const ping = [0xff, 0xff, 1, 2, Instruction.ping, 0xfb];
    host.sendRaw([...ping, ...ping]);
    host.bytes(6, A_WHILE_US);
    expect(await record()).toContainEqual(expect.objectContaining({ event: "collision", arm: "leader" }));
    expect(host.ping(1)).toBeDefined();
  });

  test("says what is wrong with a request, and goes on", async () => {
    // biome-ignore lint/suspicious/noExplicitAny: wrong on purpose
    const ask = (wrong: object) => sim.client.request(wrong as any);
    expect(ask({ do: "fly" })).rejects.toThrow();
    expect(ask({ do: "silent", arm: "leader", joint: "knee", on: true })).rejects.toThrow("joint");
    expect(ask({ do: "drop", arm: "leader", count: -1 })).rejects.toThrow("count");
    expect(ask({ do: "registers", arm: "leader", values: { nonsense: 1 } })).rejects.toThrow("nonsense");
    expect(await request({ do: "mark", text: "alive" })).toEqual({});
  });

  test("ends when asked to, and takes its links with it", async () => {
    const { paths } = sim;
    expect(existsSync(paths.leader)).toBe(true);
    await sim.client.request({ do: "quit" });
    await sim.exited;
    expect(() => readlinkSync(paths.leader)).toThrow("ENOENT");
    expect(() => readlinkSync(paths.follower)).toThrow("ENOENT");
  });

  test("is not disturbed by a second one in its folder", async () => {
    expect(startSim({ dir: sim.dir })).rejects.toThrow("running");
    expect(open("leader").ping(1)).toBeDefined();
  });
});

describe("a board", () => {
  beforeEach(() => start());

  test("that is pulled takes its link away, and fails whoever has it open", async () => {
    const host = open("leader");
    await request({ do: "pull", arm: "leader" });
    expect(() => readlinkSync(sim.paths.leader)).toThrow("ENOENT");
    expect(() => host.ping(1)).toThrow(PortError);
    expect(open("follower").ping(1)).toBeDefined();
  });

  test("that is plugged in again is there on another pty; the arm had power all along", async () => {
    const before = open("follower");
    before.write(2, "goal_position", 1500);
    const old = readlinkSync(sim.paths.follower);
    await request({ do: "pull", arm: "follower" });
    const { path } = await request({ do: "plug", arm: "follower" });
    expect(path).not.toBe(old);
    expect(readlinkSync(sim.paths.follower)).toBe(path);
    expect(open("follower").read(2, "torque_enable")).toBe(1);
  });

  test("may be closed and opened again by the program", async () => {
    for (let i = 0; i < 3; i++) {
      expect(open("leader").ping(1)).toBeDefined();
      closePorts();
    }
  });
});

describe("a fault", () => {
  let host: Host;
  beforeEach(async () => {
    await start();
    host = open("follower");
  });

  test("of power makes the arm silent and limp; it comes back with its RAM lost", async () => {
    host.syncWrite("goal_position", [2000, 2000, 2000, 2000, 2000, 2000]);
    await request({ do: "power", arm: "follower", on: false });
    expect(host.syncRead("lock", ALL, A_WHILE_US)).toEqual([]);
    expect((await request({ do: "state" })).follower.powered).toBe(false);
    await request({ do: "power", arm: "follower", on: true, silentMs: 0 });
    const all = host.syncRead("torque_enable", ALL);
    expect(all.map(({ params }) => params[0])).toEqual([0, 0, 0, 0, 0, 0]);
    expect(host.read(6, "torque_limit")).toBe(500);
  });

  test("of firmware can energise a joint at power-up", async () => {
    await request({ do: "power", arm: "follower", on: false });
    await request({ do: "power", arm: "follower", joint: "gripper", on: true, torqueOn: true, silentMs: 0 });
    expect(host.read(6, "torque_enable")).toBe(1);
  });

  test("of brown-out resets one servo's RAM after a silence", async () => {
    host.syncWrite("goal_position", [2000, 2000, 2000, 2000, 2000, 2000]);
    expect(host.read(4, "torque_enable")).toBe(1);
    await request({ do: "brownout", arm: "follower", joint: "wrist_flex", silentMs: 20 });
    expect(host.syncRead("lock", ALL, A_WHILE_US / 10).length).toBeLessThanOrEqual(6);
    while (host.syncRead("lock", [4], A_WHILE_US / 10).length === 0);
    expect(host.read(4, "torque_enable")).toBe(0);
    expect(host.read(3, "torque_enable")).toBe(1);
  });

  test("drops replies, so many and no more", async () => {
    await request({ do: "drop", arm: "follower", joint: "shoulder_lift", count: 2 });
    const seen = () => host.syncRead("lock", [1, 2, 3], A_WHILE_US).map(({ id }) => id);
    expect([seen(), seen(), seen()]).toEqual([
      [1, 3],
      [1, 3],
      [1, 2, 3],
    ]);
    await request({ do: "drop", arm: "follower", joint: "shoulder_lift", count: 2 });
    await request({ do: "drop", arm: "follower", joint: "shoulder_lift", count: 0 });
    expect(seen()).toEqual([1, 2, 3]);
  });

  test("delays a reply until its request was given up and another one answered", async () => {
    await request({ do: "delay", arm: "follower", joint: "shoulder_pan", us: 200_000, count: 1 });
    host.send(1, Instruction.ping);
    expect(host.replies(1, A_WHILE_US)).toEqual([]);
    host.send(2, Instruction.ping);
    expect(host.replies(2).map(({ id }) => id)).toEqual([2, 1]);
  });

  test("makes all replies late, in their order, until that is ended", async () => {
    await request({ do: "slow", arm: "follower", ms: 100, jitterMs: 100 });
    host.send(BROADCAST_ID, Instruction.syncRead, [56, 2, 1, 2]);
    const beganUs = nowUs();
    expect(host.replies(2).map(({ id }) => id)).toEqual([1, 2]);
    expect(nowUs() - beganUs).toBeGreaterThan(95_000);
    await request({ do: "slow", arm: "follower", ms: 0 });
    host.send(1, Instruction.ping);
    expect(host.replies(1, A_WHILE_US).map(({ id }) => id)).toEqual([1]);
  });

  test("puts noise on the line now, or before replies", async () => {
    await request({ do: "noise", arm: "follower", bytes: "ffff0102" });
    expect(host.bytes(4)).toEqual([0xff, 0xff, 1, 2]);
    await request({ do: "noise", arm: "follower", bytes: "0055", beforeReplies: 1 });
    host.send(1, Instruction.ping);
    expect(host.bytes(8)).toEqual([0x00, 0x55, 0xff, 0xff, 1, 2, 0, 0xfc]);
    expect(host.ping(1)).toBeDefined();
    await request({ do: "noise", arm: "follower", bytes: "0055", beforeReplies: 9 });
    await request({ do: "noise", arm: "follower", beforeReplies: 0 });
    host.send(1, Instruction.ping);
    expect(host.bytes(6)).toEqual([0xff, 0xff, 1, 2, 0, 0xfc]);
  });

  test("of a lead silences a servo and all after it", async () => {
    await request({ do: "silentFrom", arm: "follower", joint: "wrist_flex", on: true });
    expect(host.syncRead("lock", ALL, A_WHILE_US).map(({ id }) => id)).toEqual([1, 2, 3]);
    await request({ do: "silentFrom", arm: "follower", joint: "wrist_flex", on: false });
    expect(host.syncRead("lock", ALL).map(({ id }) => id)).toEqual(ALL);
  });

  test("sets error bits, temperature, voltage, load and current", async () => {
    await request({ do: "error", arm: "follower", joint: "gripper", bits: 2 });
    expect(host.ping(6)?.error).toBe(2);
    await request({
      do: "set",
      arm: "follower",
      joint: "gripper",
      temperature: 75,
      voltage: 121,
      load: -300,
      current: 9,
    });
    expect(host.ping(6)?.error).toBe(2 | 4 | 1);
    expect(host.read(6, "present_temperature")).toBe(75);
    expect(host.read(6, "present_voltage")).toBe(121);
    expect(host.read(6, "present_load")).toBe(-300);
    expect(host.read(6, "present_current")).toBe(9);
  });

  test("latches an overload, which a new goal ends", async () => {
    await request({ do: "overload", arm: "follower", joint: "gripper" });
    expect(host.ping(6)?.error).toBe(32);
    host.write(6, "goal_position", host.read(6, "present_position")!);
    expect(host.ping(6)?.error).toBe(0);
  });

  test("is an obstacle that a joint presses against", async () => {
    const position = host.read(1, "present_position")!;
    await request({ do: "block", arm: "follower", joint: "shoulder_pan", position: position + 50 });
    host.write(1, "goal_position", position + 500);
    while (host.read(1, "present_load") !== 1000);
    expect(host.read(1, "present_position")).toBe(position + 50);
  });

  test("changes registers behind the bus's back", async () => {
    await request({
      do: "registers",
      arm: "follower",
      joint: "gripper",
      values: { model_number: 9, homing_offset: -5 },
    });
    expect(host.read(6, "model_number")).toBe(9);
    expect(host.read(6, "homing_offset")).toBe(-5);
    const tooMuch = { do: "registers", arm: "follower", values: { id: 256 } } as const;
    expect(request(tooMuch)).rejects.toThrow("does not fit");
  });

  test("of two servos with one id spoils what both say", async () => {
    await request({ do: "registers", arm: "follower", joint: "gripper", values: { id: 1 } });
    const words = host.syncRead("present_position", [1, 2], A_WHILE_US).map(({ id }) => id);
    expect(words).toEqual([2]);
  });

  test("of baud rate: a port at another speed than the servos' gets no answer", () => {
    closePorts();
    const port = TtyPort.open(sim.paths.follower, { baudRate: 500_000 });
    ports.push(port);
    const slow = new Host(port);
    slow.send(1, Instruction.ping);
    expect(slow.replies(1, A_WHILE_US)).toEqual([]);
  });
});

describe("a hand", () => {
  beforeEach(() => start());

  test("pushes a limp joint, and is refused by an energised one", async () => {
    const host = open("follower");
    await request({ do: "push", arm: "follower", joint: "elbow_flex", position: 2500 });
    while (host.read(3, "present_position") !== 2500);
    host.write(3, "goal_position", 2500);
    const push = request({ do: "push", arm: "follower", joint: "elbow_flex", position: 2000 });
    expect(push).rejects.toThrow("is on: push it");
  });

  test("plays a motion with the leader until told otherwise", async () => {
    const host = open("leader");
    const keyframes = [{ atS: 0, positions: { gripper: 2600 } }];
    await request({ do: "motion", play: { keyframes } });
    while (host.read(6, "present_position") !== 2600);
    await request({ do: "motion", play: "wave" });
    while (host.read(6, "present_position") === 2600);
  });
});

describe("the state of the arms", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "so101-state-"));
  });
  afterEach(() => rm(dir, { recursive: true }));

  test("survives: EEPROM, its wear, positions; RAM does not", async () => {
    await start({ dir });
    const host = open("follower");
    host.write(3, "lock", 0);
    host.write(3, "p_coefficient", 21);
    host.write(3, "acceleration", 77);
    await request({ do: "push", arm: "follower", joint: "elbow_flex", position: 2222, speed: 50_000 });
    while (host.read(3, "present_position") !== 2222);
    closePorts();
    await sim.stop();

    await start({ dir });
    const { registers: values, position, wear } = (await request({ do: "state" })).follower.joints.elbow_flex;
    expect(values).toMatchObject({ p_coefficient: 21, acceleration: 0, lock: 1 });
    expect(position).toBe(2222);
    expect(wear[registers.p_coefficient.address]).toBe(1);
  });

  test("begins as from the factory, but for the ids, when new arms are asked for", async () => {
    await start({ dir, arms: "new" });
    const { joints } = (await request({ do: "state" })).leader;
    for (const [i, joint] of JOINTS.entries()) {
      const values = joints[joint].registers;
      for (const [name, { area, factory }] of Object.entries(registers)) {
        if (area === "eeprom" && name !== "id") expect(values[name as keyof typeof values]).toBe(factory);
      }
      expect(values.id).toBe(i + 1);
    }
    expect(existsSync(sim.paths.calibration)).toBe(false);
  });
});
