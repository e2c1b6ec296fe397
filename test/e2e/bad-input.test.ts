import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programPath } from "../support/program.ts";
import { armArguments, RunningTeleoperation } from "../support/teleoperation.ts";

setDefaultTimeout(60_000);

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "so101-bad-input-"));
});

afterAll(() => rm(folder, { recursive: true }));

/** Runs the program to its end. */
async function run(...args: string[]) {
  const child = Bun.spawn([programPath, ...args], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code: await child.exited, stdout, stderr };
}

const nowhere = ["--leader", "/tmp/so101-no-leader", "--follower", "/tmp/so101-no-follower"];
const inFolder = () => ["--socket", join(folder, "control.sock")];
const ids = ["--leader-id", "a", "--follower-id", "b"];

describe("wrong usage ends with exit code 2, an allowed range, and nothing started", () => {
  test.each([
    [["--rate", "9"], "20 to 500"],
    [["--rate", "501"], "20 to 500"],
    [["--rate", "fast"], "Expected a number"],
    [["--rate", ""], "Expected a number"],
    [["--duration", "0"], "more than 0"],
    [["--duration", "-1"], "more than 0"],
    [["--leader-id", "../etc/passwd"], "plain file name"],
    [["--leader-id", ""], "plain file name"],
    [["--follower", "/tmp/so101-no-leader"], "same"],
    [["--speed", "9"], "unknown option"],
    [["surplus"], "too many arguments"],
  ])("%p", async (args, expected) => {
    const { code, stdout, stderr } = await run("teleoperate", ...nowhere, ...ids, ...args);
    expect(stderr).toContain(expected);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  test("root's helper, which is systemd's to start", async () => {
    const { code, stdout, stderr } = await run("helper");
    expect(stderr).toContain("systemd starts by so101-helper.socket");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  test("an unknown command", async () => {
    const { code, stderr } = await run("teleport");
    expect(stderr).toContain("unknown command 'teleport'");
    expect(code).toBe(2);
  });
});

describe("a wrong configuration file ends with exit code 2, and says where", () => {
  test.each([
    ['[leader]\nport = "/dev/a"\nrate = 3\n', "leader.rate"],
    ['[teleoperation]\nrate_hz = "200"\n', "teleoperation.rate_hz"],
    ["[teleoperation]\nrate_hz = 1000\n", "20 to 500"],
    ['[teleoperation]\non_stop = "drop"\n', '"relax" or "hold" or "park"'],
    ['[teleoperation]\non_stop = "park"\n', "park"],
    ["[leader\n", "line 1"],
  ])("%j", async (text, expected) => {
    const path = join(folder, "config.toml");
    await writeFile(path, text);
    const { code, stdout, stderr } = await run("teleoperate", "--config", path);
    expect(stderr).toContain(path);
    expect(stderr).toContain(expected);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  test("a file that is named and is not there", async () => {
    const { code, stderr } = await run(
      "teleoperate",
      "--config",
      join(folder, "none.toml"),
      ...nowhere,
      ...ids,
    );
    expect(stderr).toContain("none.toml");
    expect(code).toBe(2);
  });
});

describe("a calibration that cannot be used is a fault that names its file and leaves it as it is", () => {
  test.each([
    ["not JSON", "{", "leader.json"],
    ["of the old format", '{"homing_offset": [0], "drive_mode": [0], "start_pos": [0]}', "2025"],
    ["empty", "", "leader.json"],
  ])("%s", async (_, text, expected) => {
    await using arms = await RunningTeleoperation.start({ sim: { arms: "configured" } });
    await arms.untilState("following");
    const path = join(arms.sim.paths.calibration, "teleoperators/so101_leader/leader.json");
    const before = await readFile(path, "utf8");
    await writeFile(path, text);
    let seen = arms.events.length;
    await arms.sim.client.request({ do: "power", arm: "leader", on: false });
    await arms.untilState("waiting", seen);
    await arms.sim.client.request({ do: "power", arm: "leader", on: true });
    const fault = await arms.untilState("faulted", seen);
    expect(fault.why).toContain(expected);
    expect(fault.why).toContain(path);
    expect(await readFile(path, "utf8")).toBe(text);
    // The person puts it right, and that is noticed without a restart.
    seen = arms.events.length;
    await writeFile(path, before);
    await arms.untilState("following", seen);
  });
});

describe("arms that must not be used", () => {
  test("an arm whose EEPROM does not hold its file's calibration is a fault with both numbers", async () => {
    await using arms = await RunningTeleoperation.start({ sim: { arms: "configured" } });
    await arms.untilState("following");
    await arms.stop();
    const held = (await arms.sim.client.request({ do: "state" })).follower.joints.elbow_flex.registers;
    const values = { max_position_limit: held.max_position_limit - 10 };
    await arms.sim.client.request({ do: "registers", arm: "follower", joint: "elbow_flex", values });
    let seen = arms.events.length;
    arms.restart();
    const fault = await arms.untilState("faulted", seen);
    expect(fault.why).toContain(`elbow_flex (id 3) range_max ${held.max_position_limit - 10} in the servo`);
    expect(fault.why).toContain(`${held.max_position_limit} in the file`);
    expect(fault.why).toContain("so101 calibration apply");
    seen = arms.events.length;
    await arms.sim.client.request({
      do: "registers",
      arm: "follower",
      joint: "elbow_flex",
      values: { max_position_limit: held.max_position_limit },
    });
    await arms.untilState("following", seen);
  });

  test("arms on each other's ports are a fault that says so, once for each", async () => {
    await using arms = await RunningTeleoperation.start({ sim: { arms: "configured" } });
    const { leader, follower, calibration } = arms.sim.paths;
    await arms.untilState("following");
    await arms.stop();
    const { code, stdout } = await run(
      ...["teleoperate", "--json", "--leader", follower, "--follower", leader, ...inFolder()],
      ...[
        "--leader-id",
        "leader",
        "--follower-id",
        "follower",
        "--calibration-dir",
        calibration,
        "--duration",
        "2",
      ],
    );
    expect(stdout).toContain('the arm on its port is the follower \\"follower\\"');
    expect(stdout).toContain('"to":"faulted"');
    expect(stdout).not.toContain("range_max");
    expect(code).toBe(0);
  });

  test("a servo of another model is a fault that names it", async () => {
    await using arms = await RunningTeleoperation.start({ sim: { arms: "configured" } });
    await arms.untilState("following");
    await arms.stop();
    const seen = arms.events.length;
    await arms.sim.client.request({
      do: "registers",
      arm: "leader",
      joint: "gripper",
      values: { model_number: 9 },
    });
    arms.restart();
    const fault = await arms.untilState("faulted", seen);
    expect(fault.why).toContain("gripper (id 6) is a servo of model 9");
  });
});

describe("ports that cannot be used are said, and tried again", () => {
  test("a path that is no serial port", async () => {
    const path = join(folder, "file");
    await writeFile(path, "");
    const { code, stdout } = await run(
      "teleoperate",
      "--leader",
      path,
      "--follower",
      "/dev/null",
      ...ids,
      ...inFolder(),
      "--duration",
      "1",
    );
    expect(stdout).toContain(`${path} is not a serial port`);
    expect(stdout).toContain("/dev/null is not a serial port");
    expect(code).toBe(0);
  });

  test("a port that another program has, named", async () => {
    await using arms = await RunningTeleoperation.start({ sim: { arms: "configured" } });
    await arms.untilState("following");
    // With the same socket it would be a second program of the pair, which waits without a look at the ports.
    const socket = ["--socket", join(arms.sim.dir, "other.sock")];
    const { stdout } = await run("teleoperate", ...armArguments(arms.sim), ...socket, "--duration", "1");
    expect(stdout).toContain(`so101-linux-x64 (pid ${arms.pid}) has ${arms.sim.paths.leader} open`);
  });

  test("leader and follower by two names of one board", async () => {
    await using arms = await RunningTeleoperation.start({ sim: { arms: "configured" } });
    await arms.untilState("following");
    await arms.stop();
    const other = join(folder, "other-name");
    await cp(arms.sim.paths.leader, other, { verbatimSymlinks: true });
    const args = [
      "--leader",
      arms.sim.paths.leader,
      "--follower",
      other,
      ...ids,
      ...inFolder(),
      "--duration",
      "1",
    ];
    const { stdout } = await run("teleoperate", ...args);
    expect(stdout).toContain(`has ${other} open`);
  });
});
