/** Commands whose disk fails, or is read-only, or which may open no more files: what is done, and what is said. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readCalibration } from "../../src/arm/calibration/files/file.ts";
import { MOUNTING, needing, program } from "../support/needs.ts";
import { run } from "../support/program.ts";
import { checkedArms, fileOf, held, inEeprom, optionsFor } from "../support/simulated-arms.ts";

setDefaultTimeout(120_000);

const main = join(import.meta.dir, "../../src/main.ts");
const fixture = (name: string) => join(import.meta.dir, "../fixtures/calibrations", name);
const STRACE = program("strace", "strace");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "so101-failing-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a command of which one call of fsync fails: the first, the second … `isMet`: it made so many. */
async function unsynced(when: number, words: readonly string[]) {
  const trace = join(folder, "trace");
  const inject = ["-e", "trace=fsync", "-e", `inject=fsync:error=EIO:when=${when}`];
  const outcome = await run(["strace", "-f", "-o", trace, ...inject, process.execPath, main, ...words], {
    cwd: folder,
  });
  const said = `${outcome.stdout}${outcome.stderr}`;
  return { code: outcome.code, said, isMet: readFileSync(trace, "utf8").includes("(INJECTED)") };
}

const own = () => join(folder, "own/robots/so101_follower/red.json");
const importing = (from: string) => [
  ...["calibration", "import", "follower", from],
  ...["--id", "red", "--calibration-dir", join(folder, "own"), "--yes"],
];

needing(STRACE).test.each(["a new tree", "a tree with another file"])(
  "whichever call the disk fails to confirm, importing into %s says what is",
  async (tree) => {
    const isThere = tree !== "a new tree";
    const [old, fresh] = ["the one before", readFileSync(fixture("good.json"), "utf8")];
    for (let when = 1; ; when++) {
      rmSync(join(folder, "own"), { recursive: true, force: true });
      if (isThere) {
        mkdirSync(dirname(own()), { recursive: true });
        writeFileSync(own(), old);
      }
      const { code, said, isMet } = await unsynced(when, importing(fixture("good.json")));
      const kept = existsSync(own()) ? readFileSync(own(), "utf8") : undefined;
      if (!isMet) {
        expect(said).not.toContain("failed");
        expect([code, JSON.parse(kept!)]).toEqual([0, JSON.parse(fresh)]);
        expect(when).toBeGreaterThan(4);
        break;
      }
      expect(said).toContain("the device or the disk failed");
      if (code === 0) {
        expect(JSON.parse(kept!)).toEqual(JSON.parse(fresh));
        expect(said).toContain(`${own()} is written, and the disk did not confirm its folder`);
      } else {
        expect(said).toMatch(/cannot be (written|made)/);
        expect(kept).toBe(isThere ? old : undefined);
      }
      // Whatever it did, nothing is left of it that nobody knows.
      const left = existsSync(dirname(own())) ? readdirSync(dirname(own())) : [];
      expect(left.filter((name) => !["red.json", "red.json.old"].includes(name))).toEqual([]);
    }
  },
);

// The first is the folder's link's; the last, after those, is told by nobody: what it may bring back says that it is done.
needing(STRACE).test.each([
  ["what is kept meanwhile", 2, "old"],
  ["the folder of that", 3, "old"],
  ["the new file", 4, "old"],
  ["its folder, when it has its name", 5, "new"],
] as const)("applying a calibration when the disk does not confirm %s", async (_, when, holds) => {
  await using sim = await checkedArms({ arms: "calibrated", motion: "still" });
  const file = fileOf(sim, "follower");
  const before = await held(sim, "follower");
  // It is written to the file again, too: in LeRobot's form.
  const wanted = readFileSync(file, "utf8")
    .replace('"range_max": 3229', '"range_max": 3000')
    .replaceAll("    ", " ");
  writeFileSync(file, wanted);
  const { said, code, isMet } = await unsynced(when, [
    ...["calibration", "apply", "follower", "--yes"],
    ...optionsFor(sim, "follower"),
  ]);
  expect(isMet).toBe(true);
  expect(readdirSync(dirname(file))).toEqual(["follower.json"]);
  if (holds === "old") {
    expect([code, await held(sim, "follower")]).toEqual([1, before]);
    expect(readFileSync(file, "utf8")).toBe(wanted);
    expect(said).toMatch(/cannot be written.*: the device or the disk failed/);
    return;
  }
  // The file stands, and so do the servos' values.
  expect([code, await held(sim, "follower")]).toEqual([0, inEeprom(readCalibration(file))]);
  expect(readFileSync(file, "utf8")).not.toBe(wanted);
  expect(said).toContain("the servos hold the file's calibration (1 registers written)");
  expect(said).toContain("the disk did not confirm its folder (the device or the disk failed)");
});

test("with too few files that may be open it is that, and never a calibration that is missing", async () => {
  const tree = join(folder, "theirs/robots/so101_follower");
  mkdirSync(tree, { recursive: true });
  cpSync(fixture("good.json"), join(tree, "red.json"));
  const told: string[] = [];
  for (let most = 5; most <= 11; most++) {
    const limited = ["sh", "-c", `ulimit -n ${most}; exec "$@"`, "sh", process.execPath, main];
    const show = [
      "calibration",
      "show",
      "follower",
      "--id",
      "red",
      "--calibration-dir",
      join(folder, "theirs"),
    ];
    for (const words of [importing(join(folder, "theirs")), show]) {
      const { stdout, stderr, code } = await run([...limited, ...words], { cwd: folder });
      const said = `${stdout}${stderr}`;
      expect(said).not.toMatch(/no follower's calibration|no such file|not there|errno \d/);
      if (code !== 0 && /calibration/.test(said)) told.push(said);
    }
  }
  expect(told.join("")).toContain("too many files are open");
});

needing(MOUNTING).test("in a tree that is read-only it is said, and what to do", async () => {
  const tree = join(folder, "own");
  mkdirSync(tree);
  const readOnly = ["unshare", "--mount", "sh", "-ec", `mount -t tmpfs -o ro none "$0"; exec "$@"`, tree];
  const { code, stderr } = await run(
    [...readOnly, process.execPath, main, ...importing(fixture("good.json"))],
    {
      cwd: folder,
      env: { PATH: process.env.PATH! },
    },
  );
  expect(stderr).toContain("the file system is read-only — make it writable, or name another folder");
  expect(code).toBe(1);
});
