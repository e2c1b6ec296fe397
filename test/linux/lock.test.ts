/** The real flock(2), between real processes. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { groupId } from "../../src/linux/groups.ts";
import { FileLock } from "../../src/linux/lock.ts";
import { lockOwnerOf } from "../../src/linux/owners/owner.ts";
import { needing, ROOT } from "../support/needs.ts";

let dir: string;
let path: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "so101-lock-"));
  path = join(dir, "main.sock.lock");
});
const children: Bun.Subprocess[] = [];
afterEach(async () => {
  // Also those of a test that failed: whoever runs the tests waits for all of them.
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
  rmSync(dir, { recursive: true });
});

function taken(at = path): FileLock {
  const lock = FileLock.take(at);
  if (!(lock instanceof FileLock)) throw new Error(`taken: ${lock.note}`);
  return lock;
}

/** Another process that has the lock, and says so. */
async function holder(user?: { uid: number; gid: number }) {
  // What it runs may be where that user may not read.
  const script = `import { FileLock } from ${JSON.stringify(join(import.meta.dir, "../../src/linux/lock.ts"))};
    const user = ${JSON.stringify(user ?? null)};
    if (user !== null) {
      process.setgroups([]);
      process.setgid(user.gid);
      process.setuid(user.uid);
    }
    const lock = FileLock.take(${JSON.stringify(path)});
    lock.note = "it is mine";
    console.log(lock instanceof FileLock);
    setInterval(() => {}, 1000);`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
  children.push(child);
  const { value } = await child.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toBe("true\n");
  return child;
}

test("one program has it; another learns what that one has noted, and who it is", async () => {
  const other = await holder();
  expect(FileLock.take(path)).toEqual({ note: "it is mine" });
  expect(lockOwnerOf(path)).toEqual({ pid: other.pid, name: basename(process.execPath).slice(0, 15) });
  other.kill("SIGKILL");
  await other.exited;
  const lock = taken();
  expect(lock.note).toBe("it is mine");
  lock.note = "no, mine";
  expect(lock.note).toBe("no, mine");
  lock.release();
  expect(lockOwnerOf(path)).toBeUndefined();
});

test("a program that is stopped keeps it", async () => {
  const other = await holder();
  other.kill("SIGSTOP");
  expect(FileLock.take(path)).toEqual({ note: "it is mine" });
  other.kill("SIGKILL");
  await other.exited;
  taken().release();
});

test("what a program starts does not keep it", async () => {
  const lock = taken();
  const child = Bun.spawn(["sleep", "60"]);
  lock.release();
  taken().release();
  child.kill();
  await child.exited;
});

describe("the file", () => {
  test("is its maker's to write, and its group's to lock", () => {
    const before = process.umask(0o777);
    try {
      taken().release();
    } finally {
      process.umask(before);
    }
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  test.each([
    ["removed", () => rmSync(path)],
    ["moved away", () => renameSync(path, `${path}.old`)],
    [
      "replaced",
      () => {
        rmSync(path);
        writeFileSync(path, "");
      },
    ],
  ])("that was %s is no lock any more, and its owner can see that", (_, act) => {
    const lock = taken();
    expect(lock.isInPlace).toBe(true);
    act();
    expect(lock.isInPlace).toBe(false);
    const again = taken();
    expect([lock.isInPlace, again.isInPlace]).toEqual([false, true]);
    lock.release();
    expect(FileLock.take(path)).not.toBeInstanceOf(FileLock);
    again.release();
  });

  test("whose folder has gone is not in place", () => {
    mkdirSync(join(dir, "run"));
    const lock = taken(join(dir, "run", "lock"));
    rmSync(join(dir, "run"), { recursive: true });
    expect(lock.isInPlace).toBe(false);
    lock.release();
  });

  const planted: Readonly<Record<string, (victim: string) => void>> = {
    "a link to another file": (victim) => symlinkSync(victim, path),
    "a link to nothing": () => symlinkSync(join(dir, "nothing"), path),
    "a link to itself": () => symlinkSync(path, path),
    "another name of another file": (victim) => linkSync(victim, path),
    "a folder": () => mkdirSync(path),
    "a FIFO": () => void Bun.spawnSync(["mkfifo", path]),
    "a device": () => symlinkSync("/dev/zero", path),
  };

  test.each(Object.entries(planted))("is not made, locked or written where %s stands", (_, plant) => {
    const victim = join(dir, "victim");
    writeFileSync(victim, "precious");
    const before = statSync(victim);
    plant(victim);
    expect(() => FileLock.take(path)).toThrow(`there is something else at ${path}`);
    expect(() => FileLock.takeIfThere(path)).toThrow(`there is something else at ${path}`);
    const { mode, uid, gid, size, mtimeMs } = statSync(victim);
    expect({ mode, uid, gid, size, mtimeMs }).toMatchObject({
      ...{ mode: before.mode, uid: before.uid, gid: before.gid },
      ...{ size: before.size, mtimeMs: before.mtimeMs },
    });
    expect(statSync(join(dir, "nothing"), { throwIfNoEntry: false })).toBeUndefined();
  });

  test("is not a socket", async () => {
    const server = createServer().listen(path);
    await new Promise((resolve) => server.once("listening", resolve));
    expect(() => FileLock.take(path)).toThrow("there is something else");
    server.close();
  });

  test("is not made by who only wants it where it is there", () => {
    expect(FileLock.takeIfThere(path)).toBeUndefined();
    expect(FileLock.takeIfThere(join(dir, "nowhere", "lock"))).toBeUndefined();
    taken().release();
    const lock = FileLock.takeIfThere(path) as FileLock;
    expect(FileLock.takeIfThere(path)).toEqual({ note: "" });
    lock.release();
  });

  test("cannot be made in a folder that is not there", () => {
    expect(() => FileLock.take(join(dir, "nowhere", "lock"))).toThrow("ENOENT");
  });

  test("gives what stands in it, up to a bound", () => {
    writeFileSync(path, "x".repeat(100_000));
    const lock = taken();
    expect(lock.note).toBe("x".repeat(256));
    lock.release();
  });
});

needing(ROOT).describe("other users", () => {
  const nobody = { uid: 65_534, gid: 65_534 };
  const member = { uid: 65_534, gid: groupId("dialout")! };

  test("a file that root makes is its folder's owner's, and the group's", () => {
    chmodSync(dir, 0o755);
    Bun.spawnSync(["chown", `${nobody.uid}`, dir]);
    const lock = FileLock.take(path, member.gid) as FileLock;
    expect(statSync(path)).toMatchObject({ uid: nobody.uid, gid: member.gid });
    lock.release();
  });

  test("who is in the group may lock root's file, and write nothing into it; root waits, and sees who", async () => {
    chmodSync(dir, 0o755);
    const lock = FileLock.take(path, member.gid) as FileLock;
    lock.note = "root's";
    lock.release();
    const other = await holder(member);
    expect(FileLock.take(path)).toEqual({ note: "root's" });
    expect(lockOwnerOf(path)).toEqual({ pid: other.pid, name: basename(process.execPath).slice(0, 15) });
  });

  test("who is not may not", async () => {
    chmodSync(dir, 0o755);
    (FileLock.take(path, member.gid) as FileLock).release();
    const script = `import { FileLock } from ${JSON.stringify(join(import.meta.dir, "../../src/linux/lock.ts"))};
      process.setgroups([]);
      process.setgid(${nobody.gid});
      process.setuid(${nobody.uid});
      console.log(FileLock.takeIfThere(${JSON.stringify(path)}));
      try { FileLock.take(${JSON.stringify(path)}) } catch ({ code }) { console.log(code) }`;
    const { stdout } = Bun.spawnSync([process.execPath, "-e", script]);
    expect(stdout.toString()).toBe("undefined\nEACCES\n");
  });
});
