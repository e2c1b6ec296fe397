/**
 * Releases a version: `bun scripts/release.ts 0.2.0 [--commit] [--sign KEY]`. Sets the version, dates the changelog's
 * section, commits, builds the packages, writes and prints `dist/SHA256SUMS`, signs that with an SSH key, and tags.
 * Without --commit it changes nothing and says what it would do. Pushes nothing. Exit code 1 when something stands in
 * the way, 2 for wrong usage.
 */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Plan, planRelease, sumsText } from "./release/plan.ts";

const ROOT = resolve(import.meta.dir, "..");
const DIST = join(ROOT, "dist");
const SUMS = join(DIST, "SHA256SUMS");
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

/** What SSH binds a signature to, beside the file: a signature for a release is none for anything else. */
const NAMESPACE = "so101-release";

/**
 * Signs a file with an SSH key, as `FILE.sig`: maintainers have such keys, and what checks them is on every machine
 * with an SSH client, also a Raspberry Pi. The key may be a public one whose private half an agent or a token holds.
 */
async function sign(file: string, key: string): Promise<void> {
  await rm(`${file}.sig`, { force: true }); // or ssh-keygen asked whether to overwrite it
  run("ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", NAMESPACE, file);
}

async function release(version: string, plan: Plan, key: string | undefined): Promise<void> {
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
  const sums = sumsText(digests);
  await Bun.write(SUMS, sums);
  if (key === undefined)
    await rm(`${SUMS}.sig`, { force: true }); // that of an older release
  else await sign(SUMS, key);
  run("git", "tag", "--annotate", plan.tag, "--message", `so101 ${version}`);
  console.log(
    `${version} is released here as ${plan.tag}: dist/SHA256SUMS names the files, ` +
      `${key === undefined ? "and is not signed" : "and dist/SHA256SUMS.sig signs that"}.`,
  );
  console.log(sums);
  console.log(`What comes next: git push && git push origin ${plan.tag}`);
}

function usage(): never {
  console.error(
    "Usage: bun scripts/release.ts X.Y.Z [--commit] [--sign SSH_KEY]\n" +
      "   or: make release VERSION=X.Y.Z [COMMIT=1] [SIGN=SSH_KEY]",
  );
  process.exit(2);
}

function wanted(): { version: string; commit: boolean; key: string | undefined } {
  try {
    const { values, positionals } = parseArgs({
      options: { commit: { type: "boolean", default: false }, sign: { type: "string" } },
      allowPositionals: true,
    });
    const [version] = positionals;
    if (version === undefined || positionals.length > 1 || values.sign === "") return usage();
    return { version, commit: values.commit, key: values.sign };
  } catch {
    return usage();
  }
}

const { version, commit, key } = wanted();
try {
  const day = new Date().toISOString().slice(0, 10);
  const source = {
    packageJson: await Bun.file(PACKAGE_JSON).text(),
    changelog: await Bun.file(CHANGELOG).text(),
    changes: run("git", "status", "--porcelain"),
    tags: run("git", "tag", "--list").split("\n"),
  };
  const plan = planRelease(source, version, day);
  const problems = "problems" in plan ? [...plan.problems] : [];
  // Found out now, not when everything is built.
  if (key !== undefined && !existsSync(key)) problems.push(`there is no SSH key ${key} to sign with`);
  if (key !== undefined && Bun.which("ssh-keygen") === null) {
    problems.push("ssh-keygen, which signs, is missing: on Debian it is in the package openssh-client");
  }
  if ("problems" in plan || problems.length > 0) {
    for (const problem of problems) console.error(problem);
    process.exit(1);
  }
  if (commit) {
    await release(version, plan, key);
  } else {
    console.log(
      `This would set the version to ${version} in package.json, date its changes ${day} in CHANGELOG.md,`,
    );
    const signed = key === undefined ? "" : `sign that with ${key}, `;
    console.log(
      `commit both, build the packages, write dist/SHA256SUMS, ${signed}and tag the commit ${plan.tag}.`,
    );
    console.log("Nothing was changed. To do it: add --commit, or COMMIT=1 with make.");
  }
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
