import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { copyFile, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { engines, version } from "../../package.json";
import { programPath, run } from "../support/program.ts";

let dir: string;
/** A file for what the program prints, … */
let journal: string;
/** … and how systemd would name it, if it were the journal: the one variable that shows in what is printed. */
let journalStream: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "so101-program-"));
  journal = `${dir}.journal`;
  await Bun.write(journal, "");
  const { dev, ino } = await stat(journal);
  journalStream = `${dev}:${ino}`;
});
afterEach(async () => {
  await rm(dir, { recursive: true });
  await rm(journal);
  await rm(`${dir}.sock.lock`, { force: true });
});

/** Arguments that take the program through its control thread and to its end: the arms are nowhere. */
function armless(): string[] {
  return [
    ...["teleoperate", "--duration", "0.5", "--leader-id", "blue", "--follower-id", "red"],
    ...["--leader", join(dir, "leader"), "--follower", join(dir, "follower"), "--calibration-dir", dir],
    ...["--socket", `${dir}.sock`],
  ];
}

/** Every file by which a folder can change what Bun does in it, each with a trap. */
async function setTraps(): Promise<void> {
  await Bun.write(join(dir, "trap.ts"), 'console.log("trapped");');
  await Bun.write(join(dir, "bunfig.toml"), 'preload = ["./trap.ts"]\n[run]\npreload = ["./trap.ts"]\n');
  await Bun.write(join(dir, ".env"), `JOURNAL_STREAM=${journalStream}\nBUN_OPTIONS=--preload=./trap.ts\n`);
  await Bun.write(join(dir, "package.json"), '{ "type": "commonjs", "imports": { "#x": ');
  await Bun.write(join(dir, "tsconfig.json"), '{ "compilerOptions": { "paths": { "*": ["./trap.ts"] } } ');
}

describe("says which program it is", () => {
  test("with its version, the commit and the Bun that it was built with", async () => {
    const { stdout, stderr, code } = await run([programPath, "--version"], { cwd: dir });
    expect(stdout).toMatch(/^so101 \S+ \(commit ([0-9a-f]{12}(-dirty)?|unknown), Bun \S+\)\n$/);
    expect(stdout).toStartWith(`so101 ${version} (`);
    expect(stdout).toEndWith(`, Bun ${engines.bun})\n`);
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  });

  test("and what it can do", async () => {
    const { stdout, code } = await run([programPath, "--help"], { cwd: dir });
    expect(stdout).toContain("teleoperate");
    expect(code).toBe(0);
  });
});

describe("needs nothing but itself", () => {
  test("alone in a folder, without an environment, it runs up to its control thread", async () => {
    const alone = join(dir, "so101");
    await copyFile(programPath, alone);
    const { stdout, stderr, code } = await run([alone, ...armless()], { cwd: dir });
    expect(stdout).toContain("is not there");
    expect(stdout).toContain("stopped:");
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    expect(await readdir(dir)).toEqual(["so101"]);
  });

  test("it knows no path of the folder that it was built in, node_modules and all", async () => {
    const program = Buffer.from(await Bun.file(programPath).arrayBuffer());
    expect(program.includes(`${resolve(import.meta.dir, "../..")}/`)).toBe(false);
  });
});

describe("is the same in whatever folder it is started", () => {
  test("no .env, bunfig.toml, package.json or tsconfig.json there is read", async () => {
    await setTraps();
    const { stdout, stderr, code } = await run([programPath, ...armless()], { cwd: dir, into: journal });
    expect(stdout).toContain("stopped:");
    expect(stdout).not.toContain("trapped");
    expect(stdout).not.toContain("<6>");
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  });

  test("though the traps are set well: Bun itself walks into them, and the variable has its effect", async () => {
    await setTraps();
    await rm(join(dir, "package.json"));
    await rm(join(dir, "tsconfig.json"));
    await Bun.write(join(dir, "main.ts"), "console.log(process.env.JOURNAL_STREAM);");
    const bun = await run([process.execPath, "main.ts"], { cwd: dir });
    expect(bun.stdout).toBe(`trapped\n${journalStream}\n`);
    const { stdout } = await run([programPath, ...armless()], {
      cwd: dir,
      env: { JOURNAL_STREAM: journalStream },
      into: journal,
    });
    expect(stdout).toContain("<6>");
  });
});
