import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimClient } from "../../src/sim/control/client.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "so101-command-"));
});
afterEach(() => rm(dir, { recursive: true }));

function sim(...options: string[]) {
  return Bun.spawn([process.execPath, MAIN, "sim", "--dir", dir, ...options], {
    stdout: "pipe",
    stderr: "pipe",
  });
}

async function outcome(process: ReturnType<typeof sim>) {
  const [stdout, stderr] = await Promise.all([
    new Response(process.stdout).text(),
    new Response(process.stderr).text(),
  ]);
  return { stdout, stderr, code: await process.exited };
}

test("says where everything is, and what to try", async () => {
  const { stdout, code } = await outcome(
    sim("--duration", "0.1", "--leader-id", "blue", "--follower-id", "red"),
  );
  expect(code).toBe(0);
  for (const name of ["leader", "follower", "sim.sock", "record.ndjson", "calibration"]) {
    expect(stdout).toContain(join(dir, name));
  }
  expect(stdout).toContain("so101 teleoperate --leader");
  expect(stdout).toContain("--leader-id blue --follower-id red");
  expect(await Bun.file(join(dir, "calibration/robots/so101_follower/red.json")).exists()).toBe(true);
  expect(await Bun.file(join(dir, "calibration/teleoperators/so101_leader/blue.json")).exists()).toBe(true);
});

test.each(["SIGINT", "SIGTERM"] as const)("ends well by %s", async (signal) => {
  const process = sim();
  const reader = process.stdout.getReader();
  await reader.read(); // it speaks when it is ready
  process.kill(signal);
  expect(await process.exited).toBe(0);
});

test("plays a file of keyframes", async () => {
  const file = join(dir, "motion.json");
  await Bun.write(file, JSON.stringify([{ atS: 0, positions: { elbow_flex: 2345 } }]));
  const process = sim("--motion", file);
  await process.stdout.getReader().read();
  const client = await SimClient.connect(join(dir, "sim.sock"));
  const position = async () => (await client.request({ do: "state" })).leader.joints.elbow_flex.position;
  while ((await position()) !== 2345);
  client.close();
  process.kill();
  expect(await process.exited).toBe(0);
});

describe("is refused, before anything is made, with", () => {
  test.each([
    ["a wrong state of the arms", ["--arms", "broken"], "calibrated"],
    ["a delay out of range", ["--usb-delay", "-1"], "0 to 100000"],
    ["a delay that is no number", ["--usb-delay", "soon"], "0 to 100000"],
    ["replies that are late by no number", ["--leader-delay", "5+soon"], "0 to 1000"],
    ["a duration of nothing", ["--duration", "0"], "0.1"],
    ["a motion that is no file", ["--motion", "/nowhere.json"], "/nowhere.json"],
    ["a motion that is no motion", ["--motion", MAIN], "keyframes"],
    ["an option that there is not", ["--fly"], "--fly"],
  ])("%s", async (_, options, complaint) => {
    const { stderr, code } = await outcome(sim(...options));
    expect(stderr).toContain(complaint);
    expect(code).toBe(2);
    expect(await Array.fromAsync(new Bun.Glob("**").scan(dir))).toEqual([]);
  });
});

test("a state file that is none is named, kept, and fails", async () => {
  const state = join(dir, "state.json");
  await Bun.write(state, '{"leader":[]}');
  const { stderr, code } = await outcome(sim());
  expect(stderr).toContain(state);
  expect(code).toBe(1);
  expect(await Bun.file(state).text()).toBe('{"leader":[]}');
});

test("an id cannot lead a calibration file out of its folder", async () => {
  const { stderr, code } = await outcome(sim("--leader-id", "../../evil"));
  expect(stderr).toContain("--leader-id");
  expect(code).toBe(2);
});

test("a running simulation is asked from the command line", async () => {
  const process = sim("--motion", "still");
  await process.stdout.getReader().read();
  const asked = await outcome(sim("--ask", '{"do":"state"}'));
  expect(JSON.parse(asked.stdout).leader.plugged).toBe(true);
  const refused = await outcome(sim("--ask", '{"do":"nothing"}'));
  expect(refused.code).toBe(1);
  process.kill();
  await process.exited;
  const late = await outcome(sim("--ask", '{"do":"state"}'));
  expect(late.stderr).toContain(`no simulation is running in ${dir}`);
  expect(late.code).toBe(1);
});
