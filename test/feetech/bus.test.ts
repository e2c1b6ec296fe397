import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Bus } from "../../src/feetech/bus.ts";
import { BusError } from "../../src/feetech/bus-error.ts";
import { encodePacket } from "../../src/feetech/packet.ts";
import { ReadRequest, spanOf, WriteRequest } from "../../src/feetech/requests.ts";
import type { VirtualClock } from "../../src/sim/testing/clock.ts";
import { SimulatedTransport } from "../../src/sim/testing/transport.ts";

const ids = [1, 2, 3, 4, 5, 6];

function follower() {
  const transport = new SimulatedTransport();
  return { transport, bus: new Bus(transport, { clock: transport.clock, access: "drive" }) };
}

function status(id: number, params: number[], error = 0): Uint8Array {
  const out = new Uint8Array(64);
  return out.slice(0, encodePacket(out, id, error, params));
}

const isWrite = (request: Uint8Array) => request[4] === 0x03;

describe("reading", () => {
  test("a register is read with its sign", () => {
    const { transport, bus } = follower();
    transport.arm.servos[2]!.setValues({ homing_offset: -1250 });
    expect(bus.read(3, "homing_offset")).toBe(-1250);
  });

  test("six servos answer one request, each in its place", () => {
    const { transport, bus } = follower();
    for (const [index, servo] of transport.arm.servos.entries())
      servo.setValues({ torque_limit: 100 + index });
    const read = new ReadRequest(ids, spanOf("torque_limit"));
    expect(bus.exchange(read)).toBe(true);
    expect(ids.map((_, index) => read.value(index, "torque_limit"))).toEqual([100, 101, 102, 103, 104, 105]);
    expect(transport.sent.length).toBe(1);
  });

  test("replies that come byte by byte are put together", () => {
    const { transport, bus } = follower();
    transport.longestReceive = 1;
    const read = new ReadRequest(ids, spanOf("present_position"));
    expect(bus.exchange(read)).toBe(true);
  });

  test("a lost reply is asked for again, and counted for its servo", () => {
    const { transport, bus } = follower();
    transport.arm.faultsOf("elbow_flex").drop = 1;
    expect(bus.read(3, "model_number")).toBe(777);
    expect(bus.counters.of(3, "timeout")).toBe(1);
    expect(bus.counters.of(3, "retry")).toBe(1);
    expect(bus.counters.of(2, "timeout")).toBe(0);
  });

  test("a corrupted reply is asked for again, and counted as such", () => {
    const { transport, bus } = follower();
    transport.arm.faultsOf("elbow_flex").corrupt = 1;
    expect(bus.read(3, "model_number")).toBe(777);
    expect(bus.counters.of(3, "corrupted")).toBe(1);
  });

  test("a servo that never answers is an error that names it", () => {
    const { transport, bus } = follower();
    transport.arm.faultsOf("wrist_flex").silent = true;
    const attempt = () => bus.read(4, "model_number");
    expect(attempt).toThrow(BusError);
    expect(attempt).toThrow("no answer from servo 4");
  });

  test("a servo whose replies are always damaged is told from a silent one", () => {
    const { transport, bus } = follower();
    transport.arm.faultsOf("wrist_flex").corrupt = 1000;
    expect(() => bus.read(4, "model_number")).toThrow("arrive damaged");
  });

  test("of a sync read with one reply missing the others count, and nothing is awaited after the last", () => {
    const { transport, bus } = follower();
    transport.arm.faultsOf("elbow_flex").drop = 1;
    const read = new ReadRequest(ids, spanOf("present_position"));
    expect(bus.exchange(read)).toBe(false);
    expect(ids.filter((_, index) => read.hasAnswerFrom(index))).toEqual([1, 2, 4, 5, 6]);
    expect(read.isOver).toBe(true);
  });

  test("an error bit is a report beside valid data, not a failed read", () => {
    const { transport, bus } = follower();
    transport.onReply = (bytes) => status(bytes[2]!, [...bytes.subarray(5, -1)], 32);
    expect(bus.read(6, "model_number")).toBe(777);
    expect(bus.errorBytes[6]).toBe(32);
    expect(bus.counters.of(6, "error bit")).toBe(1);
    expect(bus.counters.of(6, "timeout")).toBe(0);
  });
});

describe("what was not asked for", () => {
  test("a reply that comes after its request was given up is not taken for the next one's", () => {
    const { transport, bus } = follower();
    const late = status(3, [0x11, 0x01]);
    transport.arm.servos[2]!.setValues({ torque_limit: 500 });
    transport.inject(late);
    expect(bus.read(3, "torque_limit")).toBe(500);
    expect(bus.counters.noiseBytes).toBe(late.length);
  });

  test("another servo's reply, or one of another length, is none", () => {
    const { transport, bus } = follower();
    transport.onReply = () => Uint8Array.of(...status(4, [1, 2]), ...status(3, [1, 2, 3]));
    expect(() => bus.read(3, "torque_limit")).toThrow("no answer from servo 3");
    expect(bus.counters.strays).toBeGreaterThan(0);
  });

  test("a servo answers a sync read once and in its turn: repeats and stragglers are strays", () => {
    const { transport, bus } = follower();
    let reply = 0;
    transport.onReply = (bytes) =>
      ++reply === 2 ? Uint8Array.of(...bytes, ...status(1, [9, 9]), ...bytes) : bytes;
    const read = new ReadRequest(ids, spanOf("torque_limit"));
    expect(bus.exchange(read)).toBe(true);
    expect(read.value(0, "torque_limit")).toBe(1000);
    expect(bus.counters.strays).toBe(2);
  });

  test("a flood behind the last answer, while another is owed, leaves room for what comes next", () => {
    const { transport, bus } = follower();
    const flood = Buffer.concat(
      Array.from({ length: 600 }, (_, index) => status((index % 200) + 20, [1, 2, 3, 4])),
    );
    transport.arm.faultsOf("elbow_flex").drop = 1;
    transport.onReply = (bytes) => (bytes[2] === 6 ? Buffer.concat([bytes, flood]) : bytes);
    const read = new ReadRequest(ids, spanOf("present_position"));
    bus.request(read);
    expect(bus.collect(read, 0)).toBe(false);
    transport.onReply = undefined;
    for (let count = 0; count < 20; count++) bus.exchange(new ReadRequest([1], spanOf("torque_limit")));
    expect(bus.exchange(read)).toBe(true);
  });

  test("whatever noise surrounds the replies, what is read is right or missing", () => {
    const junk = fc.array(fc.oneof(fc.nat(255), fc.constant(0xff)), { maxLength: 24 });
    fc.assert(
      fc.property(fc.array(junk, { minLength: 6, maxLength: 6 }), (noises) => {
        const { transport, bus } = follower();
        for (const [index, servo] of transport.arm.servos.entries())
          servo.setValues({ torque_limit: 700 + index });
        let reply = 0;
        transport.onReply = (bytes) => Uint8Array.of(...noises[reply++ % 6]!, ...bytes);
        const read = new ReadRequest(ids, spanOf("torque_limit"));
        expect(bus.exchange(read)).toBe(true);
        expect(ids.map((_, index) => read.value(index, "torque_limit"))).toEqual([
          700, 701, 702, 703, 704, 705,
        ]);
      }),
      { seed: 101, numRuns: 500 },
    );
  });
});

describe("finding servos", () => {
  test("a ping tells who is there", () => {
    const { transport, bus } = follower();
    transport.arm.faultsOf("gripper").silent = true;
    expect(bus.ping(5)).toBe(true);
    expect(bus.ping(6)).toBe(false);
  });

  test("a broadcast ping lists all", () => {
    const { transport, bus } = follower();
    transport.arm.faultsOf("shoulder_lift").silent = true;
    expect(bus.pingAll()).toEqual({ ids: [1, 3, 4, 5, 6], garbled: false });
  });
});

describe("writing", () => {
  test("a write that arrived but whose acknowledgement was lost is not repeated", () => {
    const { transport, bus } = follower();
    transport.arm.faultsOf("shoulder_pan").drop = 1;
    bus.writeRam(1, "torque_limit", 400);
    expect(transport.sent.filter(isWrite).length).toBe(1);
    expect(bus.read(1, "torque_limit")).toBe(400);
  });

  test("a write that did not arrive is repeated", () => {
    const { transport, bus } = follower();
    const silent = transport.arm.faultsOf("shoulder_pan");
    silent.silent = true;
    const { send } = transport;
    transport.send = (size, deadline) => {
      silent.silent = transport.sent.length < 1;
      send.call(transport, size, deadline);
    };
    bus.writeRam(1, "torque_limit", 400);
    expect(transport.sent.filter(isWrite).length).toBe(2);
    expect(bus.read(1, "torque_limit")).toBe(400);
  });

  test("a servo that does not take a value is an error that names register and value", () => {
    const { transport, bus } = follower();
    transport.onReply = () => new Uint8Array();
    expect(() => bus.writeRam(1, "torque_limit", 400)).toThrow(BusError);
  });

  test("a sync write reaches every servo in one packet", () => {
    const { transport, bus } = follower();
    const write = new WriteRequest(ids, spanOf("goal_position", "goal_velocity"));
    for (const index of ids.keys()) {
      write.set(index, "goal_position", 2000 + index);
      write.set(index, "goal_velocity", 500);
    }
    bus.send(write);
    expect(transport.sent.length).toBe(1);
    expect(ids.map((id) => bus.read(id, "goal_position"))).toEqual([2000, 2001, 2002, 2003, 2004, 2005]);
    expect(bus.read(6, "goal_velocity")).toBe(500);
  });
});

describe("the bus of an arm that must stay limp", () => {
  const leader = () => {
    const transport = new SimulatedTransport();
    return { transport, bus: new Bus(transport, { clock: transport.clock, access: "torque off" }) };
  };

  test("reads, configures and switches torque off", () => {
    const { transport, bus } = leader();
    bus.writeRam(1, "torque_enable", 0);
    bus.writeRam(1, "acceleration", 254);
    bus.send(new WriteRequest(ids, spanOf("torque_enable")));
    expect(bus.read(1, "acceleration")).toBe(254);
    expect(transport.sent.length).toBe(4);
  });

  test.each(["goal_position", "goal_time", "goal_velocity"] as const)(
    "sends no %s, not even 0",
    (register) => {
      const { transport, bus } = leader();
      expect(() => bus.write(1, register, 0)).toThrow("refused");
      expect(() => bus.send(new WriteRequest(ids, spanOf(register)))).toThrow("refused");
      expect(transport.sent).toEqual([]);
    },
  );

  test("sends no torque other than 0, not even to one of six", () => {
    const { transport, bus } = leader();
    expect(() => bus.write(1, "torque_enable", 1)).toThrow("refused");
    expect(() => bus.write(1, "torque_enable", 128)).toThrow("refused");
    const write = new WriteRequest(ids, spanOf("torque_enable", "acceleration"));
    write.set(5, "torque_enable", 1);
    expect(() => bus.send(write)).toThrow("refused");
    expect(transport.sent).toEqual([]);
  });
});

describe("the bus of a follower that must stay limp", () => {
  const limp = () => {
    const transport = new SimulatedTransport();
    const access = "torque off, no speed limit";
    return { transport, bus: new Bus(transport, { clock: transport.clock, access }) };
  };

  test("lifts the limit of its speed", () => {
    const { transport, bus } = limp();
    transport.arm.servos[0]!.setValues({ goal_velocity: 640 });
    expect(bus.write(1, "goal_velocity", 0)).toBe(true);
    bus.send(new WriteRequest(ids, spanOf("goal_velocity")));
    expect(bus.read(1, "goal_velocity")).toBe(0);
  });

  test("sends no other goal, and no torque", () => {
    const { transport, bus } = limp();
    const [block, velocities] = [
      new WriteRequest(ids, spanOf("goal_position", "goal_velocity")),
      new WriteRequest(ids, spanOf("goal_velocity")),
    ];
    velocities.set(5, "goal_velocity", 256);
    expect(() => bus.write(1, "goal_velocity", 1)).toThrow("refused");
    expect(() => bus.write(1, "goal_position", 0)).toThrow("refused");
    expect(() => bus.write(1, "goal_time", 0)).toThrow("refused");
    expect(() => bus.send(block)).toThrow("refused");
    expect(() => bus.send(velocities)).toThrow("refused");
    expect(() => bus.write(1, "torque_enable", 1)).toThrow("refused");
    expect(transport.sent).toEqual([]);
  });
});

describe("a reply that is late", () => {
  /** A follower whose replies the board holds back until {@link release}. */
  function behindSlowBoard() {
    const it = follower();
    const held: number[] = [];
    it.transport.onReply = (bytes) => {
      held.push(...bytes);
      return new Uint8Array();
    };
    const release = () => it.transport.inject(held.splice(0));
    const inTime = () => {
      it.transport.onReply = undefined;
    };
    return { ...it, release, inTime };
  }

  test("is late, not lost, and tells how long replies take here", () => {
    const { transport, bus, release, inTime } = behindSlowBoard();
    const narrow = new ReadRequest(ids, spanOf("present_position"));
    const wide = new ReadRequest(ids, spanOf("present_position", "present_velocity"));
    bus.request(narrow);
    (transport.clock as VirtualClock).pass(0.04);
    bus.giveUp(narrow);
    inTime();
    release();
    expect(bus.exchange(wide)).toBe(true);
    expect(ids.map((id) => bus.counters.of(id, "late"))).toEqual([1, 1, 1, 1, 1, 1]);
    expect(bus.counters.total("timeout")).toBe(0);
    expect(bus.roundTrip.smoothedUs).toBeWithin(30_000, 40_001);
  });

  test("is never taken for the answer to a later request of its length", () => {
    const { transport, bus, release, inTime } = behindSlowBoard();
    transport.arm.servos[2]!.setValues({ torque_limit: 111 });
    const first = new ReadRequest([3], spanOf("torque_limit"));
    bus.request(first);
    bus.giveUp(first);
    transport.arm.servos[2]!.setValues({ torque_limit: 222 });
    inTime();
    release();
    expect(bus.mayConfuse(new ReadRequest([3], spanOf("torque_limit")))).toBe(true);
    expect(bus.mayConfuse(new ReadRequest([4], spanOf("torque_limit")))).toBe(false);
    expect(bus.read(3, "torque_limit")).toBe(222);
    expect(bus.counters.of(3, "late")).toBe(1);
  });

  test("counts as lost once a later request was answered, or after a second", () => {
    const { transport, bus, inTime } = behindSlowBoard();
    const lost = new ReadRequest([3], spanOf("torque_limit"));
    bus.request(lost);
    bus.giveUp(lost);
    expect(bus.counters.of(3, "timeout")).toBe(0);
    inTime();
    bus.read(4, "model_number");
    expect(bus.counters.of(3, "timeout")).toBe(1);
    transport.arm.faultsOf("elbow_flex").drop = 1;
    bus.request(lost);
    bus.giveUp(lost);
    (transport.clock as VirtualClock).pass(1.1);
    bus.request(new ReadRequest([4], spanOf("present_position")));
    expect(bus.counters.of(3, "timeout")).toBe(2);
  });
});
