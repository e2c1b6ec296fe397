/** Which other programs have a serial port open: real ones, on a pty. */
import { afterEach, describe, expect, test } from "bun:test";
import { realpathSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { lookForOthers } from "../../../src/linux/owners/openers.ts";
import { needing, ROOT } from "../../support/needs.ts";
import { atEnd, cleanUp, newBoard, newFolder, newHelper, openPort } from "../../support/ports.ts";

afterEach(cleanUp);

/** A program that has a file open, and does nothing. */
function opener(path: string, ...command: readonly string[]) {
  const child = Bun.spawn(command.length === 0 ? ["sleep", "60"] : [...command], { stdin: Bun.file(path) });
  atEnd(() => child.kill());
  return child;
}

test("nobody has a port that is not there, or that only this process has open", () => {
  expect(lookForOthers("/dev/ttySO101").others).toEqual([]);
  const { path } = newBoard();
  openPort(path);
  expect(lookForOthers(path).others).toEqual([]);
});

test("a program that has it open is found, without a lock and by whatever name of the port", () => {
  const { path } = newBoard();
  const { pid } = opener(path);
  const link = join(newFolder(), "ttyUSB_follower_arm");
  symlinkSync(path, link);
  for (const name of [path, link]) expect(lookForOthers(name).others).toEqual([{ pid, name: "sleep" }]);
});

test("a program that came first and has locked it is found too", async () => {
  const { path } = newBoard();
  const helper = newHelper("open-port.ts", [path]);
  expect(await helper.line()).toBe('{"opened":true}');
  expect(lookForOthers(path).others).toMatchObject([{ pid: helper.pid }]);
});

needing(ROOT).test("a container's own node of the same device is that device", async () => {
  const folder = join(newFolder(), "dev");
  const ours = join(folder, "ttyACM0");
  const theirs = join(folder, "ttyACM7");
  // No board has these numbers: they are those of /dev/full.
  await Bun.$`mkdir ${folder} && mknod ${ours} c 1 7 && mknod ${theirs} c 1 7`.quiet();
  const { pid } = opener(theirs);
  expect(lookForOthers(ours).others).toEqual([{ pid, name: "sleep" }]);
});

needing(ROOT).test("a container's own pseudo-terminal with the name of ours is another one", async () => {
  const { path } = newBoard();
  const folder = newFolder();
  const last = Number(basename(realpathSync(path)));
  // In a file system of its own they are numbered from 0 again; the last of these has the number of ours.
  const script = `mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts && mount --bind /dev/pts/ptmx /dev/ptmx &&
    for i in $(seq 0 ${last}); do script -qc "sleep 60" /dev/null < /dev/null > /dev/null & done;
    until [ -e /dev/pts/${last} ]; do :; done; echo ready; wait`;
  const container = Bun.spawn(["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script], {
    stdout: "pipe",
    cwd: folder,
  });
  atEnd(() => container.kill("SIGKILL"));
  const { value } = await container.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toBe("ready\n");
  expect(lookForOthers(path).others).toEqual([]);
});

test("what is no serial port anybody may have open", () => {
  opener("/dev/null");
  expect(lookForOthers("/dev/null").others).toEqual([]);
});

describe("who is not another program on the port", () => {
  test("the board behind a pseudo-terminal, also where it has both ends open", async () => {
    const board = newHelper("pty-board.ts", []);
    const path = (await board.line())!;
    expect(path).toStartWith("/dev/pts/");
    expect(lookForOthers(path).others).toEqual([]);
    const { pid } = opener(path);
    expect(lookForOthers(path).others).toMatchObject([{ pid }]);
  });

  test("this program in another process, which keeps to the lock", () => {
    const { path } = newBoard();
    const main = join(import.meta.dir, "../../../src/main.ts");
    // As long as its standard input is the port, it has it open.
    const child = opener(path, process.execPath, main, "sim", "--dir", join(newFolder(), "arms"));
    expect(child.exitCode).toBeNull();
    expect(lookForOthers(path).others).toEqual([]);
  });

  // Of that name anybody can be; udev's are root's.
  needing(ROOT).test.each(["(udev-worker)", "systemd-udevd"])(
    "udev's worker %s, and what it starts",
    async (name) => {
      const { path } = newBoard();
      const script = `printf "%s" "${name}" > /proc/$$/comm; sleep 60 & echo $!; wait`;
      const worker = Bun.spawn(["sh", "-c", script], { stdin: Bun.file(path), stdout: "pipe" });
      atEnd(() => worker.kill());
      const { value } = await worker.stdout.getReader().read();
      const child = Number(new TextDecoder().decode(value));
      atEnd(() => process.kill(child, "SIGKILL"));
      expect(lookForOthers(path).others).toEqual([]);
    },
  );
});

test("whether all could be seen is told", () => {
  expect(lookForOthers("/dev/null").isWhole).toBe(process.geteuid?.() === 0);
});
