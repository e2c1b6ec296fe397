/** Text that others have written, on its way to a terminal, a log, the journal, a program: nothing in it acts there. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROTOCOL_VERSION } from "../../src/api/protocol.ts";
import { Board } from "../support/board.ts";
import { MOUNTING, needing } from "../support/needs.ts";
import { run } from "../support/program.ts";
import { aStatus } from "../support/status.ts";
import { ProgramOnTerminal } from "../support/terminal.ts";

setDefaultTimeout(30_000);

const MAIN = join(import.meta.dir, "../../src/main.ts");
const newBoard = () => {
  const board = new Board();
  return Object.assign(board, { [Symbol.dispose]: () => board.unplug() });
};

const PROGRAM = [process.execPath, MAIN];

/** A title for the window, a colour, the cursor's way up, one-character codes, turned and hidden writing, a log's line. */
const HOSTILE = "\u001b]0;owned\u0007\u001b[31m\u001b[2A\u009b2J\u202e\u200b\u2028\r\n<0>forged";

/** Characters that are not seen, but for the ends of the program's own lines. */
const UNSEEN = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "so101-hostile-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

const so101 = (...args: string[]) => run([...PROGRAM, ...args], { cwd: dir });

/** What it says has the hostile text's harmless part in it, on a line that it does not begin, and nothing else of it. */
function expectTamed(text: string): void {
  // A long text is not shown.
  expect(text).toMatch(/owned|a long text/);
  expect(UNSEEN.exec(text)).toBeNull();
  expect(text).not.toMatch(/^<\d/m);
}

/** A configuration with a line of its own. */
function configWith(line: string): string {
  const path = join(dir, `${Bun.hash(line)}.toml`);
  writeFileSync(path, `${line}\n`);
  return path;
}

describe.each([
  ["a key", `${JSON.stringify(HOSTILE)} = 1`],
  ["a section", `[${JSON.stringify(HOSTILE)}]`],
  ["a port", `leader.port = ${JSON.stringify(`/dev/${HOSTILE}`)}`],
  ["an id", `follower.id = ${JSON.stringify(HOSTILE)}`],
  ["a folder", `calibration_dir = ${JSON.stringify(`/${HOSTILE}`)}`],
  ["a choice", `teleoperation.on_stop = ${JSON.stringify(HOSTILE)}`],
])("%s of a configuration", (_, line) => {
  test.each([
    [["teleoperate"], 2],
    [["calibration", "check"], 2],
    [["doctor", "--json"], 1],
    [["doctor"], 1],
  ])("is refused by %p, and shown as it is", async (args, expected) => {
    const { stdout, stderr, code } = await so101(...args, "--config", configWith(line));
    expectTamed(stdout + stderr);
    expect(code).toBe(expected);
  });
});

test("a name with nothing seen in it but a NUL, or a line's end, is refused too", async () => {
  for (const text of ["a\0b", "a\nb", "a\u0085b"]) {
    const config = configWith(`leader.id = ${JSON.stringify(text)}`);
    const { stderr, code } = await so101("teleoperate", "--config", config);
    expect(stderr).toContain("leader.id is ");
    expect(UNSEEN.exec(stderr)).toBeNull();
    expect(code).toBe(2);
  }
});

const arms = ["--leader", "/dev/a", "--follower", "/dev/b", "--leader-id", "a", "--follower-id", "b"];

test.each([
  ["--config", ["teleoperate", "--config", HOSTILE]],
  ["--leader", ["teleoperate", ...arms, "--leader", `/dev/${HOSTILE}`]],
  ["--follower-id", ["teleoperate", ...arms, "--follower-id", HOSTILE]],
  ["--calibration-dir", ["teleoperate", ...arms, "--calibration-dir", HOSTILE]],
  ["--socket", ["teleoperate", ...arms, "--socket", HOSTILE]],
  ["--pair", ["teleoperate", "--pair", HOSTILE]],
  ["--port", ["calibration", "show", "leader", "--port", HOSTILE, "--id", "x"]],
  ["--id", ["calibration", "show", "leader", "--id", HOSTILE]],
  ["the file", ["calibration", "show", `${HOSTILE}.json`]],
  ["what was given", ["calibration", "import", "leader", HOSTILE]],
  ["what was given", ["calibration", "export", "leader", HOSTILE]],
  ["what was given", ["find-port", "--list", HOSTILE]],
  ["--socket", ["status", "--socket", HOSTILE]],
  ["--leader", ["assign", "--print", "--leader", HOSTILE, "--follower", "b"]],
  ["--bimanual", ["assign", "--print", "--bimanual", HOSTILE]],
  ["--dir", ["sim", "--dir", HOSTILE]],
  ["--motion", ["sim", "--motion", HOSTILE]],
  ["--leader-id", ["sim", "--leader-id", HOSTILE]],
  ["unknown option", ["status", `--${HOSTILE}`]],
  ["unknown command", [HOSTILE]],
])("on the command line it is refused: %s", async (where, args) => {
  const { stdout, stderr, code } = await so101(...args);
  expectTamed(stderr);
  expect(stderr).toContain(where);
  expect(stdout).toBe("");
  expect(code).toBe(2);
});

test("a folder of such a name is none to work in", async () => {
  const cwd = join(dir, "a\n<0>b");
  mkdirSync(cwd);
  const { stderr, code } = await run([...PROGRAM, "calibration", "show", "./x.json"], { cwd });
  expect(stderr).toContain("the file is ");
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(code).toBe(2);
});

/** A program of such a name that has a port open. The kernel keeps 15 bytes of a name. */
async function withOwner(name: string, port: string, work: () => Promise<void>): Promise<void> {
  const path = join(mkdtempSync(join(dir, "bin-")), name);
  copyFileSync("/usr/bin/sleep", path);
  await Bun.$`chmod 755 ${path}`;
  const owner = Bun.spawn([path, "60"], { stdin: Bun.file(port) });
  try {
    await work();
  } finally {
    owner.kill();
    await owner.exited;
  }
}

const NAME = "\u001b[31mowned\n<0>";

test("a program that has a port is named without what is in its name", async () => {
  using board = newBoard();
  await withOwner(NAME, board.path, async () => {
    const { stdout } = await so101("find-port", "--list", board.path);
    expectTamed(stdout);
    const json = await so101("find-port", "--list", "--json", board.path);
    expectTamed(json.stdout);
  });
});

test("in the journal each line has one priority, the program's own", async () => {
  using board = newBoard();
  using other = newBoard();
  const journal = join(dir, "journal");
  writeFileSync(journal, "");
  const { dev, ino } = statSync(journal);
  await withOwner(NAME, board.path, async () => {
    const child = Bun.spawn(
      [
        ...PROGRAM,
        "teleoperate",
        ...arms,
        "--leader",
        board.path,
        "--follower",
        other.path,
        "--duration",
        "1",
        "--socket",
        join(dir, "control.sock"),
      ],
      { cwd: dir, env: { JOURNAL_STREAM: `${dev}:${ino}` }, stdout: openSync(journal, "a"), stderr: "pipe" },
    );
    await child.exited;
  });
  const text = readFileSync(journal, "utf8");
  expect(text).toContain("owned");
  expect(UNSEEN.exec(text)).toBeNull();
  for (const line of text.trim().split("\n"))
    expect(line).toMatch(/^<[346]>[^<]*(<[^\d][^<]*)*(\\u000a<0> \(pid[^<]*)*$/);
  // What a tool says there has no priority at all.
  const printing = `
    const { printLine, printError } = await import(${JSON.stringify(join(import.meta.dir, "../../src/linux/text/stdout.ts"))});
    printLine("<0>a\\n<1>b"); printError("<2>c");`;
  const out = openSync(journal, "w");
  const tool = Bun.spawn([process.execPath, "-e", printing], {
    env: { JOURNAL_STREAM: `${dev}:${ino}` },
    stdio: ["ignore", out, out],
  });
  await tool.exited;
  expect(readFileSync(journal, "utf8")).not.toMatch(/^<\d/m);
});

test("what another service answers is shown, and does nothing", async () => {
  const path = join(dir, "fake.sock");
  const hostile = {
    ...aStatus,
    why: HOSTILE,
    events: aStatus.events.map((event) => ({ ...event, message: HOSTILE })),
    activeAlarms: aStatus.activeAlarms.map((alarm) => ({ ...alarm, message: HOSTILE })),
  };
  const server = createServer((socket) => {
    socket.once("data", (request) => {
      const reply = `${request}`.includes("status")
        ? { ok: true, status: hostile }
        : { ok: false, error: HOSTILE };
      // Node's reader of lines takes this for the end of one, in a text too.
      const text = JSON.stringify({ v: PROTOCOL_VERSION, ...reply }).replaceAll("\u2028", "\\u2028");
      socket.end(`${text}\n`);
    });
    socket.on("error", () => {});
  }).listen(path);
  try {
    for (const args of [["status"], ["status", "--json"], ["pause"], ["resume"]]) {
      const { stdout, stderr } = await so101(...args, "--socket", path);
      expectTamed(stdout + stderr);
    }
    await using program = new ProgramOnTerminal(["status", "--socket", path], {
      program: PROGRAM,
    });
    await program.exited();
    expect(program.raw).toContain("owned");
    for (const code of ["\u001b]0", "\u009b", "\u202e"]) expect(program.raw).not.toContain(code);
    // Its own colours are there.
    expect(program.raw).toContain("\u001b[1m");
  } finally {
    server.close();
  }
});

test("on a terminal its own colours come through, and no others", async () => {
  const config = configWith(`${JSON.stringify(HOSTILE)} = 1`);
  await using program = new ProgramOnTerminal(["doctor", "--config", config], {
    program: PROGRAM,
    columns: 200,
  });
  await program.exited();
  expect(program.raw).toContain("\u001b[31mbroken");
  expect(program.raw).not.toContain("\u001b]0");
  expect(program.raw).not.toContain("\u001b[31m\\u001b[2A");
  expect(program.everything).toContain("\\u001b]0;owned\\u0007\\u001b[31m");
});

needing(MOUNTING).describe("a USB board that says of itself what it should not", () => {
  const encoded = [...Buffer.from(HOSTILE)]
    .map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`)
    .join("");
  const board = (name: string, serial: string) => `P: /devices/x/tty/${name}
N: ${name}
E: DEVNAME=/dev/${name}
E: DEVLINKS=/dev/serial/by-id/usb-${HOSTILE.replaceAll(/\s/g, "_")}-if00
E: ID_SERIAL_SHORT=${serial}
E: ID_VENDOR_ENC=${encoded}
E: ID_VENDOR_ID=1a86
E: ID_MODEL_ID=55d3
`;
  const UDEVADM = (serial: string) => `#!/bin/sh
case "$*" in *-e) cat <<'END'
${board("ttyACM70", serial)}
${board("ttyACM71", "B")}
END
;; *--query=property*) cat <<'END'
ID_PATH=pci-0", RUN+="/bin/sh -c id", ENV{ID_PATH}=="pci-0
END
esac
`;
  /** Programs of the machine's with an udevadm of $0's, in a mount namespace of its own. */
  const APART = `
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work
mount -t overlay overlay -o lowerdir=/usr/bin,upperdir=/mnt/upper,workdir=/mnt/work /usr/bin
cp --remove-destination "$0" /usr/bin/udevadm
mount -t tmpfs tmpfs /run
mkdir -p /run/udev
touch /run/udev/control
exec "$@"`;
  const with_ = (serial: string, ...args: string[]) => {
    const path = join(mkdtempSync(join(dir, "udev-")), "udevadm");
    writeFileSync(path, UDEVADM(serial), { mode: 0o755 });
    return run(["unshare", "--mount", "sh", "-euc", APART, path, ...PROGRAM, ...args], {
      cwd: dir,
      env: { PATH: process.env.PATH! },
    });
  };
  // A line's end is what no udev lets through; all else it may.
  const serial = HOSTILE.replaceAll(/[\r\n]/g, "");

  const assigning = ["assign", "--print", "--leader", "/dev/ttyACM70", "--follower", "B"];

  test("gets a rule by its serial number, and nothing else of what it says", async () => {
    const { stdout, code } = await with_("A", ...assigning);
    expect(stdout.trim().split("\n").slice(1)).toEqual(
      ["A", "B"].map(
        (serial, index) =>
          `SUBSYSTEM=="tty", ATTRS{idVendor}=="1a86", ATTRS{idProduct}=="55d3", ATTRS{serial}=="${serial}", ` +
          `SYMLINK+="ttyUSB_${index === 0 ? "leader" : "follower"}_arm"`,
      ),
    );
    expect(code).toBe(0);
  });

  test.each(["*", "A?", "[AB]", "A|B", 'A", RUN+="/bin/sh', "$env{X}", "%k", "A\\", "\u202e"])(
    "gets none by the serial %j, nor by a USB socket of such a name",
    async (serial) => {
      const { stdout, stderr, code } = await with_(serial, ...assigning);
      expect(stdout).toBe("");
      expect(stderr).toContain('udev calls its USB socket "pci-0\\", RUN+=');
      expect(stderr).toContain("of which no rule can be made");
      expect(code).toBe(1);
    },
  );

  test.each([
    [["find-port", "--list"]],
    [["find-port", "--list", "--json"]],
    [["assign", "--print"]],
    [["assign", "--print", "--json"]],
    [["doctor"]],
    [["doctor", "--json"]],
  ])("is shown by %p, and does nothing", async (args) => {
    const { stdout, stderr } = await with_(serial, ...args);
    expectTamed(stdout + stderr);
  });
});
