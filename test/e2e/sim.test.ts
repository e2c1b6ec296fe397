import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimClient } from "../../src/sim/control/client.ts";
import { needing, ROOT } from "../support/needs.ts";

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

describe("of root's, nothing leads it to a file that is not its own:", () => {
  const NOBODY = 65_534;
  /** Every name that a simulation opens in its folder, with a `/` for a folder. */
  const NAMES = [
    ...["leader", "follower", "sim.sock", "state.json", "record.ndjson"],
    ...["calibration/", "calibration/robots/", "calibration/teleoperators/"],
    ...["calibration/robots/so101_follower/", "calibration/teleoperators/so101_leader/"],
    "calibration/robots/so101_follower/follower.json",
    "calibration/teleoperators/so101_leader/leader.json",
  ];

  /** A folder of root's whose files nobody else may change, and what was in it before. */
  async function treasure(): Promise<{ path: string; isAsItWas: () => Promise<boolean> }> {
    const path = join(dir, "treasure");
    await mkdir(path);
    await Bun.write(join(path, "file"), "root's");
    const isAsItWas = async () =>
      (await readdir(path)).join() === "file" && (await Bun.file(join(path, "file")).text()) === "root's";
    return { path, isAsItWas };
  }

  needing(ROOT).test.each(NAMES)("a link at %s in a folder of another's is not followed", async (name) => {
    const { path, isAsItWas } = await treasure();
    const theirs = join(dir, "theirs");
    await mkdir(join(theirs, name, ".."), { recursive: true });
    await symlink(name.endsWith("/") ? path : join(path, "file"), join(theirs, name.replace(/\/$/, "")));
    Bun.spawnSync(["chown", "-hR", `${NOBODY}`, theirs]);
    const { stderr, code } = await outcome(sim("--dir", theirs, "--duration", "0.1"));
    expect(await isAsItWas()).toBe(true);
    expect(stderr).toContain(`${theirs} may be changed by others`);
    expect(code).toBe(1);
  });

  needing(ROOT).test.each([
    ["everybody's", 0o777, 0],
    ["a group's", 0o2775, 20],
  ] as const)("nor one in a folder of its own that is %s to write in", async (_, mode, gid) => {
    const { path, isAsItWas } = await treasure();
    const shared = join(dir, "arms/calibration/robots");
    await mkdir(shared, { recursive: true });
    await symlink(path, join(shared, "so101_follower"));
    await chown(shared, 0, gid);
    await chmod(shared, mode);
    const { stderr, code } = await outcome(sim("--dir", join(dir, "arms"), "--duration", "0.1"));
    expect(await isAsItWas()).toBe(true);
    expect(stderr).toContain(`${shared} may be changed by others`);
    expect(code).toBe(1);
  });

  needing(ROOT).test("without --dir its folder has a name that nobody can foretell", async () => {
    const { path, isAsItWas } = await treasure();
    const temporary = join(dir, "tmp");
    await mkdir(temporary);
    await symlink(path, join(temporary, "so101-sim"));
    await chmod(temporary, 0o1777);
    const environments = [{}, { XDG_RUNTIME_DIR: temporary }, { XDG_RUNTIME_DIR: join(dir, "nowhere") }];
    const folders = new Set<string>();
    for (const env of environments) {
      const child = Bun.spawn([process.execPath, MAIN, "sim", "--duration", "0.1"], {
        env: { PATH: process.env.PATH, TMPDIR: temporary, ...env },
        stdout: "pipe",
        stderr: "pipe",
      });
      const { stdout, code } = await outcome(child);
      expect(code).toBe(0);
      const [, folder = ""] = /record +(\S+)\/record.ndjson/.exec(stdout) ?? [];
      expect(folder).toMatch(new RegExp(`^${temporary}/so101-sim-\\w{6}$`));
      expect((await lstat(folder)).mode & 0o777).toBe(0o700);
      folders.add(folder);
    }
    expect(folders.size).toBe(environments.length);
    expect(await isAsItWas()).toBe(true);
  });
});

test("without --dir it is in the user's own runtime folder, where it can be asked by that", async () => {
  const child = (...options: string[]) =>
    Bun.spawn([process.execPath, MAIN, "sim", ...options], {
      env: { PATH: process.env.PATH, XDG_RUNTIME_DIR: dir },
      stdout: "pipe",
      stderr: "pipe",
    });
  const running = child("--motion", "still");
  await running.stdout.getReader().read();
  expect(await readdir(dir)).toEqual(["so101-sim"]);
  expect((await outcome(child("--ask", '{"do":"state"}'))).code).toBe(0);
  running.kill();
  expect(await running.exited).toBe(0);
});

test("where there is none, who asks is told to name the folder", async () => {
  const child = Bun.spawn([process.execPath, MAIN, "sim", "--ask", '{"do":"state"}'], {
    env: { PATH: process.env.PATH },
    stdout: "pipe",
    stderr: "pipe",
  });
  const { stderr, code } = await outcome(child);
  expect(stderr).toContain("--ask needs --dir");
  expect(code).toBe(2);
});
