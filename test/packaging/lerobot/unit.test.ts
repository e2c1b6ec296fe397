/** What systemd lets LeRobot's service do: libzmq ends its program by an assertion where it may not do what it always does. */
import { expect } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needing, program } from "../../support/needs.ts";
import { ZMQ } from "../../support/zmq-peer.ts";

const ROOT = join(import.meta.dir, "../../..");
const unit = readFileSync(join(ROOT, "packaging/systemd/so101-lerobot.service"), "utf8");

/** The values of all lines of a name, in their order. */
const linesOf = (name: string) =>
  unit.split("\n").flatMap((line) => (line.startsWith(`${name}=`) ? line.slice(name.length + 1) : []));

/** A call, or all those of a set of systemd's. */
function callsOf(name: string): string[] {
  if (!name.startsWith("@")) return [name];
  const { stdout } = Bun.spawnSync(["systemd-analyze", "syscall-filter", name]);
  const names = stdout.toString().split("\n").slice(1);
  return names.map((line) => line.trim()).flatMap((line) => (/^[@a-z]/.test(line) ? callsOf(line) : []));
}

/** As systemd.exec(5) has it: each line adds to what is allowed, or takes from it. */
function allowedCalls(): Set<string> {
  const allowed = new Set<string>();
  for (const line of linesOf("SystemCallFilter")) {
    const isTaken = line.startsWith("~");
    for (const call of line.replace("~", "").split(" ").flatMap(callsOf)) {
      if (isTaken) allowed.delete(call);
      else allowed.add(call);
    }
  }
  return allowed;
}

const { test } = needing(...ZMQ, program("strace", "strace"), program("systemd-analyze", "systemd"));

test("it may ask for what libzmq insists on when it makes a thread and listens at an address", () => {
  const folder = mkdtempSync(join(tmpdir(), "so101-unit-"));
  const trace = join(folder, "trace");
  const script = `
    const { ZmqContext } = await import(${JSON.stringify(join(ROOT, "src/lerobot/zmq/context.ts"))});
    const context = new ZmqContext(() => true);
    context.socket({ kind: "pull", longestBytes: 100 }).bind("tcp://127.0.0.1:*");
    await context.close();`;
  const calls = "trace=socket,sched_setscheduler,sched_setparam,sched_setattr";
  const traced = ["strace", "-f", "-e", calls, "-o", trace, process.execPath, "-e", script];
  expect(Bun.spawnSync(traced).exitCode).toBe(0);
  const made = [...readFileSync(trace, "utf8").matchAll(/^\d+ +(\w+)\((\w+)/gm)];
  rmSync(folder, { recursive: true });

  const allowed = allowedCalls();
  expect(made.filter(([, name]) => !allowed.has(name!))).toEqual([]);
  const families = linesOf("RestrictAddressFamilies").join(" ").split(" ");
  const sockets = made.filter(([, name]) => name === "socket");
  expect(sockets).not.toBeEmpty();
  expect(sockets.filter(([, , family]) => !families.includes(family!))).toEqual([]);
});
