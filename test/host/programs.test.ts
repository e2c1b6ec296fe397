import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outcomeOf, programsIn, systemPrograms } from "../../src/host/programs.ts";
import { needing, ROOT } from "../support/needs.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");
const NOBODY = 65_534;

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "so101-programs-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** A folder with a program in it. */
function folderWith(name: string, script: string): string {
  const folder = mkdtempSync(join(dir, "bin-"));
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return folder;
}

test("the first folder that has a program gives it", async () => {
  const [first, second] = [folderWith("dmesg", "echo first"), folderWith("dmesg", "echo second; exit 3")];
  expect(programsIn([first, second]).run("dmesg")).toEqual({ success: true, stdout: "first\n", stderr: "" });
  expect(programsIn([dir, second]).run("dmesg")?.success).toBe(false);
  expect(programsIn([second]).find("dpkg")).toBeUndefined();
  expect(programsIn([second]).run("dpkg")).toBeUndefined();
  expect(() => programsIn([second]).start("dpkg")).toThrow("dpkg is not installed here");
});

test("nothing of the caller's environment comes to it", async () => {
  const kept = { ...process.env };
  Object.assign(process.env, {
    LD_PRELOAD_OF_TEST: "/x",
    SYSTEMD_PAGER: "/x",
    PATH: "/x",
    LANG: "de_DE.UTF-8",
  });
  try {
    const programs = programsIn([folderWith("dmesg", "/usr/bin/env")]);
    // The shell sets the others itself.
    const namesIn = (text: string) =>
      text
        .trim()
        .split("\n")
        .filter((line) => !/^(PWD|SHLVL|_|OLDPWD)=/.test(line))
        .toSorted();
    const expected = ["LANG=C", "PATH=/usr/bin:/bin:/usr/sbin:/sbin"];
    expect(namesIn(programs.run("dmesg")!.stdout)).toEqual(expected);
    expect(namesIn((await outcomeOf(programs.start("dmesg"))).stdout)).toEqual(expected);
    let spawned = "";
    for await (const chunk of programs.spawn("dmesg", []).stdout!) spawned += chunk;
    expect(namesIn(spawned)).toEqual(expected);
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in kept)) delete process.env[name];
    Object.assign(process.env, kept);
  }
});

test("what is started hears the end of its input, and may be sure of no more", async () => {
  const programs = programsIn([folderWith("sh", "read -r line; echo \"got '$line'\"")]);
  expect((await outcomeOf(programs.start("sh"))).stdout).toBe("got ''\n");
});

needing(ROOT).test("to root there is none that others may change", () => {
  const mine = folderWith("dmesg", "");
  const [theirs, open, inTheirs] = [
    folderWith("dmesg", ""),
    folderWith("dmesg", ""),
    folderWith("dmesg", ""),
  ];
  chownSync(join(theirs, "dmesg"), NOBODY, NOBODY);
  chmodSync(join(open, "dmesg"), 0o777);
  chownSync(inTheirs, NOBODY, NOBODY);
  for (const folder of [theirs, open, inTheirs]) {
    expect(programsIn([folder]).find("dmesg")).toBeUndefined();
    expect(programsIn([folder, mine]).find("dmesg")).toBe(join(mine, "dmesg"));
  }
});

test("a program of the system's is found, whatever PATH says", () => {
  const { PATH } = process.env;
  process.env.PATH = "/nowhere";
  try {
    expect(systemPrograms.find("sh")).toBe("/usr/bin/sh");
  } finally {
    process.env.PATH = PATH;
  }
});

/** Every program that could be looked for on a PATH. */
const NAMES = [
  ...["chown", "dmesg", "dpkg", "find", "getent", "journalctl", "sh", "systemctl", "systemd-sysusers"],
  ...["systemd-tmpfiles", "udevadm", "userdel", "cat", "env", "id"],
];

test.each([
  [["assign", "--show"]],
  [["assign", "--print"]],
  [["doctor"]],
  [["find-port", "--list"]],
  [["status", "--all"]],
  [["install"]],
  [["uninstall"]],
  [["calibration", "import", "leader", "--id", "x", "--calibration-dir", "/nowhere"]],
  [["calibration", "export", "leader", "--id", "x", "--calibration-dir", "/nowhere"]],
])(
  "nothing that stands first on the PATH is started: %p",
  async (args) => {
    const planted = mkdtempSync(join(dir, "planted-"));
    const marks = join(planted, "marks");
    mkdirSync(marks);
    for (const name of NAMES) {
      writeFileSync(join(planted, name), `#!/bin/sh\necho "$0" > ${marks}/${name}\n`, { mode: 0o755 });
    }
    const { PATH } = process.env;
    const env = { PATH: `${planted}:${PATH}`, HOME: planted, SUDO_UID: "1" };
    const child = Bun.spawn([process.execPath, MAIN, ...args], {
      env,
      cwd: planted,
      stdout: "ignore",
      stderr: "ignore",
    });
    await child.exited;
    expect(NAMES.filter((name) => existsSync(join(marks, name)))).toEqual([]);
  },
  20_000,
);
