/**
 * Root's commands in a calibration folder where members of its group have put links, pipes and worse, at every name that
 * the program ever opens there: in a chroot, so that root's files are there to be lost.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout } from "bun:test";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { RunningSim } from "../../src/sim/testing/start.ts";
import { MOUNTING, needing, program } from "../support/needs.ts";
import { checkedArms } from "../support/simulated-arms.ts";

setDefaultTimeout(240_000);

const SECRET = "the text of a file of root's";
const DIALOUT = 20;
const ADA = 1234;
/** What sudo tells when ada calls it. */
const ADAS = { SUDO_UID: `${ADA}`, SUDO_GID: `${ADA}`, SUDO_USER: "ada" };
const CALIBRATIONS = "/var/lib/so101-teleop/calibration";
const repository = join(import.meta.dir, "../..");
const good = join(import.meta.dir, "../fixtures/calibrations/good.json");

let sim: RunningSim;
let root: string;
/** The tree as it is when nobody plants anything. */
let clean: string;
const inRoot = (path: string) => join(root, path);
const inTree = (name: string) => inRoot(join(CALIBRATIONS, name));

const needed = needing(MOUNTING, program("strace", "strace"), program("mkfifo", "coreutils"));

beforeAll(async () => {
  if (!MOUNTING.isMet()) return;
  sim = await checkedArms({ arms: "calibrated", motion: "still" });
  root = mkdtempSync(join(tmpdir(), "so101-planted-"));
  chmodSync(root, 0o755);
  for (const folder of ["usr", "dev", "proc", "etc", "root/folder", "tmp", "home/ada", repository, sim.dir])
    mkdirSync(inRoot(folder), { recursive: true });
  for (const name of ["bin", "lib", "lib64"]) symlinkSync(`usr/${name}`, inRoot(name));
  writeFileSync(inRoot("etc/passwd"), `root:x:0:0::/root:/bin/sh\nada:x:${ADA}:${ADA}::/home/ada:/bin/sh\n`);
  writeFileSync(inRoot("etc/group"), `root:x:0:\ndialout:x:${DIALOUT}:ada\nada:x:${ADA}:\n`);
  writeFileSync(inRoot("root/secret"), SECRET, { mode: 0o640 });
  writeFileSync(inRoot("root/folder/secret"), SECRET, { mode: 0o600 });
  chmodSync(inRoot("root/folder"), 0o700);
  // What may be imported, and is exported to.
  chownSync(inRoot("home/ada"), ADA, ADA);
  cpSync(good, inRoot("home/ada/good.json"));
  clean = join(root, "clean");
  mkdirSync(join(clean, "robots/so101_follower"), { recursive: true });
  cpSync(sim.paths.calibration, clean, { recursive: true, verbatimSymlinks: true });
});
afterAll(async () => {
  await sim?.stop();
  if (root !== undefined) rmSync(root, { recursive: true });
});

/** The program in the chroot. */
class Commands implements AsyncDisposable {
  readonly #process;
  readonly #answers: AsyncIterator<string>;

  constructor(env: Readonly<Record<string, string>>, ...under: readonly string[]) {
    const binds = ["usr", "dev", "proc", repository, sim.dir];
    const mounts = binds.map((path) => `mount --rbind '/${path}' '${inRoot(path)}'`);
    const bun = [...under, process.execPath, join(repository, "test/support/commands.ts")];
    const script = [...mounts, `exec chroot '${root}' ${bun.map((word) => `'${word}'`).join(" ")} 2>&1`];
    this.#process = Bun.spawn(["unshare", "--mount", "sh", "-ec", script.join("\n")], {
      env: { PATH: process.env.PATH, HOME: "/root", ...env },
      stdin: "pipe",
      stdout: "pipe",
    });
    this.#answers = answersOf(this.#process.stdout);
  }

  /** Runs a command to its end, and gives what it prints and its exit code. */
  async run(...words: readonly string[]): Promise<string> {
    this.#process.stdin.write(`${JSON.stringify(words)}\n`);
    this.#process.stdin.flush();
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`the program ended at ${words.join(" ")}`);
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin.end();
    await this.#process.exited;
  }
}

async function* answersOf(output: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of output) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = ending.exec(text); end; end = ending.exec(text)) {
      yield text.slice(0, end.index + end[0].length);
      text = text.slice(end.index + end[0].length);
    }
  }
}
const ending = /\0\d+\n/;

/** A tree that nobody has touched yet. */
function cleanTree(): void {
  rmSync(inRoot(CALIBRATIONS), { recursive: true, force: true });
  cpSync(clean, inRoot(CALIBRATIONS), { recursive: true, verbatimSymlinks: true });
  share(inRoot(CALIBRATIONS));
}

function share(path: string): void {
  if (lstatSync(path).isSymbolicLink()) return;
  chownSync(path, 0, DIALOUT);
  const isFolder = lstatSync(path).isDirectory();
  chmodSync(path, isFolder ? 0o2775 : 0o664);
  if (isFolder) for (const name of readdirSync(path)) share(join(path, name));
}

/** What is tried with each plant: everything that reads or writes below the folder, as far as it gets at once. */
const arm = (port: string) => ["follower", "--id", "follower", "--port", port, "--yes"];
const importing = (from: string) => ["calibration", "import", "follower", from, "--id", "follower", "--yes"];
const writing = (): string[][] => [
  ["calibrate", ...arm("/dev/none")],
  ["calibration", "pull", ...arm(sim.paths.follower)],
  importing("/home/ada/good.json"),
  importing(CALIBRATIONS),
];
const commands = (): string[][] => [
  ["calibration", "show", "follower", "--id", "follower"],
  ["calibration", "export", "follower", "/home/ada/exported.json", "--id", "follower", "--yes"],
  ["calibration", "undo", ...arm(sim.paths.follower)],
  ["calibration", "finish", ...arm(sim.paths.follower)],
  ...writing(),
];
/** The other arm's file is read only to tell whose arm it is. */
const identifying = () => writing().slice(1, 2);
/** What the file says goes into the servos, and back. */
const applying = (): string[][] => [
  ["calibration", "apply", ...arm(sim.paths.follower)],
  ["calibration", "pull", ...arm(sim.paths.follower)],
];

/** Writing to servos takes its time: it is tried where something is kept meanwhile. */
const triedByRoot = (name: string) => [
  ...(/\.(old|unfinished)$/.test(name) ? applying() : []),
  ...commands(),
];

const sockets: { stop: () => void }[] = [];
const plants: Readonly<Record<string, (path: string) => void>> = {
  "a link to a file of root's": (path) => symlinkSync("/root/secret", path),
  "a link to nothing yet": (path) => symlinkSync("/root/not-there", path),
  "a link to a folder of root's": (path) => symlinkSync("/root/folder", path),
  "a hard link": (path) => linkSync(inRoot("root/secret"), path),
  "a pipe": (path) => void Bun.spawnSync(["mkfifo", "-m", "666", path]),
  "a socket": (path) => void sockets.push(Bun.listen({ unix: path, socket: { data() {} } })),
  "a device": (path) => void Bun.spawnSync(["mknod", "-m", "666", path, "c", "1", "5"]),
  "a folder": (path) => mkdirSync(path),
  "a gigabyte": (path) => {
    writeFileSync(path, "");
    truncateSync(path, 2 ** 30);
  },
};

/** What root has outside of the folder, by path: all that there is to be lost. */
function outside(folder = inRoot("root")): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      const { mode, uid, gid, size } = lstatSync(path);
      const text = lstatSync(path).isFile() ? readFileSync(path, "utf8") : "";
      const of = `${path} ${mode.toString(8)} ${uid} ${gid} ${text === "" ? "" : `${size} ${text}`}`;
      return lstatSync(path).isDirectory() ? [of, ...outside(path)] : [of];
    });
}

/** Files below a folder in which the secret is, but for the secret itself. */
function published(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const stats = lstatSync(path);
    if (stats.isDirectory()) return published(path);
    if (!stats.isFile() || stats.size > 1e6 || stats.ino === lstatSync(inRoot("root/secret")).ino) return [];
    return readFileSync(path, "utf8").includes(SECRET) ? [path] : [];
  });
}

let names: readonly string[] = [];

needed.test("the names that the program opens in the folder, by its system calls", async () => {
  cleanTree();
  {
    await using so101 = new Commands(
      {},
      "strace",
      "-f",
      "-y",
      "-o",
      "/tmp/trace",
      "-e",
      "trace=%file,openat",
    );
    for (const words of [...commands(), ...applying()]) await so101.run(...words);
    // With something to finish, and something in the file's place.
    writeFileSync(inTree("robots/so101_follower/follower.unfinished"), "{}");
    for (const words of [...commands(), ...applying()]) await so101.run(...words);
  }
  names = namesOpened(readFileSync(inRoot("tmp/trace"), "utf8"));
  expect(names).toEqual(
    expect.arrayContaining([
      "robots",
      "robots/so101_follower",
      "robots/so_follower",
      "robots/so101_follower/follower.json",
      "robots/so101_follower/follower.json.old",
      "robots/so101_follower/follower.unfinished",
    ]),
  );
  // Nothing is done by a path that goes through what others may have changed.
  expect(names.filter((name) => name.includes("//"))).toEqual([]);
});

/** `1234 openat(9</var/lib/…/robots>, "so_follower", O_PATH…`, and what is named by a whole path. */
function namesOpened(trace: string): string[] {
  const names = new Set<string>();
  for (const line of trace.split("\n")) {
    for (const [, folder, name] of line.matchAll(
      /(?:\d+<([^>]*)>|AT_FDCWD<[^>]*>|\(), ?"((?:[^"\\]|\\.)+)"|\("((?:[^"\\]|\\.)+)"/g,
    )) {
      const path = name === undefined ? undefined : name.startsWith("/") ? name : join(folder ?? "/", name);
      const below = path?.startsWith(`${CALIBRATIONS}/`) ? path.slice(CALIBRATIONS.length + 1) : undefined;
      if (below === undefined || basename(below) === ".") continue;
      // Nobody can know the name of a temporary file before it is there.
      if (!/^\..*\.[0-9a-f-]{36}$/.test(basename(below))) names.add(below);
    }
  }
  return [...names].sort();
}

needed.test.each([
  ["root", {}, triedByRoot],
  ["sudo", ADAS, () => writing()],
] as const)(
  "whatever is planted at whichever of them, %s loses and publishes nothing, and nothing hangs",
  async (_, env, tried) => {
    await using so101 = new Commands(env);
    const before = outside();
    let planted = 0;
    for (const name of names) {
      for (const [kind, plant] of Object.entries(plants)) {
        cleanTree();
        rmSync(inTree(name), { recursive: true, force: true });
        if (!existsSync(dirname(inTree(name)))) continue;
        plant(inTree(name));
        planted++;
        for (const words of name.startsWith("teleoperators") ? identifying() : tried(name)) {
          const said = await so101.run(...words);
          expect([`${kind} at ${name}`, words, ...wrongWith(said, before)]).toEqual([
            `${kind} at ${name}`,
            words,
          ]);
        }
        for (const socket of sockets.splice(0)) socket.stop();
      }
    }
    expect(planted).toBeGreaterThanOrEqual(6 * Object.keys(plants).length);
  },
);

needed.test(
  "what is imported under sudo is what its caller may read, and becomes that user's and the group's",
  async () => {
    cleanTree();
    await using so101 = new Commands(ADAS);
    for (const secret of ["/root/secret", "/root/folder/secret", "/root/folder"]) {
      const said = await so101.run(...importing(secret));
      expect(said).toContain(
        `${secret}: ada, who called sudo, may not read it — name a file that ada may read`,
      );
      expect(said).not.toContain(SECRET.slice(0, 8));
    }
    // By one of ada's further groups.
    cpSync(good, inRoot("tmp/shared.json"));
    chownSync(inRoot("tmp/shared.json"), 0, DIALOUT);
    chmodSync(inRoot("tmp/shared.json"), 0o640);
    expect(await so101.run(...importing("/tmp/shared.json"))).toEndWith("\0\u0030\n");
    const file = inTree("robots/so101_follower/follower.json");
    expect(readFileSync(file, "utf8")).toBe(readFileSync(good, "utf8"));
    expect(lstatSync(file)).toMatchObject({ uid: ADA, gid: DIALOUT, mode: 0o100664 });
  },
);

needed.test.each(["a pipe", "a device", "a socket", "a gigabyte"])(
  "%s is not imported, and is no file",
  async (kind) => {
    cleanTree();
    await using so101 = new Commands(ADAS);
    const path = inRoot(`home/ada/${kind.slice(2)}`);
    rmSync(path, { force: true });
    plants[kind]!(path);
    chownSync(path, ADA, ADA);
    expect(await so101.run(...importing(path.slice(root.length)))).toMatch(
      /not a file, but|its 1073741824 bytes/,
    );
    for (const socket of sockets.splice(0)) socket.stop();
    rmSync(path, { force: true });
  },
);

needed.test.each([
  ["root", {}],
  ["sudo", ADAS],
] as const)(
  "in a home whose .cache is a link of its owner's, what %s makes is the owner's",
  async (who, env) => {
    const [cache, tree] = ["home/ada/.cache", "home/ada/data/huggingface/lerobot/calibration"];
    for (const path of [cache, "home/ada/data"]) rmSync(inRoot(path), { recursive: true, force: true });
    mkdirSync(inRoot("home/ada/data"));
    chownSync(inRoot("home/ada/data"), ADA, ADA);
    symlinkSync("data", inRoot(cache));
    await using so101 = new Commands(env);
    const into = `/home/ada/${who === "root" ? "data" : ".cache"}/huggingface/lerobot/calibration`;
    const said = await so101.run(...importing("/home/ada/good.json"), "--calibration-dir", into);
    expect(said).toEndWith("\0\u0030\n");
    const made = [
      "",
      "robots",
      "robots/so_follower",
      "robots/so101_follower",
      "robots/so101_follower/follower.json",
    ];
    for (const name of made)
      expect(lstatSync(inRoot(join(tree, name)))).toMatchObject({ uid: ADA, gid: ADA });
    // Root itself follows no link that a user made.
    if (who === "sudo") return;
    const refused = await so101.run(
      ...importing("/home/ada/good.json"),
      "--calibration-dir",
      "/home/ada/.cache/huggingface",
    );
    expect(refused).toContain(
      "calibration /home/ada/.cache: its folder cannot be made: a link in /home/ada, where others may write",
    );
  },
);

function wrongWith(said: string, before: readonly string[]): string[] {
  const after = outside();
  return [
    ...(said.includes(SECRET.slice(0, 8)) || /TypeError|\n +at /.test(said) ? [`it said ${said}`] : []),
    ...(Bun.deepEquals(after, before) ? [] : after),
    ...[inRoot(CALIBRATIONS), inRoot("home")].flatMap(published),
  ];
}
