/** What is in the Debian packages. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { join, resolve } from "node:path";
import { version } from "../../package.json";
import { manualPages } from "../../packaging/manual.ts";
import { pinnedRuntime } from "../../scripts/toolchain.ts";
import { PACKAGE_FILES } from "../../src/host/package-files.ts";
import { built, needing, program } from "../support/needs.ts";

setDefaultTimeout(180_000);

const dist = resolve(import.meta.dir, "../../dist");
const debOf = (architecture: string) => join(dist, `so101-teleop_${version}_${architecture}.deb`);
const manual = await manualPages();
const { describe } = needing(built(debOf("arm64"), "deb"), built(debOf("amd64"), "deb"));
const LARGEST_BYTES = 40e6;

const output = (...command: string[]) => {
  const { stdout, stderr, success } = Bun.spawnSync(command);
  if (!success) throw new Error(`${command.join(" ")}: ${stderr}${stdout}`);
  return stdout.toString();
};

describe.each(["arm64", "amd64"])("the package for %s", (architecture) => {
  const deb = debOf(architecture);

  needing(program("ar", "binutils")).test("is small, in xz, and names what it needs", () => {
    expect(Bun.file(deb).size).toBeLessThanOrEqual(LARGEST_BYTES);
    expect(output("ar", "t", deb).trim().split("\n")).toEqual([
      "debian-binary",
      "control.tar.xz",
      "data.tar.xz",
    ]);
    const fields = output("dpkg-deb", "--field", deb);
    expect(fields).toContain(`Architecture: ${architecture}\n`);
    expect(fields).toContain("Depends: libc6");
    expect(fields).toMatch(/^Depends: .*systemd \| systemd-standalone-tmpfiles/m);
  });

  test("has every file of the appliance, its own papers, and nothing else", () => {
    const files = output("dpkg-deb", "--contents", deb)
      .trim()
      .split("\n")
      .map((line) => line.split(/\s+/))
      .filter(([mode]) => !mode!.startsWith("d"));
    expect(files.map(([, owner]) => owner)).toEqual(files.map(() => "root/root"));
    expect(files.map((fields) => fields.at(-1)!.slice(1)).toSorted()).toEqual(
      [
        ...PACKAGE_FILES.map(({ path }) => path),
        ...manual.map(({ path }) => path),
        "/usr/bin/so101",
        "/usr/share/doc/so101-teleop/NEWS.Debian.gz",
        "/usr/share/doc/so101-teleop/changelog.gz",
        "/usr/share/doc/so101-teleop/copyright",
        "/usr/share/doc/so101-teleop/sbom.cdx.json",
        "/usr/share/lintian/overrides/so101-teleop",
        "/usr/share/man/man1/so101.1.gz",
        `/usr/share/so101-teleop/lerobot_robot_so101_remote-${version}-py3-none-any.whl`,
      ].toSorted(),
    );
  });

  test("names the licence of everything that the program contains", () => {
    const copyright = output(
      "sh",
      "-c",
      `dpkg-deb --fsys-tarfile ${deb} | tar -xO ./usr/share/doc/so101-teleop/copyright`,
    );
    for (const name of [
      "Bun",
      "JavaScriptCore",
      "valibot",
      "commander",
      "@clack/prompts",
      "@serialport/bindings-cpp",
    ]) {
      expect(copyright).toContain(name);
    }
  });

  test("has a bill of materials, of this program and of the runtime that is pinned for it", () => {
    const sbom = JSON.parse(
      output(
        "sh",
        "-c",
        `dpkg-deb --fsys-tarfile ${deb} | tar -xO ./usr/share/doc/so101-teleop/sbom.cdx.json`,
      ),
    );
    const [digest] = output(
      "sh",
      "-c",
      `dpkg-deb --fsys-tarfile ${deb} | tar -xO ./usr/bin/so101 | sha256sum`,
    ).split(" ");
    expect(sbom.metadata.component.hashes).toEqual([{ alg: "SHA-256", content: digest! }]);
    const { name, sha256 } = pinnedRuntime(architecture === "arm64" ? "arm64" : "x64");
    expect(sbom.components[0]).toMatchObject({ name, hashes: [{ content: sha256 }] });
  });

  needing(program("lintian", "lintian")).test("has no error and no warning of lintian's", () => {
    const { stdout } = Bun.spawnSync(["lintian", "--tag-display-limit", "0", deb]);
    expect(stdout.toString()).toBe("");
  });
});
