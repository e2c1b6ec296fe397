/** A machine with a real systemd: this one's files, and changes that are forgotten, booted in a container. */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { built, MOUNTING, type Need, program } from "./needs.ts";
import { type Outcome, programPath } from "./program.ts";

/** What it takes to boot one. */
export const MACHINE_NEEDS: readonly Need[] = [
  MOUNTING,
  program("systemd-nspawn", "systemd-container"),
  built(programPath, "build"),
];

/** Where the machine's root is mounted: seen by nobody else, so that nothing is left of it. */
const MOUNT = "/mnt";

/**
 * Boots the machine; $0 is a file or folder to be bound into it and $1 where, $2 a folder to be made for its cgroups. The overlay's upper part is a tmpfs,
 * since it cannot be on another overlay, as a container's root may be. What is mounted elsewhere on this machine the
 * overlay does not show: so what is to be tried is bound into it.
 */
const BOOT = `
mount -t tmpfs tmpfs ${MOUNT}
mkdir ${MOUNT}/root ${MOUNT}/upper ${MOUNT}/work
mount -t overlay overlay -o lowerdir=/,upperdir=${MOUNT}/upper,workdir=${MOUNT}/work ${MOUNT}/root
mount -t tmpfs tmpfs /run
mkdir "$2"
echo 0 > "$2/cgroup.procs"
exec systemd-nspawn --quiet --register=no --keep-unit --link-journal=no --private-network --machine=machine \\
  --bind-ro="$0":"$1" -D ${MOUNT}/root --boot systemd.unit=basic.target`;

/** What makes a machine with BOOT, and ends every process of it when it is killed itself, or the test is. */
const MAKE = ["setpriv", "--pdeathsig", "KILL"].concat(
  ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
  ["sh", "-euc", BOOT],
);

/** Something of this machine's that another shall have, and its place there. */
export interface Bound {
  readonly from: string;
  readonly to: string;
}

const PROGRAM: Bound = { from: programPath, to: "/usr/bin/so101" };

/** How long anything may take before it is called missing; generous, for machines that are busy. */
const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 50;

/** A machine that is up; disposing switches it off and forgets it. */
export class Machine implements AsyncDisposable {
  readonly #maker: Bun.Subprocess;
  readonly #cgroups: string;
  /** Its first process, by its number here. */
  readonly #init: number;

  private constructor(maker: Bun.Subprocess, cgroups: string, init: number) {
    this.#maker = maker;
    this.#cgroups = cgroups;
    this.#init = init;
  }

  /** Boots one, with `so101` in its path or something else in its place, as far as its basic services. Rejects with what it said when it does not come up. */
  static async boot({ from, to }: Bound = PROGRAM): Promise<Machine> {
    const cgroups = join(cgroupRoot(), `so101-machine-${randomUUID()}`);
    const maker = Bun.spawn([...MAKE, from, to, cgroups], {
      // On a machine that has old cgroups and new ones, the new ones.
      env: { PATH: process.env.PATH, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" },
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    const complaint = new Response(maker.stderr).text();
    const deadline = performance.now() + PATIENCE_MS;
    while (maker.exitCode === null && performance.now() < deadline) {
      const nspawn = childOf(maker.pid);
      const init = nspawn && childOf(nspawn);
      // What comes before is not in the machine yet, and must not be taken for it: it would be this one.
      if (init !== undefined && nameOf(init) === "systemd") {
        const machine = new Machine(maker, cgroups, init);
        const { stdout } = await machine.run(["systemctl", "is-active", "basic.target"]);
        if (stdout === "active\n") return machine;
      }
      await Bun.sleep(LOOK_EVERY_MS);
    }
    await end(maker, cgroups);
    throw new Error(`the machine did not come up: ${await complaint}`);
  }

  /** Where a path of the machine is here. */
  path(inside: string): string {
    return `/proc/${this.#init}/root${inside}`;
  }

  /** Writes a file in it. */
  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(this.path(path)), { recursive: true });
    await writeFile(this.path(path), text);
  }

  /** What runs a command in it, as root or somebody else: to be put before the command. */
  enter(user = "root"): string[] {
    const as = user === "root" ? [] : ["runuser", "-u", user, "--"];
    return ["nsenter", "--target", `${this.#init}`, "--all", "--", ...as];
  }

  /** Starts a command in it, with nothing in its environment but the path. */
  start(command: readonly string[], user?: string): RunningInside {
    return new RunningInside([...this.enter(user), ...command]);
  }

  /** Runs a command in it to its end. */
  run(command: readonly string[], user?: string): Promise<Outcome> {
    return this.start(command, user).outcome;
  }

  /** Runs a command that must not fail; resolves with what it said. */
  async must(...command: string[]): Promise<string> {
    const { stdout, stderr, code } = await this.run(command);
    if (code !== 0) throw new Error(`${command.join(" ")}: exit code ${code}\n${stdout}${stderr}`);
    return stdout.trimEnd();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#maker, this.#cgroups);
  }
}

/** Ends every process of a machine, and removes the cgroups that are left of it. */
async function end(maker: Bun.Subprocess, cgroups: string): Promise<void> {
  maker.kill("SIGKILL");
  await maker.exited;
  const remove = ["find", cgroups, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"];
  for (
    const deadline = performance.now() + PATIENCE_MS;
    existsSync(cgroups);
    await Bun.sleep(LOOK_EVERY_MS)
  ) {
    const { stderr } = Bun.spawnSync(remove);
    if (performance.now() > deadline) throw new Error(`the machine does not end: ${stderr}`);
  }
}

/** A command that runs in a machine. */
export class RunningInside {
  /** What it has said on its standard output so far. */
  stdout = "";
  /** Resolves when it has ended. */
  readonly outcome: Promise<Outcome>;
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  #changed: () => void = () => {};

  constructor(command: readonly string[]) {
    this.#child = Bun.spawn([...command], {
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.outcome = this.#follow();
  }

  /** Waits until it has said something. */
  async until(said: string): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!this.stdout.includes(said)) {
      const left = deadline - performance.now();
      if (left <= 0 || this.#child.exitCode !== null) {
        throw new Error(`"${said}" was not said, but:\n${this.stdout}`);
      }
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
        setTimeout(resolve, left);
      });
    }
  }

  /** Sends root's command itself a signal: what enters the machine for it stays outside and waits. */
  kill(signal: NodeJS.Signals): void {
    process.kill(childOf(this.#child.pid)!, signal);
  }

  async #follow(): Promise<Outcome> {
    const complaint = new Response(this.#child.stderr).text();
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      this.stdout += text;
      this.#changed();
    }
    const code = await this.#child.exited;
    this.#changed();
    return { stdout: this.stdout, stderr: await complaint, code };
  }
}

/** The first child of a process; undefined when it has none, or has ended. */
function childOf(pid: number): number | undefined {
  const [first] = ofProcess(pid, `task/${pid}/children`).split(" ");
  return Number(first) || undefined;
}

function nameOf(pid: number): string {
  return ofProcess(pid, "comm").trimEnd();
}

/** What the system says about a process; nothing when it has ended. */
function ofProcess(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

/** Where this machine's new cgroups are, whether or not it has old ones beside them. */
function cgroupRoot(): string {
  const mounts = readFileSync("/proc/self/mounts", "utf8");
  const [, point] = /^\S+ (\S+) cgroup2 /m.exec(mounts) ?? [];
  if (point === undefined) throw new Error("this machine has no cgroup2 mounted");
  return point;
}
