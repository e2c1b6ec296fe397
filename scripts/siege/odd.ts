/** Files as nobody expects them. */
import { chmodSync, lchownSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";

/** One kind of them. */
export interface Odd {
  readonly name: string;
  /** Whether nothing could be made of it: who needs it must say so, and fail. "perhaps": it may also be taken. */
  readonly isUsable: "no" | "perhaps";
  /** Whether only root can make one. */
  readonly needsRoot?: true;
  /** Puts one at a path where nothing is. `good` is a text that would be right there; `outside` a folder of root's. */
  put(path: string, from: { readonly good: string; readonly outside: string }): Promise<void> | void;
}

const run = (...command: string[]) => {
  const { success, stderr } = Bun.spawnSync(command);
  if (!success) throw new Error(`${command.join(" ")}: ${stderr}`);
};

/** Those that are no regular files; a folder may be expected in their place, too. */
export const ODD_NODES: readonly Odd[] = [
  { name: "a FIFO", isUsable: "no", put: (path) => run("mkfifo", path) },
  {
    name: "a socket",
    isUsable: "no",
    put: async (path) => {
      // The name stays when nobody listens any more; one that is too long is made beside, and moved.
      const short = join(dirname(path), ".s");
      const server = createServer();
      await new Promise<void>((done) => server.listen(short, done));
      run("ln", short, path);
      await new Promise<void>((done) => server.close(() => done()));
    },
  },
  {
    name: "a device of zeros",
    isUsable: "no",
    needsRoot: true,
    put: (path) => run("mknod", path, "c", "1", "5"),
  },
  {
    name: "a full device",
    isUsable: "no",
    needsRoot: true,
    put: (path) => run("mknod", path, "c", "1", "7"),
  },
  {
    name: "a terminal's device",
    isUsable: "no",
    needsRoot: true,
    put: (path) => run("mknod", path, "c", "5", "2"),
  },
  { name: "a link to zeros", isUsable: "no", put: (path) => symlinkSync("/dev/zero", path) },
  { name: "a link to its input", isUsable: "no", put: (path) => symlinkSync("/proc/self/fd/0", path) },
  {
    name: "a dangling link",
    isUsable: "no",
    put: (path, { outside }) => symlinkSync(join(outside, "made"), path),
  },
  {
    name: "a link to a file of root's",
    isUsable: "no",
    put: (path, { outside }) => symlinkSync(join(outside, "secret"), path),
  },
  {
    name: "a link to a folder of root's",
    isUsable: "no",
    put: (path, { outside }) => symlinkSync(join(outside, "folder"), path),
  },
  { name: "a link to itself", isUsable: "no", put: (path) => symlinkSync(path, path) },
];

/** Regular files, and folders where files belong. */
export const ODD_FILES: readonly Odd[] = [
  { name: "a folder", isUsable: "no", put: (path) => mkdirSync(path) },
  {
    name: "a folder with a file in it",
    isUsable: "no",
    put: (path) => {
      mkdirSync(path);
      writeFileSync(join(path, "inner"), "inner");
    },
  },
  text("an empty file", "no", () => ""),
  text("a NUL byte", "no", () => "\0"),
  text("4096 NUL bytes, as after a loss of power", "no", () => "\0".repeat(4096)),
  text("NUL bytes behind the text", "no", (good) => `${good}${"\0".repeat(512)}`),
  text("its first half", "no", (good) => good.slice(0, good.length / 2)),
  text("it twice", "no", (good) => good + good),
  text("no UTF-8", "no", () => Buffer.from([0x7b, 0x22, 0xff, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d])),
  text("UTF-16", "no", (good) => Buffer.from(`\ufeff${good}`, "utf16le")),
  text("a UTF-8 mark", "perhaps", (good) => `\ufeff${good}`),
  text("Windows' line ends", "perhaps", (good) => good.replaceAll("\n", "\r\n")),
  text("brackets, nested 100,000 deep", "no", () => `a = ${"[".repeat(100_000)}`),
  text("JSON, nested 100,000 deep", "no", () => `${"[".repeat(100_000)}1${"]".repeat(100_000)}`),
  text("objects, nested 100,000 deep", "no", () => `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`),
  text("numbers beyond all", "no", (good) => good.replaceAll(/-?\d+(?=,?\n)/g, "1e400")),
  text("numbers that are none", "no", (good) => good.replaceAll(/-?\d+(?=,?\n)/g, "NaN")),
  text("fractions", "no", (good) => good.replaceAll(/-?\d+(?=,?\n)/g, "0.5")),
  text("a number of 100,000 digits", "no", (good) => good.replace(/-?\d+(?=,?\n)/, "9".repeat(100_000))),
  text("keys twice", "perhaps", (good) =>
    good.replace("{", '{"gripper": null,').replace("[leader]", "rate = 1\nrate = 2\n[leader]"),
  ),
  text("__proto__", "perhaps", (good) =>
    good
      .replace("{", '{"__proto__": {"id": 1}, "constructor": {"prototype": 1},')
      .replace("[leader]", "[__proto__]\nx = 1\n[leader]"),
  ),
  text("null", "no", () => "null"),
  text("a list of lists", "no", () => "[[], [[]]]"),
  text("a text", "no", () => '"so101"'),
  text(
    "orders to a terminal",
    "no",
    () => '{"\\u001b]0;owned\\u0007\\u001b[2J": "\u001b[31mred\u0007"}\n"\u001b[2J" = 1\n',
  ),
  text("one line of 5 MB", "no", () => `{"a": "${"x".repeat(5_000_000)}`),
  text("64 KB, and a fault at the end", "no", () => `${'# "filler"\n'.repeat(6_000)}\n!`),
  {
    name: "1 GB of holes",
    isUsable: "no",
    put: (path) => {
      writeFileSync(path, "{");
      truncateSync(path, 1_000_000_000);
    },
  },
  {
    name: "a file that nobody may read",
    // Root may.
    isUsable: "perhaps",
    put: (path, { good }) => {
      writeFileSync(path, good);
      chmodSync(path, 0);
    },
  },
  {
    name: "a file that everybody may write, and run as its owner",
    isUsable: "perhaps",
    put: (path, { good }) => {
      writeFileSync(path, good);
      chmodSync(path, 0o6777);
    },
  },
];

function text(name: string, isUsable: Odd["isUsable"], make: (good: string) => string | Uint8Array): Odd {
  return { name, isUsable, put: (path, { good }) => writeFileSync(path, make(good)) };
}

/** Nobody's: whoever plants things is not who runs the program. */
const ATTACKER = 65_534;

const isRoot = () => process.geteuid?.() === 0;

/** Gives what was put at a path to the attacker, where this is root. */
export function giveToAttacker(path: string): void {
  if (isRoot()) lchownSync(path, ATTACKER, ATTACKER);
}

/** Gives a whole tree to the attacker and his group, where this is root; follows no link. */
export function giveTreeToAttacker(tree: string): void {
  if (!isRoot()) return;
  run("chown", "-hR", `${ATTACKER}:${ATTACKER}`, tree);
  run("find", tree, "-type", "d", "-exec", "chmod", "2775", "{}", "+");
}
