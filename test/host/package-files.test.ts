import { expect, test } from "bun:test";
import { defaultConfigOf, parseConfig } from "../../src/config/config.ts";
import { configTemplate, PACKAGE_FILES } from "../../src/host/package-files.ts";

const textOf = (name: string) => PACKAGE_FILES.find(({ path }) => path.endsWith(`/${name}`))!.text;

/** What makes Bun run something else, or lets somebody in, before the program can say no. */
const UNSET =
  "UnsetEnvironment=BUN_BE_BUN BUN_OPTIONS BUN_INSPECT BUN_INSPECT_CONNECT_TO BUN_INSPECT_NOTIFY BUN_INSPECT_PRELOAD";

test("the unit of further pairs is the main one's, for a named pair", () => {
  const main = textOf("so101-teleop.service").split("\n");
  const template = textOf("so101-teleop@.service").split("\n");
  const differing = template.filter((line, index) => line !== main[index]);
  expect(differing).toEqual([
    "Description=Teleoperation of the SO-101 arms: the follower follows the leader (pair %i)",
    "ExecStart=/usr/bin/so101 teleoperate --pair %i",
  ]);
});

test("a further pair's configuration begins as its defaults, and says them", () => {
  const text = configTemplate("left");
  expect(parseConfig(text, "left.toml", "left")).toEqual(defaultConfigOf("left"));
  const uncommented = text.replaceAll(/^#(port|id) =/gm, "$1 =");
  expect(parseConfig(uncommented, "left.toml", "left")).toEqual(defaultConfigOf("left"));
});

test("of what is installed only the announcement is somebody's to edit: the configuration is made, and then nobody's but his", () => {
  const edited = PACKAGE_FILES.filter(({ isConfiguration }) => isConfiguration).map(({ path }) => path);
  expect(edited).toEqual(["/etc/avahi/services/so101.service"]);
});

test("no service hands its program what Bun heeds before the program runs", () => {
  const services = PACKAGE_FILES.filter(({ text }) => text.includes("\nExecStart=/usr/bin/so101 "));
  expect(services).toHaveLength(6);
  for (const { text } of services) {
    expect(text.split("\n")).toContain(UNSET);
  }
});

test("the page is announced at the port that it has", () => {
  expect(textOf("services/so101.service")).toContain("<port>8101</port>");
  expect(defaultConfigOf("main").web?.listen).toEndWith(":8101");
});
