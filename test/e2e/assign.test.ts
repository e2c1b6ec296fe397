/** `so101 assign` and `doctor` where boards, udev or rights are missing. With boards they are tried in test/vm. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { startSim } from "../../src/sim/testing/start.ts";
import { needing, ROOT } from "../support/needs.ts";
import { programPath, run } from "../support/program.ts";

setDefaultTimeout(60_000);

const PATH = { PATH: process.env.PATH! };
const so101 = async (...args: string[]) =>
  run([programPath, ...args], { cwd: await mkdtemp(`${tmpdir()}/so101-assign-`), env: PATH });

test("rules for boards that are not there can be printed, for an image", async () => {
  const { stdout, code } = await so101(
    "assign",
    "--print",
    "--leader",
    "5AB9067929",
    "--follower",
    "5AB9067722",
  );
  expect(
    stdout,
  ).toBe(`# The boards of this machine's SO-101 arms, by "so101 assign": run that again instead of editing this.
SUBSYSTEM=="tty", ATTRS{serial}=="5AB9067929", SYMLINK+="ttyUSB_leader_arm"
SUBSYSTEM=="tty", ATTRS{serial}=="5AB9067722", SYMLINK+="ttyUSB_follower_arm"
`);
  expect(code).toBe(0);
});

test("a further pair has names of its own", async () => {
  const { stdout } = await so101("assign", "--print", "--pair", "left", "--leader", "A", "--follower", "B");
  expect(stdout).toContain('SYMLINK+="so101/left-leader"');
});

test.each([
  [["--leader", "A", "--follower", "A"], 2, "leader and follower are the same board"],
  [["--leader", "A"], 2, "give both --leader and --follower, or neither"],
  [["--leader", "A*", "--follower", "B"], 1, "udev cannot tell from others"],
  [["--leader", "/dev/ttyACM77", "--follower", "B"], 1, "no board with the serial number /dev/ttyACM77"],
  // A machine without udev cannot know whether one is.
  [
    [],
    1,
    Bun.which("udevadm") === null ? "boards cannot be listed: udevadm is not" : "no board is plugged in",
  ],
  [["--pair", "../x", "--leader", "A", "--follower", "B"], 2, "--pair is"],
])("assign %p ends with %i and says what to do", async (args, expected, says) => {
  const { stderr, code } = await so101("assign", "--print", ...args);
  expect(stderr).toContain(says);
  expect(code).toBe(expected);
});

needing(ROOT).test("writing rules takes root", async () => {
  const { stderr, code } = await run(
    ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", programPath, "assign"],
    { cwd: "/", env: PATH },
  );
  expect(stderr).toContain("sudo so101 assign");
  expect(code).toBe(1);
});

test("without rules it is said that no board has a name", async () => {
  const { stdout, code } = await so101("assign", "--show");
  expect(stdout).toContain("No board has been named yet: sudo so101 assign");
  expect(code).toBe(0);
});

test("doctor reads the arms itself where no service runs, and names what is broken", async () => {
  await using sim = await startSim({ binary: programPath });
  const config = `${sim.dir}/config.toml`;
  await Bun.write(
    config,
    `calibration_dir = ${JSON.stringify(sim.paths.calibration)}
[leader]
port = ${JSON.stringify(sim.paths.leader)}
[follower]
port = ${JSON.stringify(sim.paths.follower)}
`,
  );
  const doctor = async () => {
    const { stdout } = await so101(
      "doctor",
      "--json",
      "--config",
      config,
      "--socket",
      `${sim.dir}/none.sock`,
    );
    return stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  };
  const levels = (checks: { area: string; level: string }[], area: string) =>
    checks.filter((check) => check.area === area).map(({ level }) => level);
  const well = await doctor();
  expect(levels(well, 'leader "leader"')).toEqual(["ok"]);
  expect(levels(well, "calibration of the follower")).toEqual(["ok"]);
  await sim.client.request({ do: "power", arm: "leader", on: false });
  const dark = await doctor();
  expect(dark.find(({ area }) => area === 'leader "leader"')).toMatchObject({
    level: "broken",
    message: "no servo answers",
    cure: "switch the arm's power on, and check the lead at the board",
  });
  await sim.client.request({ do: "pull", arm: "follower" });
  expect(levels(await doctor(), "follower's port")).toEqual(["broken"]);
});

test("doctor without anything says so, and ends with 1", async () => {
  const { stdout, code } = await so101("doctor");
  expect(stdout).toContain("sudo so101 assign");
  expect(code).toBe(1);
});
