import { expect, test } from "bun:test";
import { manPage } from "../../packaging/man-page.ts";
import { allCommands } from "../../src/cli/all.ts";
import { commandLine } from "../../src/cli/command-line.ts";
import { needing, program } from "../support/needs.ts";

test("the manual page has every command and every option", () => {
  const page = manPage("2026-11-24").replaceAll("\\-", "-");
  const see = (command: ReturnType<typeof commandLine>) => {
    expect(page).toContain(command.name());
    for (const { long } of command.options) expect(page).toContain(long!);
    command.commands.forEach(see);
  };
  commandLine(allCommands()).commands.forEach(see);
});

needing(program("man", "man-db")).test("it is a page that man takes without a complaint", () => {
  const { stderr } = Bun.spawnSync(["man", "--warnings", "-l", "-"], {
    stdin: Buffer.from(manPage("2026-11-24")),
    env: { ...process.env, MANWIDTH: "80", LC_ALL: "C.UTF-8" },
  });
  expect(stderr.toString()).toBe("");
});
