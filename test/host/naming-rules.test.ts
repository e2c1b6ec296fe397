import { expect, test } from "bun:test";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BoardMark, isPlainValue } from "../../src/host/board-mark.ts";
import { canBeNamed, namingRules, rulesIn, rulesText } from "../../src/host/naming-rules.ts";

const folder = () => mkdtemp(join(tmpdir(), "so101-rules-"));

const boards = [
  {
    link: "/dev/ttyUSB_leader_arm",
    mark: { by: "serial", serial: "5AB9067929", vendorId: "1a86", productId: "55d3" },
  },
  { link: "/dev/so101/left-follower", mark: { by: "socket", socket: "platform-usb-0:1.2:1.0" } },
] as const;

test("what is written is read back", async () => {
  const file = join(await folder(), "98-so101-arms.rules");
  await writeFile(file, rulesText(boards));
  expect(rulesIn(file)).toEqual(boards.map((board, index) => ({ ...board, file, line: 2 + index })));
});

test("rules written by hand are understood", async () => {
  const file = join(await folder(), "98-LeRobot.rules");
  await writeFile(
    file,
    `# arms
SUBSYSTEM=="tty", ATTRS{serial}=="5AB9067722", SYMLINK+="ttyUSB_follower_arm"
SUBSYSTEM=="tty", ENV{ID_SERIAL_SHORT}=="A", \\
  MODE="0666", SYMLINK+="one two"
KERNEL=="ttyACM*", ATTRS{idVendor}=="1a86", SYMLINK+="board"
SUBSYSTEM=="tty", SYMLINK+="serial/by-id/$env{ID_BUS}"
`,
  );
  expect(
    rulesIn(file).map(({ line, link, mark }) => [line, link, mark?.by === "serial" && mark.serial]),
  ).toEqual([
    [2, "/dev/ttyUSB_follower_arm", "5AB9067722"],
    [4, "/dev/one", "A"],
    [4, "/dev/two", "A"],
    [5, "/dev/board", false],
  ]);
});

test("a file hides those of its name in weaker folders, as with udev", async () => {
  const [strong, weak] = [await folder(), await folder()];
  await writeFile(join(strong, "a.rules"), rulesText(boards.slice(0, 1)));
  await writeFile(join(weak, "a.rules"), rulesText(boards));
  await writeFile(join(weak, "b.rules.bak"), rulesText(boards));
  expect(namingRules([strong, weak, "/nowhere"]).map(({ file }) => file)).toEqual([join(strong, "a.rules")]);
});

test.each([
  ["/dev/ttyUSB_leader_arm", true],
  ["/dev/so101/left-leader", true],
  ["/dev/ttyACM0", false],
  ["/dev/ttyCH343USB0", false],
  ["/dev/serial/by-id/usb-1a86-if00", false],
  ["/home/me/leader", false],
  ["/dev/../etc/cron.d/x", false],
  ["/dev/so101/../../etc/x", false],
  ["/dev/a b", false],
  ['/dev/a", RUN+="/bin/sh', false],
  ["/dev/a$env{ID_VENDOR}", false],
  ["/dev/a%k", false],
  ["/dev/a\nb", false],
  ["/dev/a*", false],
  ["/dev//a", false],
  ["/dev/", false],
])("%s can be given as a name: %p", (port, can) => expect(canBeNamed(port)).toBe(can));

test.each([
  ["5AB9067929", true],
  ["A*", false],
  ['A"', false],
  ["", false],
])("the serial %p can stand in a rule: %p", (serial, can) => expect(isPlainValue(serial)).toBe(can));

/** What a value must not have: each could end it, be a rule of its own, or stand for other boards. */
const HOSTILE = [
  'A", RUN+="/bin/sh -c id", ATTRS{serial}=="A',
  'A\nSUBSYSTEM=="tty", RUN+="/bin/sh"',
  "A\\",
  "*",
  "A?",
  "[A-Z]",
  "A|B",
  "$env{ID_VENDOR}",
  "%k",
  "A B",
  "A\u0000",
  "A\u202eB",
  "",
];

test.each(
  HOSTILE.flatMap((value): [string, BoardMark][] => [
    ["serial", { by: "serial", serial: value }],
    ["vendor", { by: "serial", serial: "A", vendorId: value }],
    ["product", { by: "serial", serial: "A", productId: value }],
    ["USB socket", { by: "socket", socket: value }],
  ]),
)("no rule is made of a %s such as %j", (_, mark) => {
  expect(() => rulesText([{ link: "/dev/a", mark }])).toThrow("no rule can be made for");
});

test("no rule gives a name that is more than one link in /dev", () => {
  const mark = { by: "serial", serial: "A" } as const;
  for (const name of HOSTILE.slice(0, -1)) {
    expect(() => rulesText([{ link: `/dev/${name}`, mark }])).toThrow("no rule can give the name");
  }
  for (const link of ["/dev/../etc/x", "/etc/x", "/dev/a/", "/dev/.a"]) {
    expect(() => rulesText([{ link, mark }])).toThrow("no rule can give the name");
  }
});
