import { expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { namingRules } from "../../src/host/naming-rules.ts";
import { planRules, writeRules } from "../../src/root/rules.ts";

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
  expect(await writeRules(plan())).toBe(true);
  expect(await writeRules(plan())).toBe(false);
  const swapped = [named("ttyUSB_leader_arm", "B"), named("ttyUSB_follower_arm", "A")];
  expect(await writeRules(planRules(swapped, namingRules([dir]), dir))).toBe(true);
  expect(namingRules([dir]).map(({ link, mark }) => [link, mark])).toEqual(
    swapped.map(({ link, mark }) => [link, mark]),
  );
});

test("other pairs' boards stay", async () => {
  const dir = await folder();
  await writeRules(planRules([named("so101/left-leader", "C")], [], dir));
  await writeRules(planRules(pair, namingRules([dir]), dir));
  expect(namingRules([dir]).map(({ link }) => link)).toEqual([
    "/dev/so101/left-leader",
    "/dev/ttyUSB_leader_arm",
    "/dev/ttyUSB_follower_arm",
  ]);
});

test("a board that another pair has is not given away", async () => {
  const dir = await folder();
  await writeRules(planRules([named("so101/left-leader", "A")], [], dir));
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

/** What the kernel says of a board in this port of a hub. */
const inPort = (usbPort: string) => ({
  properties: {},
  ancestors: ["devices", "usb1", "1-3", usbPort, `${usbPort}:1.0`, "tty", "ttyACM0"],
});

/** As people write it who have boards of one serial number: by the USB port. */
const BY_USB_PORT = `SUBSYSTEM=="tty", KERNELS=="1-3.1", SYMLINK+="ttyUSB_leader_arm"
SUBSYSTEM=="tty", KERNELS=="1-3.2", SYMLINK+="ttyUSB_follower_arm"
`;

test("a hand-written rule by the USB port is honoured where it means the same boards", async () => {
  const dir = await folder();
  const file = join(dir, "99-by-usb-port.rules");
  await writeFile(file, BY_USB_PORT);
  const ports = new Map([
    [leader.link, inPort("1-3.1")],
    [follower.link, inPort("1-3.2")],
  ]);
  const plan = planRules(pair, namingRules([dir]), dir, (link) => ports.get(link));
  expect(plan.honoured.map(({ link, line }) => [link, line])).toEqual([
    [leader.link, 1],
    [follower.link, 2],
  ]);
  expect(plan.text).not.toContain("SYMLINK");
});

test("one that means another board is named by what it means", async () => {
  const dir = await folder();
  const file = join(dir, "99-by-usb-port.rules");
  await writeFile(file, BY_USB_PORT);
  expect(() => planRules(pair, namingRules([dir]), dir, () => inPort("1-3.2"))).toThrow(
    `${file} (line 1) gives the name ${leader.link} to whatever is in the USB port 1-3.1 — `,
  );
  expect(() => planRules(pair, namingRules([dir]), dir)).toThrow("the USB port 1-3.1");
});

test("rules of another pair by the USB port stay as they are in our own file", async () => {
  const dir = await folder();
  const left = { link: "/dev/so101/left-leader", mark: { by: "usb port", usbPort: "1-3.1" } } as const;
  await writeRules(planRules([left], [], dir));
  await writeRules(planRules(pair, namingRules([dir]), dir));
  expect(namingRules([dir])[0]).toMatchObject(left);
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
  await expect(writeRules(planRules(pair, [], dir))).rejects.toThrow(
    /could not be written .*is udev installed/,
  );
});

test("the file may be read by everybody", async () => {
  const dir = await folder();
  const plan = planRules(pair, [], dir);
  await writeRules(plan);
  expect(await readFile(plan.path, "utf8")).toStartWith("# The boards of this machine's SO-101 arms");
  expect((await Bun.file(plan.path).stat()).mode & 0o777).toBe(0o644);
});
