/** Opening a serial port: which ports, who may, and what is said when not. */
import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync, symlinkSync, writeFileSync } from "node:fs";
import { cString, libc, nativeBuffer } from "../../src/linux/libc.ts";
import { TtyPort } from "../../src/serial/port.ts";
import type { Board } from "../support/board.ts";
import { needing, ROOT } from "../support/needs.ts";
import {
  atEnd,
  cleanUp,
  newBoard,
  newFolder,
  newHelper,
  openPort,
  soon,
  troubleOf,
} from "../support/ports.ts";

const NOBODY = 65_534;

afterEach(cleanUp);

describe("opening", () => {
  test("a path that is not there: missing", () => {
    expect(troubleOf(() => TtyPort.open("/dev/ttySO101", { baudRate: 1e6 }))).toMatchObject({
      trouble: "missing",
      path: "/dev/ttySO101",
      message: "/dev/ttySO101 is not there",
    });
  });

  test("a link that leads nowhere, as udev's do for a moment: missing", () => {
    const folder = newFolder();
    symlinkSync("/dev/ttySO101", `${folder}/arm`);
    expect(troubleOf(() => TtyPort.open(`${folder}/arm`, { baudRate: 1e6 })).trouble).toBe("missing");
  });

  test("a pty whose other side has gone: missing", () => {
    const board = newBoard();
    const holder = libc.open(cString(board.path), 0x902);
    atEnd(() => libc.close(holder));
    board.unplug();
    expect(troubleOf(() => TtyPort.open(board.path, { baudRate: 1e6 })).trouble).toBe("missing");
  });

  test.each(["/dev/null", "/tmp", `${import.meta.dir}/port.test.ts`])("%s: not a tty", (path) => {
    expect(troubleOf(() => TtyPort.open(path, { baudRate: 1e6 }))).toMatchObject({
      trouble: "not a tty",
      message: `${path} is not a serial port`,
    });
  });

  test("a regular file is left as it was", async () => {
    const path = `${newFolder()}/notes.txt`;
    writeFileSync(path, "kept");
    expect(troubleOf(() => TtyPort.open(path, { baudRate: 1e6 })).trouble).toBe("not a tty");
    expect(await Bun.file(path).text()).toBe("kept");
  });

  test("a symbolic link to a port works and keeps its name", () => {
    const board = newBoard();
    const link = `${newFolder()}/ttyUSB_leader_arm`;
    symlinkSync(board.path, link);
    const port = openPort(link);
    expect(port.path).toBe(link);
    board.say([1]);
    expect(port.receive(0, soon())).toBe(1);
  });

  test("a port of which this program has another opening: in use, and the first goes on undisturbed", () => {
    const board = newBoard();
    const port = openPort(board.path);
    const link = `${newFolder()}/arm`;
    symlinkSync(board.path, link);
    for (const path of [board.path, link]) {
      expect(troubleOf(() => TtyPort.open(path, { baudRate: 9600 }))).toMatchObject({
        trouble: "in use",
        message: `${path} is in use by another program`,
      });
    }
    expect(board.pty.baud).toBe(1_000_000);
    expect(isExclusive(board)).toBe(true);
    board.say([1]);
    expect(port.receive(0, soon())).toBe(1);
  });

  test("a port that another program has: in use, until it is done", async () => {
    const board = newBoard();
    const holder = newHelper("open-port.ts", [board.path]);
    expect(await holder.line()).toBe('{"opened":true}');
    const error = troubleOf(() => TtyPort.open(board.path, { baudRate: 1e6 }));
    expect(error.trouble).toBe("in use");
    await holder.end();
    board.forgetProgram();
    expect(openPort(board.path).isOpen).toBe(true);
  });

  needing(ROOT).test("a port that the user may not open: denied", async () => {
    const board = newBoard();
    chmodSync(board.path, 0o600);
    const helper = newHelper("open-port.ts", [board.path], NOBODY);
    const { trouble, message } = JSON.parse((await helper.line())!);
    expect(trouble).toBe("denied");
    expect(message).toBe(`${board.path} may not be opened by this user`);
  });

  needing(ROOT).test("turns away also programs that know nothing of our lock", async () => {
    const board = newBoard();
    chmodSync(board.path, 0o666);
    openPort(board.path);
    const asNobody = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
    const plain = Bun.spawn([...asNobody, "sh", "-c", `exec 3<>${board.path}`], { stderr: "ignore" });
    expect(await plain.exited).not.toBe(0);
    // And tells one of ours who it is that has it.
    const helper = newHelper("open-port.ts", [board.path, "looking"], NOBODY);
    expect(JSON.parse((await helper.line())!)).toMatchObject({
      trouble: "in use",
      message: expect.stringContaining(`(pid ${process.pid})`) as unknown,
    });
  });

  needing(ROOT).test(
    "names a program that keeps others out without a lock, when it may be looked into",
    async () => {
      const board = newBoard();
      chmodSync(board.path, 0o666);
      const holder = newHelper("open-port.ts", [board.path, "unlocked"], NOBODY);
      expect(await holder.line()).toBe('{"opened":true}');
      const second = newHelper("open-port.ts", [board.path, "looking"], NOBODY);
      const { trouble, message } = JSON.parse((await second.line())!);
      expect(trouble).toBe("in use");
      expect(message).toEndWith(`(pid ${holder.pid})`);
    },
  );

  test("a port closed is open to others, even while somebody else keeps the tty alive", () => {
    const board = newBoard();
    const port = openPort(board.path);
    const bystander = libc.open(cString(board.path), 0x902);
    atEnd(() => libc.close(bystander));
    expect(isExclusive(board)).toBe(true);
    port.close();
    expect(isExclusive(board)).toBe(false);
    expect(openPort(board.path).isOpen).toBe(true);
  });

  test("leaves no file descriptor behind when it fails", () => {
    const board = newBoard();
    openPort(board.path);
    const next = () => {
      const fd = libc.open(cString("/dev/null"), 0);
      libc.close(fd);
      return fd;
    };
    const before = next();
    for (const path of [board.path, "/dev/null", "/dev/ttySO101"]) {
      troubleOf(() => TtyPort.open(path, { baudRate: 1e6 }));
    }
    expect(next()).toBe(before);
  });
});

function isExclusive(board: Board): boolean {
  const TIOCGEXCL = 0x80045440;
  const answer = nativeBuffer(4);
  const slave = libc.open(cString(board.path), 0x902);
  try {
    if (slave === -1) return true; // turned away
    expect(libc.ioctl(slave, TIOCGEXCL, answer.pointer)).toBe(0);
    return answer.bytes[0] === 1;
  } finally {
    if (slave !== -1) libc.close(slave);
  }
}
