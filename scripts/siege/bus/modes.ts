/** What a man in the middle does to what host and servos say to each other. */
import { sealPacket } from "../../../src/feetech/packet.ts";
import { Forger, type Lie, type Lies } from "../../../src/sim/testing/forger.ts";
import type { Random } from "../../random.ts";

/** Bytes for the host, so much later. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly inMs: number;
}

/** A way to treat a line. */
export interface Treatment {
  /** What the host gets for a packet of a servo. */
  reply(packet: Uint8Array): readonly Piece[];
  /** What it gets for its own request, beside that. */
  request?(packet: Uint8Array): readonly Piece[];
  /** What it gets without asking, each millisecond. */
  flood?(): Uint8Array;
}

type Make = (random: Random) => Treatment;

const now = (bytes: Uint8Array): Piece => ({ bytes, inMs: 0 });
const noise = (random: Random, size: number) => Uint8Array.from({ length: size }, () => random.whole(0, 255));

const changed =
  (change: (packet: Uint8Array, random: Random) => readonly Piece[]): Make =>
  (random) => ({ reply: (packet) => change(packet, random) });

/** A status packet that a servo never sent, with a right checksum. */
function invented(random: Random, id: number, params: number): Uint8Array {
  const packet = noise(random, params + 6);
  packet.set([0xff, 0xff, id, params + 2]);
  sealPacket(packet);
  return packet;
}

const lying =
  (lies: (random: Random) => Lies): Make =>
  (random) => {
    const forger = new Forger();
    forger.lies = lies(random);
    return {
      request(packet) {
        forger.request(packet);
        return [];
      },
      reply(packet) {
        forger.reply(packet);
        return [now(packet)];
      },
    };
  };
const registers = (lies: (random: Random) => NonNullable<Lies["registers"]>): Make =>
  lying((random) => ({ registers: lies(random) }));
const upTo =
  (random: Random, most: number): Lie =>
  () =>
    random.whole(0, most);
const sometimes =
  (random: Random, value: number): Lie =>
  () =>
    random.chance(0.3) ? value : undefined;

/** By name. Each may be done to the leader's line and to the follower's. */
export const MODES: Readonly<Record<string, Make>> = {
  noise: changed((packet, random) => [
    now(noise(random, random.whole(0, 40))),
    now(packet),
    now(noise(random, random.whole(0, 40))),
  ]),
  "invented replies": changed((packet, random) => [now(invented(random, packet[2]!, packet[3]! - 2))]),
  echo: () => ({ request: (packet) => [now(packet)], reply: (packet) => [now(packet)] }),
  "truncated replies": changed((packet, random) => [now(packet.slice(0, random.whole(0, packet.length)))]),
  "wrong checksums": changed((packet, random) => {
    if (random.chance(0.5)) packet[packet.length - 1]! ^= random.whole(1, 255);
    return [now(packet)];
  }),
  "a flood of noise": (random) => ({ reply: (packet) => [now(packet)], flood: () => noise(random, 1_000) }),
  "a flood of packets": (random) => ({
    reply: (packet) => [now(packet)],
    flood: () => Buffer.concat(Array.from({ length: 60 }, () => invented(random, random.whole(0, 253), 10))),
  }),
  "replies of other ids": changed((packet, random) => {
    packet[2] = random.whole(0, 253);
    sealPacket(packet);
    return [now(packet)];
  }),
  "replies twice": changed((packet) => [now(packet), now(packet)]),
  "replies late": changed((packet, random) => [{ bytes: packet, inMs: random.whole(1, 200) }]),
  "replies out of order": changed((packet, random) => [{ bytes: packet, inMs: random.whole(0, 3) }]),
  silence: changed(() => []),
  "silence now and then": changed((packet, random) => (random.chance(0.5) ? [] : [now(packet)])),
  "forged errors": lying((random) => ({ error: upTo(random, 255) })),
  "forged torque": registers((random) => ({ torque_enable: upTo(random, 1) })),
  "forged goals": registers((random) => ({ goal_position: upTo(random, 4095) })),
  "forged acceleration": registers((random) => ({ acceleration: sometimes(random, 0) })),
  "forged lock": registers(() => ({ lock: () => 0 })),
  "forged voltage": registers((random) => ({ present_voltage: upTo(random, 255) })),
  "forged temperature": registers((random) => ({ present_temperature: upTo(random, 90) })),
  "forged models": registers((random) => ({ model_number: sometimes(random, 9) })),
  "forged firmware": registers((random) => ({ firmware_minor_version: upTo(random, 255) })),
  "forged ids": registers((random) => ({ id: upTo(random, 253) })),
  "forged calibration": registers((random) => ({
    homing_offset: sometimes(random, 77),
    min_position_limit: sometimes(random, 500),
  })),
  "forged positions": registers((random) => ({ present_position: sometimes(random, random.whole(0, 4095)) })),
  "forged everything": lying((random) => ({
    error: upTo(random, 255),
    registers: {
      torque_enable: upTo(random, 255),
      goal_position: () => random.whole(-32_767, 32_767),
      goal_velocity: upTo(random, 4095),
      acceleration: upTo(random, 255),
      torque_limit: upTo(random, 1000),
      present_position: () => random.whole(-32_767, 32_767),
      present_voltage: upTo(random, 255),
      present_temperature: upTo(random, 255),
      present_current: upTo(random, 4095),
      status: upTo(random, 255),
    },
  })),
};

/** What is done to a board, and not to what goes through it. */
export const HANGUPS = "ten hang-ups a second";

/**
 * Where a joint is said to be where it is not, nothing can bring its goal to where it is; and of one that is said to have
 * another goal than it has, nobody can know which it keeps: those rules do not apply.
 */
export const LIES_ABOUT_MOTION: ReadonlySet<string> = new Set([
  "invented replies",
  "forged positions",
  "forged goals",
  "forged everything",
]);
