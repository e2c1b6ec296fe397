/**
 * Releases a version: `bun scripts/release.ts 0.2.0 [--commit]`. Sets the version, dates the changelog's section, commits,
 * builds the packages, writes `dist/SHA256SUMS` and tags. Without --commit it changes nothing and says what it would do.
 * Pushes nothing. Exit code 1 when something stands in the way, 2 for wrong usage.
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Plan, planRelease, sumsText } from "./release/plan.ts";

const ROOT = resolve(import.meta.dir, "..");
const DIST = join(ROOT, "dist");
const PACKAGE_JSON = join(ROOT, "package.json");
const CHANGELOG = join(ROOT, "CHANGELOG.md");

/** What users get: the packages, and the bare programs for systems without apt. */
const released = (version: string) => [
  `so101-teleop_${version}_arm64.deb`,
  `so101-teleop_${version}_amd64.deb`,
  "so101-linux-arm64",
  "so101-linux-x64",
];

/** Runs git, or another program, in the source. Returns what it printed; throws an Error with what it complained of. */
function run(...command: string[]): string {
  const { success, stdout, stderr } = Bun.spawnSync(command, { cwd: ROOT, stdin: "ignore" });
  if (!success) throw new Error(`${command.join(" ")} failed: ${stderr.toString().trim()}`);
  return stdout.toString();
}

async function release(version: string, plan: Plan): Promise<void> {
  await Bun.write(PACKAGE_JSON, plan.packageJson);
  await Bun.write(CHANGELOG, plan.changelog);
  run("git", "add", "--", PACKAGE_JSON, CHANGELOG);
  run("git", "commit", "--message", `Release ${version}`);
  // Built after the commit, whose name and time the programs and packages bear; tagged when they are there.
  const make = Bun.spawn(["make", "deb"], { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  if ((await make.exited) !== 0) {
    throw new Error(
      "make deb failed: there is a commit and no tag — to take the commit back: git reset --keep HEAD~1",
    );
  }
  const digests: Record<string, string> = {};
  for (const name of released(version)) {
    const content = await Bun.file(join(DIST, name)).bytes();
    digests[name] = new Bun.CryptoHasher("sha256").update(content).digest("hex");
  }
  await Bun.write(join(DIST, "SHA256SUMS"), sumsText(digests));
  run("git", "tag", "--annotate", plan.tag, "--message", `so101 ${version}`);
  console.log(`${version} is released here as ${plan.tag}: dist/SHA256SUMS names the files.`);
  console.log(`What comes next: git push && git push origin ${plan.tag}`);
}

function usage(): never {
  console.error(
    "Usage: bun scripts/release.ts X.Y.Z [--commit]\n   or: make release VERSION=X.Y.Z [COMMIT=1]",
  );
  process.exit(2);
}

function wanted(): { version: string; commit: boolean } {
  try {
    const { values, positionals } = parseArgs({
      options: { commit: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    const [version] = positionals;
    return version === undefined || positionals.length > 1 ? usage() : { version, commit: values.commit };
  } catch {
    return usage();
  }
}

const { version, commit } = wanted();
try {
  const day = new Date().toISOString().slice(0, 10);
  const source = {
    packageJson: await Bun.file(PACKAGE_JSON).text(),
    changelog: await Bun.file(CHANGELOG).text(),
    changes: run("git", "status", "--porcelain"),
    tags: run("git", "tag", "--list").split("\n"),
  };
  const plan = planRelease(source, version, day);
  if ("problems" in plan) {
    for (const problem of plan.problems) console.error(problem);
    process.exit(1);
  }
  if (commit) {
    await release(version, plan);
  } else {
    console.log(
      `This would set the version to ${version} in package.json, date its changes ${day} in CHANGELOG.md,`,
    );
    console.log(`commit both, build the packages, write dist/SHA256SUMS, and tag the commit ${plan.tag}.`);
    console.log("Nothing was changed. To do it: add --commit, or COMMIT=1 with make.");
  }
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
