import { expect, test } from "bun:test";
import { dirname, join, relative } from "node:path";
import { Glob } from "bun";

const root = join(import.meta.dir, "../src");

/** What the files of each folder may import from other folders. "." are the files at the top of src. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  linux: [],
  serial: ["linux"],
  feetech: ["serial", "linux"],
  arm: ["feetech", "serial", "linux"],
  host: ["serial", "linux"],
  teleop: ["arm", "feetech", "serial", "linux"],
  sim: ["feetech", "serial", "linux"],
  config: ["arm"],
  api: ["config", "teleop", "arm"],
  daemon: ["api", "config", "teleop", "arm", "feetech", "host", "linux"],
  workflows: ["cli", "api", "config", "arm", "host", "feetech", "serial", "linux"],
  cli: ["workflows", "daemon", "api", "config", "teleop", "arm", "feetech", "serial", "host", "linux"],
  ".": ["cli", "daemon"],
};

const files = await Promise.all(
  [...new Glob("**/*.ts").scanSync(root)].map(async (path) => ({
    path,
    text: await Bun.file(join(root, path)).text(),
  })),
);

const folderOf = (path: string) => (path.includes("/") ? path.split("/")[0]! : ".");

const importsOf = ({ path, text }: { path: string; text: string }) =>
  [...text.matchAll(/(?:from|import|new URL\() ?"(\.[^"]+)"/g)]
    .map(([, target]) => relative(root, join(root, dirname(path), target!)))
    .filter((target) => !target.startsWith(".."));

test("imports point one way", () => {
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => {
        const [from, to] = [folderOf(file.path), folderOf(target)];
        return from !== to && !allowed[from]!.includes(to);
      })
      .map((target) => `${file.path} imports ${target}`),
  );
  // The command that runs the simulation is the one way in.
  expect(wrong.filter((one) => !one.startsWith("cli/sim.ts imports sim/"))).toEqual([]);
});

test("every folder of the house is known to the rule above", () => {
  expect([...new Set(files.map(({ path }) => folderOf(path)))].toSorted()).toEqual(
    Object.keys(allowed).toSorted(),
  );
});

test("one file writes goals and switches torque on", () => {
  const product = files.filter(({ path }) => folderOf(path) !== "sim");
  const writesGoals = product.filter(({ text }) => /\.(set|write|writeRam)\([^)]*"goal_/.test(text));
  expect(writesGoals.map(({ path }) => path)).toEqual(["teleop/loop/drive.ts"]);
  const switchesOn = product.filter(({ text }) =>
    /\.(set|write|writeRam)\([^;]*"torque_enable", [^0]/.test(text),
  );
  expect(switchesOn.map(({ path }) => path)).toEqual(["teleop/loop/drive.ts"]);
});

test("serialport's native binding, which aborts Bun, is never loaded", () => {
  const loads = files.filter(({ text }) => /from "(serialport|@serialport\/bindings-cpp)"/.test(text));
  expect(loads.map(({ path }) => path)).toEqual([]);
});
