/** What a release changes, what stands in its way, and the script at work on a repository of its own. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareVersions, planRelease, type Source, sumsText } from "../../scripts/release/plan.ts";
import { needing, program } from "../support/needs.ts";

const CHANGELOG = "# Changes\n\n## 0.2.0 (unreleased)\n\n- New.\n\n## 0.1.0 (2026-11-01)\n\n- First.\n";
const source: Source = {
  packageJson: '{\n  "name": "so101",\n  "version": "0.2.0",\n  "engines": { "bun": "1.0.0" }\n}\n',
  changelog: CHANGELOG,
  changes: "",
  tags: ["v0.1.0"],
};
const problemsOf = (changed: Partial<Source>, version = "0.2.0") => {
  const plan = planRelease({ ...source, ...changed }, version, "2026-12-01");
  return "problems" in plan ? plan.problems : [];
};

describe("a release", () => {
  test("dates the unreleased section, and leaves the older ones alone", () => {
    expect(planRelease(source, "0.2.0", "2026-12-01")).toEqual({
      tag: "v0.2.0",
      packageJson: source.packageJson,
      changelog: CHANGELOG.replace("unreleased", "2026-12-01"),
    });
  });

  test("may have a higher number than the one that was expected", () => {
    expect(planRelease(source, "1.0.0", "2026-12-01")).toEqual({
      tag: "v1.0.0",
      packageJson: source.packageJson.replace("0.2.0", "1.0.0"),
      changelog: CHANGELOG.replace("0.2.0 (unreleased)", "1.0.0 (2026-12-01)"),
    });
  });

  test("needs a version of three numbers", () => {
    for (const version of ["", "0.2", "v0.2.0", "0.2.0-rc1", "0.2.0\n", "latest"]) {
      expect(problemsOf({}, version)).toEqual([`${version} is not a version such as 0.2.0`]);
    }
  });

  test("needs everything committed", () => {
    expect(problemsOf({ changes: " M src/main.ts\n" })).toEqual([
      "there are changes that are not committed:\n M src/main.ts",
    ]);
  });

  test("happens once", () => {
    expect(problemsOf({ tags: ["v0.1.0", "v0.2.0"] })).toEqual(["the tag v0.2.0 is there already"]);
  });

  test("does not go back", () => {
    expect(problemsOf({}, "0.1.9")).toEqual(["package.json is at 0.2.0 already"]);
    expect(problemsOf({ changelog: CHANGELOG.replace("0.1.0", "0.10.0") })).toEqual([
      "CHANGELOG.md has 0.10.0 as an older release",
    ]);
  });

  test("needs an unreleased section with a change in it, and one only", () => {
    const none = ["CHANGELOG.md does not begin with a section such as ## 0.2.0 (unreleased)"];
    expect(problemsOf({ changelog: "# Changes\n" })).toEqual(none);
    expect(problemsOf({ changelog: CHANGELOG.replace("unreleased", "2026-11-20") })).toEqual(none);
    expect(problemsOf({ changelog: CHANGELOG.replace("- New.\n", "") })).toEqual([
      "the unreleased section of CHANGELOG.md has no change in it",
    ]);
    expect(problemsOf({ changelog: CHANGELOG.replace("2026-11-01", "unreleased") })).toEqual([
      "CHANGELOG.md has a second unreleased section, 0.1.0",
    ]);
  });

  test("is told everything that stands in its way at once", () => {
    expect(problemsOf({ changes: "?? new", tags: ["v0.2.0"], changelog: "" })).toHaveLength(3);
  });
});

test("versions are compared as numbers", () => {
  expect(["0.10.0", "0.9.1", "1.0.0", "0.9.0"].toSorted(compareVersions)).toEqual([
    "0.9.0",
    "0.9.1",
    "0.10.0",
    "1.0.0",
  ]);
  expect(compareVersions("1.2.3", "1.2.3")).toBe(0);
});

test("sums are in the order of the names", () => {
  expect(sumsText({ b: "22", a: "11" })).toBe("11  a\n22  b\n");
});

needing(program("git", "git"), program("make", "make")).describe("the script", () => {
  let root: string;
  /** Nobody's own git settings, which may sign commits or run hooks. */
  const env = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
  const run = (...command: string[]) => {
    const { exitCode, stdout, stderr } = Bun.spawnSync(command, { cwd: root, env });
    return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
  };
  const release = (...args: string[]) => run(process.execPath, "scripts/release.ts", ...args);

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "so101-release-"));
    cpSync(join(import.meta.dir, "../../scripts/release.ts"), join(root, "scripts/release.ts"));
    cpSync(join(import.meta.dir, "../../scripts/release"), join(root, "scripts/release"), {
      recursive: true,
    });
    writeFileSync(join(root, "package.json"), source.packageJson);
    writeFileSync(join(root, "CHANGELOG.md"), CHANGELOG);
    writeFileSync(join(root, ".gitignore"), "dist/\n");
    // What is built bears its version and its commit, as the real packages do.
    writeFileSync(
      join(root, "Makefile"),
      'VERSION := $(shell sed -n \'s/.*"version": "\\(.*\\)".*/\\1/p\' package.json)\ndeb:\n\tmkdir -p dist\n' +
        "\tfor name in so101-teleop_$(VERSION)_arm64.deb so101-teleop_$(VERSION)_amd64.deb so101-linux-arm64 so101-linux-x64; " +
        "do git log -1 --format=%s > dist/$$name; done\n",
    );
    run("git", "init", "--quiet");
    run("git", "config", "user.name", "Tester");
    run("git", "config", "user.email", "tester@so101.example");
    run("git", "add", "--all");
    run("git", "commit", "--quiet", "--message", "Begin");
  });
  afterAll(() => rmSync(root, { recursive: true }));

  test("without a version says how it is used", () => {
    expect(release()).toMatchObject({ code: 2, err: expect.stringContaining("X.Y.Z") });
    expect(release("0.2.0", "--push")).toMatchObject({ code: 2, err: expect.stringContaining("X.Y.Z") });
  });

  test("refuses to begin without the key that it is to sign with", () => {
    expect(release("0.2.0", "--commit", "--sign", "none/id_ed25519")).toMatchObject({
      code: 1,
      err: expect.stringContaining("there is no SSH key none/id_ed25519 to sign with"),
    });
    expect(release("0.2.0", "--sign", "")).toMatchObject({ code: 2, err: expect.stringContaining("--sign") });
    expect(run("git", "log", "--format=%s").out).toBe("Begin\n");
  });

  test("without --commit changes nothing, and says what it would do", () => {
    expect(release("0.2.0")).toMatchObject({ code: 0, out: expect.stringContaining("Nothing was changed") });
    expect(run("git", "status", "--porcelain").out).toBe("");
    expect(run("git", "tag").out).toBe("");
    expect(run("git", "log", "--format=%s").out).toBe("Begin\n");
  });

  test("refuses a tree with changes", () => {
    writeFileSync(join(root, "new"), "");
    expect(release("0.2.0", "--commit")).toMatchObject({
      code: 1,
      err: expect.stringContaining("not committed"),
    });
    rmSync(join(root, "new"));
    expect(run("git", "log", "--format=%s").out).toBe("Begin\n");
  });

  test("with --commit commits, builds from that commit, sums up and tags", () => {
    expect(release("0.3.0", "--commit")).toMatchObject({ code: 0 });
    expect(run("git", "log", "--format=%s").out).toBe("Release 0.3.0\nBegin\n");
    expect(run("git", "status", "--porcelain").out).toBe("");
    expect(run("git", "describe", "--exact-match").out).toBe("v0.3.0\n");
    expect(run("git", "show", "HEAD:package.json").out).toContain('"version": "0.3.0"');
    expect(run("git", "show", "HEAD:CHANGELOG.md").out).toMatch(/^## 0\.3\.0 \(\d{4}-\d\d-\d\d\)$/m);
    const sums = run("sh", "-c", "cd dist && sha256sum --check --strict SHA256SUMS");
    expect(sums.code).toBe(0);
    expect(sums.out).toContain("so101-teleop_0.3.0_arm64.deb: OK");
    expect(run("cat", "dist/so101-linux-x64").out).toBe("Release 0.3.0\n");
    expect(run("cat", "dist/SHA256SUMS").out.split("\n")).toHaveLength(5);
    expect(run("ls", "dist").out).not.toContain("SHA256SUMS.sig");
  });

  test("does not release the same version twice", () => {
    expect(release("0.3.0", "--commit")).toMatchObject({ code: 1, err: expect.stringContaining("v0.3.0") });
  });

  needing(program("ssh-keygen", "openssh-client")).test(
    "with --sign signs the sums, as install.md says how to check",
    async () => {
      // Outside of the source, where it would be a change that is not committed.
      const keys = mkdtempSync(join(tmpdir(), "so101-release-keys-"));
      run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "tester", "-f", join(keys, "key"));
      writeFileSync(
        join(root, "CHANGELOG.md"),
        CHANGELOG.replace("## 0.2.0", "## 0.4.0 (unreleased)\n\n- Signed.\n\n## 0.2.0").replace(
          "0.2.0 (unreleased)",
          "0.2.0 (2026-11-20)",
        ),
      );
      run("git", "commit", "--quiet", "--all", "--message", "Go on");
      const { code, out, err } = release("0.4.0", "--commit", "--sign", join(keys, "key"));
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toContain(await Bun.file(join(root, "dist/SHA256SUMS")).text());

      const text = await Bun.file(join(import.meta.dir, "../../packaging/doc/install.md")).text();
      const check = /^ssh-keygen -Y verify .*$/m
        .exec(text)![0]
        .replace("so101-signers", join(keys, "signers"));
      const key = (await Bun.file(join(keys, "key.pub")).text()).split(" ").slice(0, 2).join(" ");
      writeFileSync(join(keys, "signers"), `maintainers@so101.example ${key}\n`);
      const verify = () => run("sh", "-c", `cd dist && ${check}`);
      expect(verify()).toMatchObject({ code: 0, out: expect.stringContaining("Good") });
      appendFileSync(join(root, "dist/SHA256SUMS"), "0  other\n");
      expect(verify().code).not.toBe(0);
      rmSync(keys, { recursive: true });
    },
  );
});
