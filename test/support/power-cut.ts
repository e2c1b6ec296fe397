/**
 * What a disk has after a loss of power, by the rules that POSIX gives and no kinder ones: a file's content is there once the file
 * was synced, a name once its folder was; of all that was not, any part may be there. Made of the system calls of a real run.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A program's calls that change files below a folder, and the lines that it printed between them, in their order. */
export type Call =
  | { readonly do: "make" | "folder" | "remove"; readonly path: string }
  | { readonly do: "write"; readonly path: string; readonly bytes: Buffer }
  | { readonly do: "cut"; readonly path: string; readonly length: number }
  | { readonly do: "rename"; readonly from: string; readonly to: string }
  | { readonly do: "sync"; readonly path: string }
  | { readonly do: "print"; readonly line: string };

/** Runs a program under strace; returns its calls below a folder. Throws when it fails. */
export function callsOf(command: readonly string[], folder: string, trace: string): Call[] {
  const calls =
    "openat,mkdirat,mkdir,write,pwrite64,writev,pwritev,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,rmdir,link,linkat";
  const strace = [
    "strace",
    "-f",
    "-y",
    "-xx",
    "-s",
    "10000000",
    "--seccomp-bpf",
    `--trace=${calls}`,
    "-o",
    trace,
  ];
  const { exitCode, stderr } = Bun.spawnSync([...strace, ...command]);
  if (exitCode !== 0) throw new Error(stderr.toString());
  return parsed(readFileSync(trace, "latin1"), folder);
}

function parsed(trace: string, folder: string): Call[] {
  const begun = new Map<string, string>();
  const calls: Call[] = [];
  for (const line of trace.split("\n")) {
    const [, pid = "", text = ""] = /^(\d+) +(.*)$/s.exec(line) ?? [];
    if (text.endsWith("<unfinished ...>")) {
      begun.set(pid, text.slice(0, -"<unfinished ...>".length));
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/s.exec(text)?.[1];
    const call = callOf(resumed === undefined ? text : `${begun.get(pid)}${resumed}`, folder);
    if (call !== undefined) calls.push(call);
  }
  return calls;
}

/** One line of strace as a call; undefined for what changed nothing below the folder. Throws for one that is not known here. */
function callOf(line: string, folder: string): Call | undefined {
  const [, name = "", given = "", result = ""] = /^(\w+)\((.*)\) += (.*)$/s.exec(line) ?? [];
  if (name === "" || result.startsWith("-1")) return undefined;
  const texts = [...given.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = ""]) =>
    Buffer.from(hex.replaceAll("\\x", ""), "hex"),
  );
  // Of what is open, strace tells the path; in hexadecimal, too.
  const open = [...given.matchAll(/(?:\d+|AT_FDCWD)<((?:\\x[0-9a-f]{2})*)>/g)].map(([, hex = ""]) =>
    Buffer.from(hex.replaceAll("\\x", ""), "hex").toString(),
  );
  const pathOf = (at: number) => {
    const text = texts[at]?.toString() ?? "";
    return text.startsWith("/") ? text : join(open[at] ?? "/", text);
  };
  if ((name === "write" || name === "writev") && given.startsWith("1<")) {
    return { do: "print", line: texts[0]!.toString().trimEnd() };
  }
  const isBelow = [open[0] ?? "", pathOf(0)].some((path) => path === folder || path.startsWith(`${folder}/`));
  if (!isBelow) return undefined;
  switch (name) {
    case "openat":
      return given.includes("O_CREAT") ? { do: "make", path: pathOf(0) } : undefined;
    case "mkdirat":
    case "mkdir":
      return { do: "folder", path: pathOf(0) };
    case "write":
      return { do: "write", path: open[0]!, bytes: texts[0]!.subarray(0, Number(result)) };
    case "ftruncate":
      return { do: "cut", path: open[0]!, length: Number(/(\d+)$/.exec(given)![1]) };
    case "fsync":
    case "fdatasync":
      return { do: "sync", path: open[0]! };
    case "rename":
    case "renameat":
    case "renameat2":
      return { do: "rename", from: pathOf(0), to: pathOf(1) };
    case "unlink":
    case "unlinkat":
      return { do: "remove", path: pathOf(0) };
    default:
      throw new Error(`a call that is not known here: ${line.slice(0, 200)}`);
  }
}

interface Inode {
  /** What the system has, and what the disk has for certain; of a folder, its names. */
  readonly kind: "file" | "folder";
  content: Buffer;
  synced: Buffer;
  names: Map<string, Inode>;
  syncedNames: Map<string, Inode>;
  /** What was done with names since the folder was synced: each as a whole, or not at all. */
  pending: (readonly (readonly [name: string, inode: Inode | undefined])[])[];
}

const inode = (kind: Inode["kind"]): Inode => ({
  kind,
  ...{
    content: Buffer.alloc(0),
    synced: Buffer.alloc(0),
    names: new Map(),
    syncedNames: new Map(),
    pending: [],
  },
});

/** What a disk may have that lost power: each thing that was not synced is kept, or not, as it is asked. */
export type Kept = () => boolean;

/** Puts below `target` what a disk may have of `folder` when power is lost after these calls. */
export function afterPowerCut(calls: readonly Call[], folder: string, target: string, kept: Kept): void {
  const root = inode("folder");
  const find = (path: string): Inode | undefined =>
    path
      .slice(folder.length)
      .split("/")
      .filter(Boolean)
      .reduce<Inode | undefined>((at, name) => at?.names.get(name), root);
  const named = (path: string) => ({
    parent: find(dirname(path))!,
    name: path.slice(path.lastIndexOf("/") + 1),
  });
  const change = (parent: Inode, changes: readonly (readonly [string, Inode | undefined])[]) => {
    for (const [name, to] of changes) {
      if (to === undefined) parent.names.delete(name);
      else parent.names.set(name, to);
    }
    parent.pending.push(changes);
  };
  for (const call of calls) {
    if (call.do === "print") continue;
    if (call.do === "rename") {
      const [from, to] = [named(call.from), named(call.to)];
      if (from.parent !== to.parent) throw new Error("a file went to another folder");
      change(from.parent, [
        [to.name, from.parent.names.get(from.name)!],
        [from.name, undefined],
      ]);
      continue;
    }
    // The folder itself, and those that lead there, were there before.
    if (call.path === folder && call.do !== "sync") continue;
    const found = find(call.path);
    if (call.do === "make" || call.do === "folder") {
      const { parent, name } = named(call.path);
      if (found === undefined) change(parent, [[name, inode(call.do === "make" ? "file" : "folder")]]);
    } else if (call.do === "remove") {
      const { parent, name } = named(call.path);
      change(parent, [[name, undefined]]);
    } else if (call.do === "write") {
      found!.content = Buffer.concat([found!.content, call.bytes]);
    } else if (call.do === "cut") {
      if (call.length > found!.content.length)
        throw new Error("a file was made longer without being written");
      found!.content = found!.content.subarray(0, call.length);
    } else if (found?.kind === "file") {
      found.synced = found.content;
    } else if (found !== undefined) {
      found.syncedNames = new Map(found.names);
      found.pending = [];
    }
  }
  put(root, target, kept);
}

function put(at: Inode, path: string, kept: Kept): void {
  if (at.kind === "file") {
    const isWhole = at.synced.equals(at.content) || kept();
    const half = at.content.subarray(0, at.content.length / 2);
    writeFileSync(path, isWhole ? at.content : kept() ? half : at.synced);
    return;
  }
  mkdirSync(path, { recursive: true });
  const names = new Map(at.syncedNames);
  for (const changes of at.pending) {
    if (!kept()) continue;
    for (const [name, to] of changes) {
      if (to === undefined) names.delete(name);
      else names.set(name, to);
    }
  }
  for (const [name, to] of names) put(to, join(path, name), kept);
}
