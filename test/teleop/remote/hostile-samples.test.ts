/** What a hostile or broken leader of another machine can make of the follower's targets, whatever it sends and when. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { JOINT_COUNT } from "../../../src/arm/joints.ts";
import { ROUND_TRIP_BUCKETS, TimeCounts } from "../../../src/feetech/round-trip.ts";
import { VirtualClock } from "../../../src/sim/testing/clock.ts";
import { Freshness } from "../../../src/teleop/remote/freshness.ts";
import { TOO_LATE_US } from "../../../src/teleop/remote/intake.ts";
import type { SampleLink } from "../../../src/teleop/remote/link.ts";
import { RemoteLeader } from "../../../src/teleop/remote/remote-leader.ts";
import { epochHalves, isNewer, SAMPLE_BYTES, SampleView } from "../../../src/teleop/remote/sample.ts";
import type { PairSettings } from "../../../src/teleop/settings.ts";
import { FIGURE_COUNT, Telemetry } from "../../../src/teleop/shared/telemetry.ts";

const OURS = "0123456789abcdef";
const OTHERS = "fedcba9876543210";

const position = fc.oneof(fc.integer({ min: 0, max: 4095 }), fc.integer({ min: -32_768, max: 32_767 }));
const time = fc.oneof(
  fc.double({ min: 0, max: 1e12, noNaN: true }),
  fc.constantFrom(
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    -1,
    1e300,
    2 ** 53 - 2,
    0,
    5e-324,
  ),
);
const sequence = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 0xffff_ffff }));

interface Fields {
  readonly epoch: string;
  readonly sequence: number;
  readonly sentUs: number;
  readonly positions: readonly number[];
}
const fields: fc.Arbitrary<Fields> = fc.record({
  epoch: fc.constantFrom(OURS, OURS, OURS, OTHERS),
  sequence,
  sentUs: time,
  positions: fc.array(position, { minLength: JOINT_COUNT, maxLength: JOINT_COUNT }),
});

function bytesOf({ epoch, sequence, sentUs, positions }: Fields): Uint8Array {
  const bytes = new Uint8Array(SAMPLE_BYTES);
  const { low, high } = epochHalves(epoch);
  new SampleView(bytes).write(sequence, low, high, sentUs, positions);
  return bytes;
}

const isPossible = ({ sentUs, positions }: Fields) =>
  Number.isFinite(sentUs) &&
  sentUs >= 0 &&
  sentUs < 2 ** 53 - 1 &&
  positions.every((steps) => steps >= 0 && steps <= 4095);

describe("a sample", () => {
  test("is one when its time and positions are possible, whatever they are, and then says them", () => {
    fc.assert(
      fc.property(fields, (sent) => {
        const view = new SampleView(bytesOf(sent));
        expect(view.kindOf(SAMPLE_BYTES)).toBe(isPossible(sent) ? "sample" : "rubbish");
        if (!isPossible(sent)) return;
        const said = { epoch: view.epoch, sequence: view.sequence, sentUs: view.sentUs };
        const positions = sent.positions.map((_, joint) => view.position(joint));
        expect<Fields>({ ...said, positions }).toEqual({ ...sent });
      }),
    );
  });

  test("of any other size is none, whatever its bytes", () => {
    const anything = fc.uint8Array({ minLength: SAMPLE_BYTES, maxLength: SAMPLE_BYTES });
    const size = fc.integer({ min: 0, max: 100_000 }).filter((length) => length !== SAMPLE_BYTES);
    fc.assert(
      fc.property(anything, size, (bytes, length) => {
        expect(new SampleView(bytes).kindOf(length)).not.toBe("sample");
      }),
    );
  });

  test("comes after another, or before it, and a number half a round ahead does neither twice", () => {
    const any = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(any, any, (a, b) => {
        const ahead = (a - b) >>> 0;
        expect(isNewer(a, b)).toBe(ahead > 0 && ahead < 2 ** 31);
        if (a !== b && ahead !== 2 ** 31) expect(isNewer(a, b)).not.toBe(isNewer(b, a));
      }),
    );
  });
});

test("a delay is judged by the least one of the last 10 s, whatever either clock does", () => {
  const step = fc.record({
    passedUs: fc.integer({ min: 0, max: 4_000_000 }),
    sentUs: fc.double({ min: 0, max: 1e9, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const freshness = new Freshness();
      const seen: { readonly nowUs: number; readonly delayUs: number }[] = [];
      let nowUs = 5e9;
      for (const { passedUs, sentUs } of steps) {
        nowUs += passedUs;
        const delayUs = nowUs - sentUs;
        seen.push({ nowUs, delayUs });
        const beyond = freshness.beyondLeastUs(nowUs, sentUs);
        const leastSince = (us: number) =>
          Math.min(...seen.filter((each) => each.nowUs >= nowUs - us).map((each) => each.delayUs));
        // It forgets by whole seconds: no later than after 10 s, no sooner than after 9.
        expect(beyond).toBeGreaterThanOrEqual(delayUs - leastSince(9e6));
        expect(beyond).toBeLessThanOrEqual(delayUs - leastSince(10e6));
      }
    }),
  );
});

/** A way on which a test puts datagrams. */
class TestLink implements SampleLink {
  readonly incoming = new Uint8Array(SAMPLE_BYTES + 4);
  readonly outgoing = new Uint8Array(SAMPLE_BYTES);
  readonly queue: Uint8Array[] = [];
  look(): boolean {
    return true;
  }
  receive(): number {
    const next = this.queue.shift();
    if (next === undefined) return -1;
    // What is longer is cut, as a datagram is.
    const taken = next.subarray(0, this.incoming.length);
    this.incoming.set(taken);
    return taken.length;
  }
  send(): void {}
  wait(): void {}
}

/** A follower's view of its leader, and a leader that can send it anything. */
function heard() {
  const clock = new VirtualClock();
  const link = new TestLink();
  const telemetry = new Telemetry({ heartbeat: new Int32Array(1), figures: new Float64Array(FIGURE_COUNT) });
  const delays = new TimeCounts(new Uint32Array(ROUND_TRIP_BUCKETS));
  const leader = new RemoteLeader({ link, clock, telemetry, delays });
  const arm = { epoch: OURS, normalisation: "range", calibration: {} as never } as const;
  leader.heed({ name: "desk/main", holdAfterMs: 250, heard: arm }, {
    normalisation: "range",
    rateHz: 200,
  } as PairSettings);
  return { clock, link, telemetry, leader };
}

const datagram = fc.oneof(
  { weight: 4, arbitrary: fields.map((sent) => ({ sent, bytes: bytesOf(sent) })) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }).map((bytes) => ({ sent: undefined, bytes })) },
);
const look = fc.record({
  passedUs: fc.integer({ min: 0, max: 3_000_000 }),
  came: fc.array(datagram, { maxLength: 8 }),
});

describe("the leader of another machine", () => {
  test("is nowhere but where a sample of its epoch said, in numbers that only ever go up", () => {
    fc.assert(
      fc.property(fc.array(look, { maxLength: 40 }), (looks) => {
        const { clock, link, leader } = heard();
        let newest: number | undefined;
        let silentSinceUs = Number.NEGATIVE_INFINITY;
        for (const { passedUs, came } of looks) {
          clock.pass(passedUs / 1e6);
          link.queue.push(...came.map(({ bytes }) => bytes));
          if (!leader.collect()) {
            // After 10 s of silence whoever speaks first is heard, where the pair looks for it.
            if (clock.nowUs() - silentSinceUs > 10e6) newest = undefined;
            leader.observe();
            continue;
          }
          silentSinceUs = clock.nowUs();
          const now = Array.from(leader.positions);
          const from = came.flatMap(({ sent }) => {
            const isIt = sent?.epoch === OURS && isPossible(sent) && `${sent.positions}` === `${now}`;
            return isIt ? sent.sequence : [];
          });
          const newer = from.filter((number) => newest === undefined || isNewer(number, newest));
          expect(newer.length).toBeGreaterThan(0);
          newest = newer.at(-1)!;
        }
      }),
    );
  });

  test("that lies about its time is late until it is believed again, or never late: it drives nothing meanwhile", () => {
    const { clock, link, leader, telemetry } = heard();
    const send = (sequence: number, sentUs: number, positions = Array(JOINT_COUNT).fill(2048)) => {
      link.queue.push(bytesOf({ epoch: OURS, sequence, sentUs, positions }));
      return leader.collect();
    };
    let sequence = 0;
    for (let i = 0; i < 20; i++) {
      clock.pass(0.005);
      send(++sequence, clock.nowUs() - 3e8);
    }
    // One sample of the far future: then all that are honest seem late, …
    send(++sequence, 2 ** 52);
    clock.pass(0.005);
    expect(send(++sequence, clock.nowUs() - 3e8)).toBe(false);
    expect(telemetry.counter("remoteLate")).toBe(1);
    // … for no longer than delays are remembered.
    clock.pass(10);
    leader.collect();
    expect(send(++sequence, clock.nowUs() - 3e8)).toBe(true);
    // A clock that runs backwards makes each later than the one before.
    let taken = 0;
    for (let i = 1; i <= 100; i++) {
      clock.pass(0.005);
      if (send(++sequence, clock.nowUs() - 3e8 - i * 5_000)) taken++;
    }
    expect(taken * 5_000).toBeLessThanOrEqual(TOO_LATE_US);
  });

  test("that has said a number of the far future is heard again after 10 s", () => {
    const { clock, link, leader } = heard();
    const send = (sequence: number) => {
      clock.pass(0.005);
      const positions = Array(JOINT_COUNT).fill(2048);
      link.queue.push(bytesOf({ epoch: OURS, sequence, sentUs: clock.nowUs(), positions }));
      return leader.collect();
    };
    expect(send(1)).toBe(true);
    expect(send(2 ** 30)).toBe(true);
    expect(send(2)).toBe(false);
    clock.pass(10);
    leader.observe();
    expect(send(3)).toBe(true);
    expect(send(2)).toBe(false);
  });

  test("cannot be heard in a flood for longer than a look may take", () => {
    const { clock, link, leader } = heard();
    const sent = (sequence: number) =>
      bytesOf({ epoch: OURS, sequence, sentUs: clock.nowUs(), positions: Array(JOINT_COUNT).fill(2048) });
    for (let sequence = 1; sequence <= 10_000; sequence++) link.queue.push(sent(sequence));
    leader.collect();
    expect(link.queue.length).toBeGreaterThan(9_000);
  });
});
