import { afterAll, beforeAll, expect } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeWheel } from "../../../packaging/lerobot/wheel.ts";
import { version } from "../../../src/host/version.ts";
import { needing, program } from "../../support/needs.ts";

const { test } = needing(program("python3", "python3"));

let folder: string;
let wheel: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wheel-"));
  const { name, content } = await makeWheel();
  wheel = join(folder, name);
  await writeFile(wheel, content);
});
afterAll(() => rm(folder, { recursive: true }));

/** What Python prints. */
function python(code: string): string {
  const { stdout, stderr } = Bun.spawnSync(["python3", "-c", code, wheel], {
    env: { PATH: process.env.PATH ?? "" },
  });
  expect(stderr.toString()).toBe("");
  return stdout.toString();
}

test("the plugin's wheel is the same whenever it is built, and a zip without a fault", async () => {
  const again = await makeWheel();
  expect(Buffer.from(again.content)).toEqual(Buffer.from(await Bun.file(wheel).bytes()));
  expect(python("import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).testzip())")).toBe("None\n");
});

test("each file is listed with its digest, and the list itself without", () => {
  const listed = python(`
import base64, csv, hashlib, sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
record = next(name for name in wheel.namelist() if name.endswith(".dist-info/RECORD"))
rows = list(csv.reader(wheel.read(record).decode().splitlines()))
assert sorted(path for path, _, _ in rows) == sorted(wheel.namelist())
for path, digest, size in rows:
    content = wheel.read(path)
    if path == record:
        assert digest == size == ""
        continue
    expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    assert digest == "sha256=" + expected and int(size) == len(content), path
print("well")`);
  expect(listed).toBe("well\n");
});

test("LeRobot finds it: distribution and module have one name, with underscores", () => {
  const found = python(`
import importlib.metadata, sys
sys.path[:] = [sys.argv[1]]
for distribution in importlib.metadata.distributions():
    print(distribution.metadata["Name"], distribution.version, distribution.metadata["Requires-Dist"])
    print(distribution.read_text("top_level.txt").strip())`);
  const name = "lerobot_robot_so101_remote";
  expect(found).toBe(`${name} ${version} pyzmq>=24\n${name}\n`);
  expect(wheel).toEndWith(`/${name}-${version}-py3-none-any.whl`);
});

test("each of its modules is Python", () => {
  const compiled = python(`
import sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
modules = [name for name in wheel.namelist() if name.endswith(".py")]
for name in modules:
    compile(wheel.read(name), name, "exec", dont_inherit=True)
print(len(modules))`);
  expect(compiled).toBe("4\n");
});
