import { expect, test } from "bun:test";
import { dirname, join, relative } from "node:path";
import { Glob } from "bun";

const root = join(import.meta.dir, "../src");

/** What the files of each room may import of other rooms; "main.ts" is the one file that is in none. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  "main.ts": ["cli", "daemon", "messages"],
  cli: [
    "web",
    "recording",
    "workflows",
    "remote",
    "lerobot",
    "daemon",
    "root",
    "messages",
    "api",
    "config",
    "dataset",
    "teleop",
    "arm",
    "host",
    "helper",
    "feetech",
    "serial",
    "linux",
  ],
  workflows: [
    "messages",
    "api",
    "root",
    "config",
    "dataset",
    "arm",
    "host",
    "helper",
    "feetech",
    "serial",
    "linux",
  ],
  web: [
    "workflows",
    "dataset",
    "remote",
    "metrics",
    "messages",
    "api",
    "root",
    "config",
    "arm",
    "host",
    "helper",
    "feetech",
    "linux",
  ],
  metrics: ["api", "arm"],
  recording: ["dataset", "messages", "api", "teleop", "arm", "feetech", "linux"],
  remote: ["messages", "api", "config", "teleop", "arm", "host", "linux"],
  lerobot: ["messages", "api", "config", "teleop", "arm", "host", "feetech", "linux"],
  daemon: [
    "remote",
    "messages",
    "api",
    "root",
    "config",
    "teleop",
    "arm",
    "host",
    "helper",
    "feetech",
    "serial",
    "linux",
  ],
  root: ["config", "arm", "host", "helper", "linux"],
  messages: ["dataset", "teleop", "arm", "feetech", "serial", "linux"],
  dataset: ["arm", "linux"],
  api: ["teleop", "arm", "linux"],
  config: ["arm", "feetech", "serial", "linux"],
  teleop: ["arm", "feetech", "serial", "linux"],
  arm: ["feetech", "serial", "helper", "linux"],
  helper: ["linux"],
  host: ["serial", "linux"],
  sim: ["feetech", "serial", "linux"],
  feetech: ["serial", "linux"],
  serial: ["linux"],
  linux: [],
};

interface Import {
  /** The file that imports, and the one that is imported, below src. */
  readonly from: string;
  readonly to: string;
  readonly typesOnly: boolean;
}

const files = await Promise.all(
  [...new Glob("**/*.{ts,tsx}").scanSync(root)].map(async (path) => ({
    path,
    text: await Bun.file(join(root, path)).text(),
  })),
);

const imports: readonly Import[] = files.flatMap(importsOf);

function importsOf({ path, text }: { path: string; text: string }): Import[] {
  const statements = /(?:^|\n)(?:import|export)\b([^;"]*?)(?:from )?"(\.[^"]+)"|(?:import|URL)\("(\.[^"]+)"/g;
  return [...text.matchAll(statements)].flatMap(([, names = "", imported, loaded]) => {
    const to = relative(root, join(root, dirname(path), (imported ?? loaded)!));
    return to.startsWith("..") ? [] : { from: path, to, typesOnly: hasOnlyTypes(names) };
  });
}

/** Whether the names between `import` and `from` are all types: `type { A }`, `{ type A, type B }`. */
function hasOnlyTypes(names: string): boolean {
  if (/^\s*type\b/.test(names)) return true;
  const [, list] = /\{([^}]*)\}/.exec(names) ?? [];
  return list?.split(",").every((name) => /^\s*(type\s.*)?$/.test(name)) ?? false;
}

const roomOf = (path: string) => path.split("/")[0]!;
const told = (wrong: readonly Import[]) => wrong.map(({ from, to }) => `${from} imports ${to}`);

/** The folder below a room in which a file is; undefined for one that stands in the room itself. */
const folderOf = (path: string) => (path.split("/").length > 2 ? path.split("/")[1] : undefined);

test("every file is in a room that the rules below know", () => {
  expect(new Set(files.map(({ path }) => roomOf(path)))).toEqual(new Set(Object.keys(allowed)));
  expect(imports.length).toBeGreaterThan(files.length);
});

test("imports point one way", () => {
  const wrong = imports.filter(({ from, to }) => {
    if (roomOf(from) === roomOf(to) || roomOf(to) === "sim") return false;
    return !allowed[roomOf(from)]!.includes(roomOf(to));
  });
  expect(told(wrong)).toEqual([]);
});

test("only the command that runs it imports the simulation", () => {
  const users = imports.filter(({ from, to }) => roomOf(to) === "sim" && roomOf(from) !== "sim");
  expect(new Set(users.map(({ from }) => from))).toEqual(new Set(["cli/sim.ts"]));
});

test("what is there for tests only, the program does not use", () => {
  const isForTests = (path: string) => path.startsWith("sim/testing/");
  expect(told(imports.filter(({ from, to }) => isForTests(to) && !isForTests(from)))).toEqual([]);
});

test("a client of the api need not load what the api is about, but for how a target is written", () => {
  const loads = imports.filter(
    ({ from, to, typesOnly }) =>
      roomOf(from) === "api" && !["api", "linux"].includes(roomOf(to)) && !typesOnly,
  );
  expect(told(loads)).toEqual(["api/driving.ts imports teleop/remote/sample.ts"]);
});

test("what runs in a browser takes types from the rooms, and values from its own and the joints' names", () => {
  const isPage = (path: string) => path.startsWith("web/page/");
  const loads = imports.filter(({ from, to, typesOnly }) => isPage(from) && !isPage(to) && !typesOnly);
  expect(new Set(loads.map(({ to }) => to))).toEqual(new Set(["arm/joints.ts"]));
});

test("the machine's room takes the lister of serial ports, and no more of them", () => {
  const used = imports.filter(({ from, to }) => roomOf(from) === "host" && roomOf(to) === "serial");
  expect(new Set(used.map(({ to }) => to))).toEqual(new Set(["serial/list-ports.ts"]));
});

test("no workflow imports another's insides: what they share stands in their room itself", () => {
  const wrong = imports.filter(({ from, to }) => {
    const within = roomOf(from) === "workflows" && roomOf(to) === "workflows";
    return within && folderOf(to) !== undefined && folderOf(to) !== folderOf(from);
  });
  expect(told(wrong)).toEqual([]);
});

/** Rooms of src/cli that all commands share. */
const shared: readonly (string | undefined)[] = ["options", "operator", "output"];

test("no command imports another, nor another's insides", () => {
  const commands = new Set(imports.filter(({ from }) => from === "cli/all.ts").map(({ to }) => to));
  expect(commands.size).toBeGreaterThan(10);
  const isInside = (path: string) => folderOf(path) !== undefined && !shared.includes(folderOf(path));
  const wrong = imports.filter(({ from, to }) => {
    if (roomOf(to) !== "cli" || from === "cli/all.ts" || from === "main.ts") return false;
    if (commands.has(to)) return true;
    return isInside(to) && folderOf(to) !== folderOf(from);
  });
  expect(told(wrong)).toEqual([]);
});

test("what all commands share knows none of them", () => {
  const wrong = imports.filter(
    ({ from, to }) =>
      roomOf(from) === "cli" &&
      shared.includes(folderOf(from)) &&
      roomOf(to) === "cli" &&
      !shared.includes(folderOf(to)),
  );
  expect(told(wrong)).toEqual([]);
});

test("workflows touch no terminal, and leave the exit code to the command", () => {
  const terminal =
    /process\.(std\w+|exit\w*|on\b|once\b)|console\.|styleText|linux\/stdout|"(commander|@clack\/prompts|log-update)"/;
  const wrong = files.flatMap(({ path, text }) => {
    const [found] = (roomOf(path) === "workflows" && terminal.exec(text)) || [];
    return found === undefined ? [] : `${path}: ${found}`;
  });
  expect(wrong).toEqual([]);
});

test("no room at or below teleoperation names a command: what to do is put into words at the edge", () => {
  const lower = ["linux", "serial", "feetech", "arm", "teleop"];
  const withoutComments = (text: string) => text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|\s\/\/ .*$/gm, "");
  const named = files.flatMap(({ path, text }) => {
    if (!lower.includes(roomOf(path))) return [];
    const found = withoutComments(text).matchAll(/so101 [a-z][a-z-]*|sudo|usermod|dialout|systemctl/g);
    return [...found].map(([words]) => `${path}: ${words}`);
  });
  expect(named).toEqual([]);
});

test("one file writes goals and switches torque on", () => {
  const product = files.filter(({ path }) => roomOf(path) !== "sim");
  // A goal velocity of 0 moves nothing: it lifts a limit.
  const writesGoals = product.filter(({ text }) =>
    /\.(set|write|writeRam)\([^)]*"goal_(?!velocity", 0\))/.test(text),
  );
  expect(writesGoals.map(({ path }) => path)).toEqual(["teleop/loop/goal-writer.ts"]);
  const switchesOn = product.filter(({ text }) =>
    /\.(set|write|writeRam)\([^;]*"torque_enable", [^0]/.test(text),
  );
  expect(switchesOn.map(({ path }) => path)).toEqual(["teleop/loop/goal-writer.ts"]);
  const makes = product.filter(({ text }) => /new (GoalWriter|TorqueSwitch)\(/.test(text));
  expect(makes.map(({ path }) => path)).toEqual(["teleop/loop/drive.ts"]);
});

test("one file opens libc, and one libzmq, where that is wanted", () => {
  const opens = files.filter(({ text }) => text.includes("dlopen("));
  expect(opens.map(({ path }) => path).toSorted()).toEqual(["lerobot/zmq/library.ts", "linux/libc.ts"]);
});

test("what is printed goes through the one place that writes out what is not seen", () => {
  const printing =
    /console\.|process\.std(out|err)\.write|\bstdout\.write|"(@clack\/prompts|log-update)"|writeSync\(STDOUT/;
  const printers = files.filter(({ text }) => printing.test(text));
  expect(printers.map(({ path }) => path).toSorted()).toEqual([
    "cli/command-line.ts",
    "cli/operator/terminal.ts",
    "cli/output/live.ts",
    "cli/teleoperate/screen.ts",
    "linux/text/stdout.ts",
  ]);
  expect(printers.filter(({ text }) => !text.includes("terminalText(")).map(({ path }) => path)).toEqual([]);
  const colouring = files.filter(({ text }) => /styleText|\\u001b|\\x1b/.test(text));
  // The screen is cleared, and nothing that anybody has said is in that.
  expect(colouring.map(({ path }) => path).toSorted()).toEqual([
    "cli/output/live.ts",
    "linux/text/styled.ts",
    "linux/text/visible.ts",
  ]);
});

test("one file starts programs, by a path and in an environment that are not the caller's", () => {
  const starting =
    /\bBun\.(spawn|which|\$)|\{[^}]*\b(spawn|spawnSync|which|\$)\b[^}]*\} from "bun"|child_process/;
  const withoutTypes = (text: string) => text.replaceAll(/^import type .*$/gm, "");
  const starts = files.filter(
    ({ path, text }) => !path.startsWith("sim/testing/") && starting.test(withoutTypes(text)),
  );
  expect(starts.map(({ path }) => path)).toEqual(["host/programs.ts"]);
});

/** All that is loaded with a file, itself among it. */
function loadedWith(path: string): Set<string> {
  const reached = new Set([path]);
  for (const each of reached)
    for (const { from, to, typesOnly } of imports) if (from === each && !typesOnly) reached.add(to);
  return reached;
}

test("the control thread opens nothing but its arms' ports: what stands in files is looked up for it", () => {
  const loaded = loadedWith("teleop/control-thread.ts");
  expect(loaded).toContain("serial/tty.ts");
  expect(loaded.size).toBeGreaterThan(80);
  const text = (path: string) => files.find((file) => file.path === path)!.text;
  const modules = [...loaded].flatMap((path) =>
    [...text(path).matchAll(/(?:from |import\()"((?!\.)[^"]+)"/g)]
      .filter(([statement]) => statement.startsWith("import(") || !hasOnlyTypesFrom(text(path), statement))
      .map(([, name]) => `${path}: ${name}`),
  );
  expect(modules.sort()).toEqual([
    "linux/libc.ts: bun:ffi",
    "linux/libc.ts: node:os",
    // Its own memory's map, once, before any arm is looked for.
    "linux/scheduling.ts: node:fs",
  ]);
  const opens = [...loaded].filter((path) =>
    /libc\.open\(|Bun\.file\(|Bun\.write\(|Bun\.\$/.test(text(path)),
  );
  expect(opens).toEqual(["serial/tty.ts"]);
});

/** Whether the import statement that ends so takes types alone. */
function hasOnlyTypesFrom(text: string, end: string): boolean {
  const statement = text.slice(text.lastIndexOf("import", text.indexOf(end)), text.indexOf(end));
  return hasOnlyTypes(statement.replace(/^import/, ""));
}

const SERIAL_PORT = "serial/serial-port.ts";

test("serialport is loaded by one file, when it is wanted, and never with its own binding", () => {
  const named = files.filter(({ text }) => /["']serialport["']/.test(text));
  expect(named.map(({ path }) => path)).toEqual([SERIAL_PORT]);
  const [{ text }] = named as [(typeof named)[number]];
  expect(text).not.toMatch(/from ["']serialport["']/);
  expect(text.match(/new \w*Port\(\{/g)).toHaveLength(1);
  expect(text).toContain("new Port({ binding: TtyBinding,");
  const native = files.filter(({ text }) => /["']@serialport\/bindings-cpp["']/.test(text));
  expect(native.map(({ path }) => path)).toEqual([]);
});

test("what drives arms never loads serialport, by whatever way", () => {
  const isDriving = (path: string) =>
    ["daemon", "teleop", "arm"].includes(roomOf(path)) || path.startsWith("cli/teleoperate/");
  const reached = new Set(files.map(({ path }) => path).filter(isDriving));
  for (const path of reached) for (const { from, to } of imports) if (from === path) reached.add(to);
  expect(reached).toContain("serial/port.ts");
  expect(reached).not.toContain(SERIAL_PORT);
});

test("the client of MQTT is loaded by one file, when a broker is to be reached", () => {
  const withoutTypes = (text: string) => text.replaceAll(/^import type .*$/gm, "");
  const loads = files.filter(({ text }) => /["']mqtt(\/[^"']*)?["']/.test(withoutTypes(text)));
  expect(loads.map(({ path }) => path)).toEqual(["remote/broker/connection.ts"]);
  expect(withoutTypes(loads[0]!.text)).not.toMatch(/from ["']mqtt/);
});

test("a service that drives arms loads nothing that speaks to a broker", () => {
  const drives = loadedWith("daemon/service.ts");
  expect([...drives].filter((path) => roomOf(path) === "remote")).toEqual([]);
});

test("no wall clock, which may be stepped, is read where arms or samples are decided about, but to tell it", () => {
  const isDecider = (path: string) => /^(teleop|remote|daemon\/network|serial|feetech|arm)\//.test(path);
  const readers = files.filter(({ path, text }) => isDecider(path) && /new Date\(\)|Date\.now/.test(text));
  const tell = ["daemon/network/drive.ts", "remote/fleet/own-status.ts", "remote/fleet/watch.ts"];
  expect(readers.map(({ path }) => path).sort()).toEqual(tell);
});

test("nobody waits for a time by a clock that may be stepped, as Atomics.wait does", () => {
  // With a fourth argument: how long.
  const waiting = files.filter(({ text }) => /Atomics\.wait\(([^,;]+,){3}/.test(text));
  expect(waiting.map(({ path }) => path)).toEqual([]);
});
