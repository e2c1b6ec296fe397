/** What root's helper changes: on real files, in a copy of /etc that is forgotten, for a client of another user. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { resolve } from "node:path";
import { MOUNTING, needing, program, ROOT } from "../../support/needs.ts";

setDefaultTimeout(60_000);

const root = resolve(import.meta.dir, "../../..");
const bun = process.execPath;
const PAGE = 4711;
const BOARDS = [
  { path: "/dev/ttyACM0", serial: "BLUE", vendorId: "1a86", productId: "55d3" },
  { path: "/dev/ttyACM1", serial: "RED", vendorId: "1a86", productId: "55d3" },
  { path: "/dev/ttyACM2", serial: 'X", RUN+="/bin/sh' },
  { path: "/dev/ttyACM3", serial: "TWIN" },
  { path: "/dev/ttyACM4", serial: "TWIN" },
];

/** A copy of /etc without any pair, the helper in it ($SOCKET), and the words that the cases are told in. */
const MACHINE = `
mount -t tmpfs tmpfs /mnt
mkdir /mnt/up /mnt/work /mnt/run
mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/up,workdir=/mnt/work /etc
rm -rf /etc/so101-teleop /etc/udev/rules.d
mkdir -p /etc/so101-teleop /etc/udev/rules.d
chmod 755 /mnt /mnt/run
SOCKET=/mnt/run/helper.sock
ask() { setpriv --reuid ${PAGE} --regid ${PAGE} --clear-groups "$BUN" "$ROOT/test/support/have-helper.ts" "$SOCKET" "$@"; }
begin() {
  "$BUN" "$ROOT/test/support/helper-process.ts" "$SOCKET" "\${1-${PAGE}}" "$BOARDS" >/mnt/said &
  HELPER=$!
  until grep -q ready /mnt/said; do sleep 0.05; done
}
config=/etc/so101-teleop/config.toml
rules=/etc/udev/rules.d/98-so101-arms.rules
`;

/** Runs a case to its end: its lines. Throws with all that it said when it fails. */
function inMachine(script: string): string[] {
  const { stdout, stderr, exitCode } = Bun.spawnSync(
    ["unshare", "--mount", "bash", "-euc", `${MACHINE}${script}\nkill $HELPER`],
    {
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", BUN: bun, ROOT: root, BOARDS: JSON.stringify(BOARDS) },
      cwd: root,
    },
  );
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}\n${stderr}${stdout}`);
  return stdout.toString().split("\n").slice(0, -1);
}

const quoted = (request: object) => `'${JSON.stringify(request).replaceAll("'", "'\\''")}'`;
const named = (leader: object, follower: object, pair = "main") =>
  quoted({ ask: "name boards", pair, leader, follower });
const set = (keys: object, more: object = {}) => quoted({ ask: "set", pair: "main", keys, ...more });

const BLUE = { port: "/dev/ttyACM0", serial: "BLUE" };
const RED = { port: "/dev/ttyACM1", serial: "RED" };

const { describe: here } = needing(ROOT, MOUNTING, program("setpriv", "util-linux"));

here("naming boards", () => {
  test("writes the rules that assign writes, and a further pair's file", () => {
    const said = inMachine(`begin
ask ${named(BLUE, RED)}
ask ${named(BLUE, RED)}
cat $rules
rm $rules
ask ${named(BLUE, RED, "left")}
cat $rules
stat -c '%a %U %n' $rules /etc/so101-teleop/left.toml
grep -c left-leader /etc/so101-teleop/left.toml`);
    const head =
      '# The boards of this machine\'s SO-101 arms, by "so101 assign": run that again instead of editing this.';
    const rule = (serial: string, link: string) =>
      `SUBSYSTEM=="tty", ATTRS{idVendor}=="1a86", ATTRS{idProduct}=="55d3", ATTRS{serial}=="${serial}", SYMLINK+="${link}"`;
    const done = (isWritten: boolean, isPairMade: boolean) =>
      JSON.stringify({ v: 1, ok: true, isWritten, isPairMade, isApplied: false });
    expect(said).toEqual([
      done(true, false),
      done(false, false),
      head,
      rule("BLUE", "ttyUSB_leader_arm"),
      rule("RED", "ttyUSB_follower_arm"),
      done(true, true),
      head,
      rule("BLUE", "so101/left-leader"),
      rule("RED", "so101/left-follower"),
      "644 root /etc/udev/rules.d/98-so101-arms.rules",
      "644 root /etc/so101-teleop/left.toml",
      "2",
    ]);
  });

  test.each([
    ["one board for both arms", BLUE, BLUE, "the same board"],
    ["a board that is not there", { port: "/dev/ttyACM7", serial: "BLUE" }, RED, "no board is plugged in"],
    [
      "a board that is another one by now",
      { ...BLUE, serial: "GREEN" },
      RED,
      "another board is at /dev/ttyACM0",
    ],
    [
      "a board that has a serial number by now",
      { port: "/dev/ttyACM0" },
      RED,
      "another board is at /dev/ttyACM0",
    ],
    [
      "a serial number that is a rule",
      { port: "/dev/ttyACM2", serial: 'X", RUN+="/bin/sh' },
      RED,
      "USB socket",
    ],
    [
      "a serial number that two boards have",
      { port: "/dev/ttyACM3", serial: "TWIN" },
      RED,
      "as another board here",
    ],
    ["what is no port", { port: "/dev/mem" }, RED, "not a serial port"],
    ["a link", { port: "/dev/ttyUSB_leader_arm" }, RED, "not a serial port"],
    ["a key that nobody asked for", { ...BLUE, vendorId: '"' }, RED, "vendorId"],
    ["a number for a serial number", { port: "/dev/ttyACM0", serial: 7 }, RED, "Expected string"],
  ])("%s gets no rule", (_, leader, follower, why) => {
    const [reply, ...rest] = inMachine(`begin
ask ${named(leader, follower)}
ls -A /etc/udev/rules.d /etc/so101-teleop`);
    expect(JSON.parse(reply!)).toEqual({ refused: expect.stringContaining(why) });
    expect(rest).toEqual(["/etc/so101-teleop:", "", "/etc/udev/rules.d:"]);
  });

  test.each(["../x", "config", "a/b", 'x"', "", "-x", "a\nb"])("no pair is called %j", (pair) => {
    const [reply, ...rest] = inMachine(`begin
ask ${named(BLUE, RED, pair)}
ls -A /etc/udev/rules.d /etc/so101-teleop`);
    expect(JSON.parse(reply!)).toEqual({ refused: expect.any(String) });
    expect(rest).toEqual(["/etc/so101-teleop:", "", "/etc/udev/rules.d:"]);
  });

  test("a board that is another arm's is not taken from it", () => {
    const [, reply, ...rest] = inMachine(`begin
ask ${named(BLUE, RED)}
ask ${named(BLUE, RED, "left")}
ls /etc/so101-teleop`);
    expect(JSON.parse(reply!).refused).toContain("is /dev/ttyUSB_leader_arm already");
    expect(rest).toEqual([]);
  });
});

here("setting keys", () => {
  test("changes these and nothing else: comments, order, ends of lines, mode, owner and group stay", () => {
    const said = inMachine(`begin
printf '# mine\\r\\n[teleoperation] # fast\\r\\n#rate_hz = 200\\r\\n  start = "at once" # or not\\r\\n' >$config
chmod 640 $config
chgrp 20 $config
ask ${set({ "teleoperation.rate_hz": 150, "teleoperation.start": "on leader motion", "follower.gains.gripper.p": 20 })}
ask ${set({ "teleoperation.rate_hz": 150 })}
cat -A $config
stat -c '%a %u %g' $config
ls -A /etc/so101-teleop`);
    expect(said).toEqual([
      '{"v":1,"ok":true,"isChanged":true}',
      '{"v":1,"ok":true,"isChanged":false}',
      "# mine^M$",
      "[teleoperation] # fast^M$",
      "#rate_hz = 200^M$",
      "rate_hz = 150^M$",
      '  start = "on leader motion" # or not^M$',
      "^M$",
      "[follower.gains.gripper]^M$",
      "p = 20^M$",
      "640 0 20",
      "config.toml",
    ]);
  });

  test("the main pair's file is made out of the one that is shipped where somebody has taken it away", () => {
    const said = inMachine(`begin
ask ${set({ "teleoperation.rate_hz": 150 })}
grep -c . $config
grep rate_hz $config`);
    expect(said[0]).toContain('"isChanged":true');
    expect(Number(said[1])).toBeGreaterThan(60);
    expect(said.slice(2)).toEqual(["#rate_hz = 200", "rate_hz = 150"]);
  });

  const LEFT_ALONE: readonly (readonly [what: string, keys: object, why: string, file?: string])[] = [
    ["a value out of its bounds", { "teleoperation.rate_hz": 1000 }, "a number from 20 to 500"],
    ["a text for a number", { "teleoperation.rate_hz": "200" }, "a number from 20 to 500"],
    ["what does not go with the rest", { "teleoperation.on_stop": "park" }, "park is missing"],
    [
      "one good key beside a bad one",
      { "teleoperation.rate_hz": 100, "health.warn_temperature_c": 7 },
      "30 to 100",
    ],
    ["a path", { calibration_dir: "/etc" }, "calibration_dir is not a key that can be changed here"],
    ["a port", { "leader.port": "/dev/ttyACM0" }, "leader.port is not a key that can be changed here"],
    ["an id", { "follower.id": "x" }, "follower.id is not a key that can be changed here"],
    [
      "where the page listens",
      { "web.listen": "0.0.0.0:80" },
      "web.listen is not a key that can be changed here",
    ],
    ["who may read the page", { "web.read": "everybody" }, "web.read is not a key that can be changed here"],
    ["a key that there is not", { "teleoperation.rate": 7 }, "is not a key that can be changed here"],
    ["what is no key", { "teleoperation]\nx": 7 }, "not a key"],
    ["what JavaScript keeps for itself", JSON.parse('{"__proto__": 7}'), "not a key"],
    ["the same, beside a good one", { "teleoperation.rate_hz": 100, constructor: 7 }, "not a key"],
    ["a list", { "teleoperation.rate_hz": [100] }, "not a value"],
    ["no TOML", { "teleoperation.rate_hz": 100 }, "line 2", "a = 1\nb = = 2\n"],
    ["no UTF-8", { "teleoperation.rate_hz": 100 }, "no UTF-8", "# \\351t\\351\n"],
    [
      "a file that cannot be changed so",
      { "teleoperation.rate_hz": 100 },
      "cannot change",
      "teleoperation = 3\n",
    ],
    [
      "the units of the parking pose without the pose",
      { "teleoperation.normalisation": "degrees" },
      "must be given anew",
      "[park]\nshoulder_pan = 0\nshoulder_lift = 0\nelbow_flex = 0\nwrist_flex = 0\nwrist_roll = 0\ngripper = 0\n",
    ],
  ];

  test("whatever is wrong is said, and the file is left as it is", () => {
    const script = LEFT_ALONE.map(([, keys, , file = "# mine\n"]) => {
      const text = file.replaceAll("\n", "\\n");
      return `printf '${text}' >$config; before=$(stat -c '%i %Z' $config)
ask ${set(keys)}
[ "$before" = "$(stat -c '%i %Z' $config)" ]; printf '${text}' | cmp - $config`;
    });
    const said = inMachine(`begin\n${script.join("\n")}`);
    for (const [index, [what, , why]] of LEFT_ALONE.entries()) {
      const { refused } = JSON.parse(said[index]!);
      expect(`${what}: ${refused}`).toContain(why);
    }
  });

  test("a link in the file's place is followed to a file of root's alone, and nothing else is written", () => {
    const said = inMachine(`begin
echo '# theirs' >/mnt/run/theirs; chown ${PAGE} /mnt/run/theirs
ln -s /mnt/run/theirs $config
ask ${set({ "teleoperation.rate_hz": 150 })}
cat /mnt/run/theirs
rm $config; mkfifo $config
ask ${set({ "teleoperation.rate_hz": 150 })}
rm $config; mkdir $config
ask ${set({ "teleoperation.rate_hz": 150 })}`);
    expect(JSON.parse(said[0]!).refused).toContain("may be changed by others than root");
    expect(said[1]).toBe("# theirs");
    expect(JSON.parse(said[2]!).refused).toContain("there is something else at");
    expect(JSON.parse(said[3]!).refused).toContain("there is something else at");
  });

  test("two who set at once both have what they set, and who has seen another file is told", () => {
    const sets = Array.from({ length: 6 }, (_, index) =>
      set({
        [`follower.gains.${["gripper", "wrist_roll", "elbow_flex"][index % 3]}.${index < 3 ? "p" : "d"}`]:
          10 + index,
      }),
    );
    const seen = new Bun.CryptoHasher("sha256").update("# mine\n").digest("hex");
    const said = inMachine(`begin
echo '# mine' >$config
(ask ${sets.slice(0, 3).join(" ")}; ask ${sets.slice(3).join(" ")}) >/mnt/all
ask ${set({ "teleoperation.rate_hz": 150 }, { seen })}
grep -v '^$' $config`);
    expect(JSON.parse(said[0]!).refused).toContain("changed by somebody else meanwhile");
    expect(said.slice(1).toSorted()).toEqual(
      [
        "# mine",
        ...["[follower.gains.gripper]", "p = 10", "d = 13"],
        ...["[follower.gains.wrist_roll]", "p = 11", "d = 14"],
        ...["[follower.gains.elbow_flex]", "p = 12", "d = 15"],
      ].toSorted(),
    );
  });

  test("who sets keys as root, beside the helper, loses nothing and takes nothing away", () => {
    const joints = ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"];
    const both = joints.flatMap((joint) => [`[follower.gains.${joint}]`, "p = 20", "d = 20"]);
    const said = inMachine(`begin
echo '# mine' >$config
"$BUN" -e 'const { setKeys } = await import(process.argv[1]);
for (const joint of process.argv.slice(2)) await setKeys("main", { ["follower.gains." + joint + ".d"]: 20 });' \
  "$ROOT/src/root/work.ts" ${joints.join(" ")} &
ask ${joints.map((joint) => set({ [`follower.gains.${joint}.p`]: 20 })).join(" ")} >/mnt/all
wait $!
grep -v '^$' $config
ls -A /etc/so101-teleop`);
    expect(said.slice(0, -1).toSorted()).toEqual(["# mine", ...both].toSorted());
    expect(said.at(-1)).toBe("config.toml");
  });

  test("a page that is gone before it is done has it done all the same, whole", () => {
    const said = inMachine(`begin
echo '# mine' >$config
"$BUN" -e 'const s = require("node:net").connect(process.argv[1], () => { s.write(process.argv[2] + "\\n", () => s.destroy()); });' \\
  "$SOCKET" '{"v":1,"ask":"set","pair":"main","keys":{"teleoperation.rate_hz":150}}'
until grep -q rate_hz $config; do sleep 0.05; done
cat $config`);
    expect(said).toEqual(["# mine", "", "[teleoperation]", "rate_hz = 150"]);
  });
});

here("who may have something changed", () => {
  test("is root and the page's user, and nobody else", () => {
    const said = inMachine(`begin 4712
ask ${set({ "teleoperation.rate_hz": 150 })} ${named(BLUE, RED)} ${quoted({ ask: "enable", pair: "main" })}
"$BUN" "$ROOT/test/support/have-helper.ts" "$SOCKET" ${set({ "teleoperation.rate_hz": 150 })}
ls -A /etc/udev/rules.d`);
    for (const reply of said.slice(0, 3))
      expect(JSON.parse(reply)).toEqual({ refused: "this user may not ask" });
    expect(said.slice(3)).toEqual(['{"v":1,"ok":true,"isChanged":true}']);
  });
});

here("enabling a pair", () => {
  test("takes a pair that has a configuration file", () => {
    const [reply] = inMachine(`begin\nask ${quoted({ ask: "enable", pair: "left" })}`);
    expect(JSON.parse(reply!).refused).toContain('there is no pair "left"');
  });
});

describe("without a helper", () => {
  test("it is said what to do", async () => {
    const asking = Bun.spawn([bun, `${root}/test/support/have-helper.ts`, "/nowhere", set({}).slice(1, -1)]);
    const reply = JSON.parse(await new Response(asking.stdout).text());
    expect(reply.refused).toContain("sudo systemctl restart so101-helper.socket");
  });
});
