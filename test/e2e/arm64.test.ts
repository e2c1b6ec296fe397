/** The program for the Pi, under emulation of its processor, teleoperates arms that are simulated on this machine. */
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { goalTable } from "../../src/arm/calibration/normalisation.ts";
import { CalibrationStore } from "../../src/arm/calibration/store.ts";
import { JOINTS } from "../../src/arm/joints.ts";
import { Instruction } from "../../src/feetech/packet.ts";
import { TtyPort } from "../../src/serial/port.ts";
import type { RecordEntry } from "../../src/sim/record/entries.ts";
import { bytesOf, recordEntries } from "../../src/sim/testing/record.ts";
import { checkSafety } from "../../src/sim/testing/safety.ts";
import { type RunningSim, startSim } from "../../src/sim/testing/start.ts";
import { built, installed, needing, program, ROOT } from "../support/needs.ts";
import { armProgramPath, programPath, run } from "../support/program.ts";
import { armArguments, patientHolding } from "../support/teleoperation.ts";

const QEMU = "qemu-aarch64-static";
/** Debian's libc6-arm64-cross. */
const LIBC = "/usr/aarch64-linux-gnu";
/** The Pi 3's processor: what only later ones can do is an illegal instruction. */
const onPi3 = [QEMU, "-cpu", "cortex-a53", "-L", LIBC, armProgramPath];

const { describe } = needing(
  program(QEMU, "qemu-user-static"),
  installed(LIBC, "libc6-arm64-cross"),
  built(armProgramPath, "build"),
);

const RATE_HZ = 50;
/** At this rate, four seconds. */
const GOALS_WANTED = 200;
const PATIENCE_MS = 120_000;

describe("the program for the Pi, under emulation", () => {
  test("says which program it is", async () => {
    const { stdout, stderr, code } = await run([...onPi3, "--version"], { cwd: tmpdir() });
    expect(stdout).toMatch(/^so101 \S+ \(commit \S+, Bun \S+\)\n$/);
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  });

  // Who keeps a port open beside it passes for udev, and that is root's.
  needing(ROOT).test(
    "aligns with the leader, follows it to the step, keeps the safety rules and stops",
    async () => {
      await using sim = await startSim({ binary: programPath, motion: "wave" });
      using _ = keepSpeed(sim);
      const program = Bun.spawn(
        [
          ...onPi3,
          "teleoperate",
          "--json",
          "--rate",
          String(RATE_HZ),
          "--duration",
          "60",
          ...armArguments(sim),
          ...(await patientHolding(sim)),
        ],
        { stdin: "ignore", stdout: "pipe", stderr: "pipe" },
      );
      const said = new Response(program.stdout).text();
      const complaint = new Response(program.stderr).text();
      let ended = false;
      void program.exited.then(() => {
        ended = true;
      });
      while (!ended && followed(sim, await recordOf(sim)).length < GOALS_WANTED) await Bun.sleep(250);
      program.kill("SIGTERM");
      expect({ code: await program.exited, complaint: await complaint }).toEqual({ code: 0, complaint: "" });

      const events = (await said)
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
      const states = events.flatMap(({ event, to }) => (event === "state" && to !== "waiting" ? [to] : []));
      expect(states).toEqual(["connecting", "aligning", "following", "stopped"]);
      expect(events.findLast(({ event }) => event === "summary")).toMatchObject({
        state: "stopped",
        alignments: 1,
        corruptedReplies: 0,
      });

      const record = await recordOf(sim);
      const limits = { followSpeedDegPerS: 360, alignSpeedDegPerS: 45 };
      expect(checkSafety(record, limits)).toEqual([]);
      const pairs = followed(sim, record);
      expect(pairs.length).toBeGreaterThanOrEqual(GOALS_WANTED);
      for (const { goals, expected } of pairs) expect(goals).toEqual(expected);
      for (const joint of JOINTS.keys()) {
        expect(new Set(pairs.map(({ goals }) => goals[joint])).size).toBeGreaterThan(10);
      }
      const { follower } = await sim.client.request({ do: "state" });
      for (const { registers } of Object.values(follower.joints)) expect(registers.torque_enable).toBe(0);
    },
    PATIENCE_MS,
  );
});

/**
 * qemu's user emulation knows no speed above 460 800 baud and sets the line to 0 instead; servos hear nothing then.
 * This holds the ports open and sets their speed whenever that has happened, as a kernel of the Pi would. It bears the name
 * of udev's workers meanwhile, which the program does not take for another on its ports.
 */
function keepSpeed({ paths }: RunningSim): Disposable {
  const baudRate = 1_000_000;
  const ports = [paths.leader, paths.follower].map((path) => TtyPort.open(path, { baudRate, lock: false }));
  const name = readFileSync("/proc/self/comm", "utf8");
  writeFileSync("/proc/self/comm", "(udev-worker)");
  const timer = setInterval(() => {
    for (const port of ports) if (port.baudRate === 0) port.setBaudRate(baudRate);
  }, 1);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      writeFileSync("/proc/self/comm", name);
      for (const port of ports) port.close();
    },
  };
}

async function recordOf(sim: RunningSim): Promise<RecordEntry[]> {
  await sim.client.request({ do: "sync" });
  return recordEntries(sim.paths.record);
}

/** From where every joint has met its target on: the goals that were sent, and LeRobot's for the same positions. */
function followed(
  { paths }: RunningSim,
  record: readonly RecordEntry[],
): { goals: number[]; expected: number[] }[] {
  const leader = new CalibrationStore(paths.calibration).load({ role: "leader", id: "leader" });
  const follower = new CalibrationStore(paths.calibration).load({ role: "follower", id: "follower" });
  const tables = JOINTS.map((joint) => goalTable(leader, follower, joint, "range"));
  const pairs: { goals: number[]; expected: number[] }[] = [];
  let positions: number[] | undefined;
  for (const entry of record) {
    if (entry.kind === "reply" && entry.arm === "leader") {
      positions = wordsOfReplies(bytesOf(entry));
    } else if (entry.kind === "request" && entry.arm === "follower" && positions !== undefined) {
      const packet = bytesOf(entry);
      if (packet[4] !== Instruction.syncWrite || packet[5] !== 42 || packet[6] !== 2) continue;
      const goals = JOINTS.map((_, joint) => packet[8 + 3 * joint]! | (packet[9 + 3 * joint]! << 8));
      pairs.push({ goals, expected: tables.map((table, joint) => table[positions![joint]!]!) });
      positions = undefined;
    }
  }
  const first = pairs.findIndex(({ goals, expected }) => Bun.deepEquals(goals, expected));
  return first === -1 ? [] : pairs.slice(first);
}

/** The words in the answers to a sync read of one word; undefined for any other reply. */
function wordsOfReplies(bytes: Uint8Array): number[] | undefined {
  if (bytes.length !== 8 * JOINTS.length) return undefined;
  return JOINTS.map((_, joint) => bytes[8 * joint + 5]! | (bytes[8 * joint + 6]! << 8));
}
