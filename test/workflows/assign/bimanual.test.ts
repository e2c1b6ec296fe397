import { expect, setDefaultTimeout, test } from "bun:test";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configTemplate } from "../../../src/host/package-files.ts";
import { planBimanual } from "../../../src/workflows/assign/bimanual.ts";
import { MOUNTING, needing } from "../../support/needs.ts";
import { ScriptedOperator } from "../../support/scripted-operator.ts";

setDefaultTimeout(30_000);

const board = (index: number, serial: string) => ({ path: `/dev/ttyACM${index}`, serial });
const four = [board(0, "A"), board(1, "B"), board(2, "C"), board(3, "D")];

const plan = (operator: ScriptedOperator, left: object = {}, right: object = {}, boards = four) =>
  planBimanual(
    "my",
    { left: { given: left, operator }, right: { given: right, operator } },
    async () => boards,
  );

const RULES = ["A", "B", "C", "D"].map((serial, index) => {
  const link = ["left-leader", "left-follower", "right-leader", "right-follower"][index];
  return `SUBSYSTEM=="tty", ATTRS{serial}=="${serial}", SYMLINK+="so101/${link}"`;
});

test("each arm of both sides is asked for by its name, and all four boards get theirs in one file", async () => {
  const picks = ["/dev/ttyACM0", "/dev/ttyACM1", "/dev/ttyACM2"];
  const operator = new ScriptedOperator({
    choose: (question, values) => {
      if (question.startsWith("How will you tell")) return "pick";
      const picked = picks.shift()!;
      expect(values).toContain(picked);
      return picked;
    },
  });
  const { plan: rules } = await plan(operator);
  expect(operator.asked).toEqual([
    "How will you tell which board is the left leader's?",
    "Which board is the left leader's?",
    "Which board is the left follower's?",
    "How will you tell which board is the right leader's?",
    "Which board is the right leader's?",
  ]);
  expect(rules.text.trim().split("\n").slice(1)).toEqual(RULES);
});

test("a board that another side has is not offered, but a twin of it is known by its socket", async () => {
  const twins = [board(0, "A"), board(1, "B"), board(2, "C"), board(3, "A")];
  const left = { leader: "/dev/ttyACM0", follower: "B" };
  const planning = plan(new ScriptedOperator(), left, { leader: "C", follower: "/dev/ttyACM3" }, twins);
  await expect(planning).rejects.toThrow(
    "the left leader's board has the serial number A, as another board here",
  );
});

test.each([
  [
    "three boards",
    {},
    {},
    four.slice(1),
    "3 of four boards are plugged in (/dev/ttyACM1, /dev/ttyACM2, /dev/ttyACM3)",
  ],
  ["no board", {}, {}, [], "0 of four boards are plugged in — plug in"],
  [
    "one board twice",
    { leader: "A", follower: "B" },
    { leader: "C", follower: "A" },
    four,
    "have the same board",
  ],
  ["one arm of a side", { leader: "A" }, {}, four, "give both --left-leader and --left-follower, or neither"],
  [
    "a board that is not there",
    { leader: "A", follower: "B" },
    { leader: "C", follower: "X" },
    four,
    "--right-follower: no board with the serial number X is plugged in",
  ],
] as const)("%s is refused", async (_, left, right, boards, said) => {
  await expect(plan(new ScriptedOperator(), left, right, [...boards])).rejects.toThrow(said);
});

test("without a person all four boards must be given", async () => {
  const operator = new ScriptedOperator({ attended: false });
  await expect(plan(operator, { leader: "A", follower: "B" })).rejects.toThrow(
    "give --left-leader, --left-follower",
  );
});

test("a name that no file can have is refused", async () => {
  const operator = new ScriptedOperator();
  const choices = { left: { given: {}, operator }, right: { given: {}, operator } };
  await expect(planBimanual("../x", choices, async () => four)).rejects.toThrow("--bimanual: ");
});

/** A folder for rules and configurations of its own; $0 has files to begin with, $1 a systemctl that only writes down. */
const APART = `
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /etc
mount -t tmpfs tmpfs /run
mkdir -p /etc/so101-teleop /etc/udev/rules.d
cp "$0"/*.toml /etc/so101-teleop
cp "$0"/98-so101-arms.rules /etc/udev/rules.d
mkdir -p /mnt/upper-usr /mnt/work-usr
mount -t overlay overlay -o lowerdir=/usr/bin,upperdir=/mnt/upper-usr,workdir=/mnt/work-usr /usr/bin
cp --remove-destination "$0/systemctl" /usr/bin/systemctl
exec "$@"`;

const SYSTEMCTL = `#!/bin/sh
echo "$@" >> /run/systemctl-calls
[ "$1" != is-enabled ] || echo enabled
`;

needing(MOUNTING).describe("carried out", () => {
  async function setUp(answer: "yes" | "no", files: Readonly<Record<string, string>>) {
    const dir = await mkdtemp(join(tmpdir(), "so101-bimanual-"));
    try {
      const all = { "config.toml": "", "98-so101-arms.rules": "", systemctl: SYSTEMCTL, ...files };
      for (const [name, text] of Object.entries(all)) await writeFile(join(dir, name), text);
      await chmod(join(dir, "systemctl"), 0o755);
      const script = join(import.meta.dir, "../../support/set-up-bimanual.ts");
      const { stdout, stderr } = Bun.spawnSync([
        ...["unshare", "--mount", "sh", "-euc", APART, dir],
        ...[process.execPath, script, answer, "A", "B", "C", "D"],
      ]);
      expect(stderr.toString()).toBe("");
      return JSON.parse(stdout.toString());
    } finally {
      await rm(dir, { recursive: true });
    }
  }

  /** The boards of the single pair are among the four. */
  const single = `SUBSYSTEM=="tty", ATTRS{serial}=="A", SYMLINK+="ttyUSB_leader_arm"
SUBSYSTEM=="tty", ATTRS{serial}=="B", SYMLINK+="ttyUSB_follower_arm"
SUBSYSTEM=="tty", ATTRS{serial}=="Z", SYMLINK+="so101/third-leader"
`;

  test("it asks, then names the boards, writes LeRobot's ids, and has both services in place of the single one's", async () => {
    const right = '# mine\n[leader] # here\nid = "old" # was it\n[teleoperation]\nrate_hz = 100 # slow\n';
    const files = { "98-so101-arms.rules": single, "right.toml": right };
    const result = await setUp("yes", files);
    expect(result.error).toBeUndefined();
    expect(result.asked).toHaveLength(1);
    for (const said of [
      "my_left and my_right",
      "so101-teleop@left.service and so101-teleop@right.service are enabled",
      "so101-teleop.service, the single pair's, is stopped",
    ]) {
      expect(result.asked[0]).toContain(said);
    }
    const third = 'SUBSYSTEM=="tty", ATTRS{serial}=="Z", SYMLINK+="so101/third-leader"';
    expect(result.rules.trim().split("\n").slice(1).toSorted()).toEqual([...RULES, third].toSorted());
    expect(result.left).toBe(
      configTemplate("left")
        .replace('#id = "left-leader"\n', '#id = "left-leader"\nid = "my_left"\n')
        .replace('#id = "left-follower"\n', '#id = "left-follower"\nid = "my_left"\n'),
    );
    expect(result.right).toBe(`${right.replace('"old"', '"my_right"')}\n[follower]\nid = "my_right"\n`);
    expect(result.systemctl.trim().split("\n")).toEqual([
      "--no-ask-password enable so101-teleop@left.service",
      "--no-ask-password enable so101-teleop@right.service",
      "is-enabled so101-teleop.service",
      "--no-ask-password disable so101-teleop.service",
    ]);
  });

  test("who says no has nothing changed", async () => {
    const { error, rules, left, right, systemctl } = await setUp("no", { "98-so101-arms.rules": single });
    expect({ error, rules, left, right, systemctl }).toEqual({
      error: "nothing was changed",
      rules: single,
      left: null,
      right: null,
      systemctl: null,
    });
  });
});
