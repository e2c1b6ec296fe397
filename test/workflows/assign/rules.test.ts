import { expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { namingRules } from "../../../src/host/naming-rules.ts";
import { planRules, writeRules } from "../../../src/workflows/assign/rules.ts";

const folder = () => mkdtemp(join(tmpdir(), "so101-assign-"));
const named = (link: string, serial: string) => ({
  link: `/dev/${link}`,
  mark: { by: "serial", serial } as const,
});
const leader = named("ttyUSB_leader_arm", "A");
const follower = named("ttyUSB_follower_arm", "B");
const pair = [leader, follower];

test("a second run changes nothing; swapped boards are swapped", async () => {
  const dir = await folder();
  const plan = () => planRules(pair, namingRules([dir]), dir);
  expect(writeRules(plan())).toBe(true);
  expect(writeRules(plan())).toBe(false);
  const swapped = [named("ttyUSB_leader_arm", "B"), named("ttyUSB_follower_arm", "A")];
  expect(writeRules(planRules(swapped, namingRules([dir]), dir))).toBe(true);
  expect(namingRules([dir]).map(({ link, mark }) => [link, mark])).toEqual(
    swapped.map(({ link, mark }) => [link, mark]),
  );
});

test("other pairs' boards stay", async () => {
  const dir = await folder();
  writeRules(planRules([named("so101/left-leader", "C")], [], dir));
  writeRules(planRules(pair, namingRules([dir]), dir));
  expect(namingRules([dir]).map(({ link }) => link)).toEqual([
    "/dev/so101/left-leader",
    "/dev/ttyUSB_leader_arm",
    "/dev/ttyUSB_follower_arm",
  ]);
});

test("a board that another pair has is not given away", async () => {
  const dir = await folder();
  writeRules(planRules([named("so101/left-leader", "A")], [], dir));
  expect(() => planRules(pair, namingRules([dir]), dir)).toThrow(
    /the board with serial A is \/dev\/so101\/left-leader already/,
  );
});

test("a hand-written rule for the same board is honoured", async () => {
  const dir = await folder();
  await writeFile(
    join(dir, "98-LeRobot.rules"),
    'SUBSYSTEM=="tty", ATTRS{serial}=="B", SYMLINK+="ttyUSB_follower_arm"\n',
  );
  const { text, honoured } = planRules(pair, namingRules([dir]), dir);
  expect(text).toContain("ttyUSB_leader_arm");
  expect(text).not.toContain("ttyUSB_follower_arm");
  expect(honoured.map(({ link }) => link)).toEqual(["/dev/ttyUSB_follower_arm"]);
});

test("somebody else's rule that gives the name to another board is named, and nothing is written", async () => {
  const dir = await folder();
  const file = join(dir, "50-mine.rules");
  await writeFile(file, 'SUBSYSTEM=="tty", ATTRS{serial}=="Z", SYMLINK+="ttyUSB_leader_arm"\n');
  expect(() => planRules(pair, namingRules([dir]), dir)).toThrow(`${file} (line 1) gives the name`);
  expect(await readdir(dir)).toEqual(["50-mine.rules"]);
});

test("a folder that is missing is told, and nothing is half-written", async () => {
  const dir = join(await folder(), "rules.d");
  expect(() => writeRules(planRules(pair, [], dir))).toThrow(/could not be written .*is udev installed/);
});

test("the file may be read by everybody", async () => {
  const dir = await folder();
  const plan = planRules(pair, [], dir);
  writeRules(plan);
  expect(await readFile(plan.path, "utf8")).toStartWith("# The boards of this machine's SO-101 arms");
  expect((await Bun.file(plan.path).stat()).mode & 0o777).toBe(0o644);
});
