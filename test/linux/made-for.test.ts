import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { madeFor } from "../../src/linux/made-for.ts";
import { needing, program, ROOT } from "../support/needs.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "so101-made-for-"));
});

afterEach(() => rmSync(dir, { recursive: true }));

needing(ROOT).test(
  "what root makes for a group has its group and mode at once; what comes later has not",
  () => {
    const [shared, own] = [join(dir, "shared"), join(dir, "own")];
    const umask = process.umask();
    const made = madeFor({ group: 4711, mode: 0o660 }, () => {
      writeFileSync(shared, "", { mode: 0o777 });
      return statSync(shared);
    });
    expect([made.uid, made.gid, made.mode & 0o777]).toEqual([0, 4711, 0o660]);
    expect(process.umask()).toBe(umask);
    writeFileSync(own, "");
    expect(statSync(own).gid).toBe(statSync(dir).gid);
  },
);

test("umask and group are as before when making fails", () => {
  const umask = process.umask();
  expect(() =>
    madeFor({ group: undefined, mode: 0o600 }, () => {
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(process.umask()).toBe(umask);
});

needing(ROOT, program("strace", "strace")).test(
  "root's control socket is for the group dialout, and no name in its folder is given away afterwards",
  () => {
    const socket = join(dir, "main.sock");
    const trace = join(dir, "trace");
    const script = `
      import { statSync } from "node:fs";
      import { serveApi } from ${JSON.stringify(join(import.meta.dir, "../../src/daemon/api/server.ts"))};
      const server = await serveApi(${JSON.stringify(socket)}, {});
      const { uid, gid, mode } = statSync(server.path);
      console.log(uid, gid, (mode & 0o777).toString(8));
      server.close();
      process.exit();`;
    const calls = "trace=bind,/chmod,/chown";
    const { stdout } = Bun.spawnSync([
      "strace",
      "-f",
      "-e",
      calls,
      "-o",
      trace,
      process.execPath,
      "-e",
      script,
    ]);
    const [, dialout] = /^dialout:[^:]*:(\d+):/m.exec(readFileSync("/etc/group", "utf8"))!;
    expect(stdout.toString()).toBe(`0 ${dialout} 660\n`);
    const traced = readFileSync(trace, "utf8");
    expect(traced).toContain(socket);
    expect(traced).not.toMatch(/chmod|chown/);
  },
);
