/** What a bare lane of samples makes of a link: MQTT as plainly as it goes, and plain datagrams. */
import { join } from "node:path";
import { PROFILES, type ProfileName } from "../../src/sim/testing/link/conditions.ts";
import { linesOf } from "../../src/sim/testing/link/lines.ts";
import { Link } from "../../src/sim/testing/link/link.ts";
import { Mosquitto } from "../../test/support/mosquitto.ts";
import { type Distribution, distribution } from "../bench/analysis.ts";

/** What carries the samples. */
export type Lane = "mqtt" | "udp";

/** What arrived, and how. */
export interface LaneFigures {
  readonly profile: ProfileName;
  readonly lane: Lane;
  readonly congestionControl: string;
  /** From sending to receiving, by one clock, ms. */
  readonly delayMs: Distribution;
  /** Spans in which nothing arrived, ms: those above 50 and above 100, and the longest. */
  readonly gaps: { readonly over50: number; readonly over100: number; readonly longestMs: number };
  readonly arrived: number;
  /** Of 200 a second. */
  readonly sent: number;
}

const SCRIPT = join(import.meta.dir, "lane-end.ts");
const RATE_HZ = 200;
/** Connections are made, and their rates found, before anything is measured. */
const WARM_UP_S = 2;
const UDP_PORT = 7_700;
/** So that the figures are the link's, and not of what else this machine does. */
const ON_TIME = ["chrt", "--fifo", "10"];

/** Sends for so many seconds from end a, which a leader's machine would be, to end b, where the broker is, too. */
export async function measureLane(
  lane: Lane,
  profile: ProfileName,
  seconds: number,
  congestionControl?: string,
): Promise<LaneFigures> {
  const conditions = PROFILES[profile];
  await using link = await Link.start({ conditions, ...(congestionControl && { congestionControl }) });
  const { a, b } = link;
  await using broker = await Mosquitto.start({ address: b.address, wrapper: [...b.enter, ...ON_TIME] });
  const end = (enter: readonly string[], role: string) =>
    Bun.spawn(
      [
        ...enter,
        process.execPath,
        SCRIPT,
        role,
        lane,
        b.address,
        `${lane === "mqtt" ? broker.port : UDP_PORT}`,
      ],
      { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
    );
  const receiver = end(b.enter, "receive");
  const said = linesOf(receiver.stdout);
  await said.next(); // it listens
  const sender = end(a.enter, "send");
  await Bun.sleep((WARM_UP_S + seconds) * 1e3);
  sender.kill("SIGKILL");
  await sender.exited;
  receiver.stdin.end();
  const all: [sentUs: number, gotUs: number][] = JSON.parse((await said.next()).value ?? "[]");
  const fromUs = (all[0]?.[0] ?? 0) + WARM_UP_S * 1e6;
  const arrivals = all.filter(([sentUs]) => sentUs >= fromUs);
  const gapsMs = arrivals.slice(1).map(([, gotUs], index) => (gotUs - arrivals[index]![1]) / 1e3);
  const over = (ms: number) => gapsMs.filter((gap) => gap > ms).length;
  return {
    ...{ profile, lane, congestionControl: link.congestionControl },
    delayMs: distribution(arrivals.map(([sentUs, gotUs]) => (gotUs - sentUs) / 1e3)),
    gaps: { over50: over(50), over100: over(100), longestMs: Math.max(...gapsMs) },
    arrived: arrivals.length,
    sent: Math.round(((arrivals.at(-1)![0] - arrivals[0]![0]) / 1e6) * RATE_HZ) + 1,
  };
}
