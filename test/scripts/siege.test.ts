/** How a siege is judged and told, and what of it is arithmetic. */
import { describe, expect, test } from "bun:test";
import { callsIn } from "../../scripts/siege/calls.ts";
import { endedWell, reportText } from "../../scripts/siege/report.ts";
import { misbehaviour, type Trial } from "../../scripts/siege/trial.ts";

const calm = { tried: 3, lost: [], hung: [], escalated: [] };

describe("a siege ended well", () => {
  test("when something was tried, and nothing was lost, hung or got in", () => {
    expect(endedWell(calm)).toBe(true);
    expect(endedWell({ ...calm, tried: 0 })).toBe(false);
    for (const kind of ["lost", "hung", "escalated"])
      expect(endedWell({ ...calm, [kind]: ["it"] })).toBe(false);
  });

  test("and says so in one table, with a sentence for each case", () => {
    const reports = new Map([
      ["files", { ...calm, figures: { "most MB": 90 } }],
      ["kills", { ...calm, tried: 12, hung: ["pull: it stands"] }],
    ]);
    expect(reportText(reports).split("\n")).toEqual([
      "",
      "attack  tried  lost  hung  escalated  figures",
      "files       3     0     0          0  most MB 90",
      "kills      12     0     1          0",
      "all        15     0     1          0",
      "FAILED kills, hung: pull: it stands",
    ]);
  });
});

test("calls are counted for each thread and kind, and those of other places are left out", () => {
  const trace = [
    '12  openat(AT_FDCWD</>, "/etc/hosts", O_RDONLY) = 3</etc/hosts>',
    '13  openat(AT_FDCWD</>, "/world/a", O_RDONLY <unfinished ...>',
    '12  openat(AT_FDCWD</>, "/world/b", O_RDONLY) = 4</world/b>',
    "13  <... openat resumed>) = 5</world/a>",
    '12  write(4</world/b>, "x", 1) = 1',
    "12  +++ exited with 0 +++",
  ].join("\n");
  expect(callsIn(trace, ["/world"]).map(({ name, nth }) => `${name} ${nth}`)).toEqual([
    "openat 1",
    "openat 2",
    "write 1",
  ]);
});

describe("a run of the program", () => {
  const fine: Trial = { stdout: "", stderr: "", code: 1, signal: null, hung: false, ms: 9, mb: 60 };

  test.each([
    ["its promised exit codes", {}, undefined],
    ["another exit code", { code: 134 }, "exit code 134"],
    ["a signal", { code: null, signal: "SIGSEGV" as const }, "SIGSEGV"],
    ["a stack trace", { stderr: "no\n    at read (/$bunfs/root/main.js:1:2)\n" }, "insides"],
    ["an error of the language", { stderr: "TypeError: undefined is not an object" }, "insides"],
    ["orders to a terminal", { stdout: "\u001b[2J" }, "control characters"],
    ["much memory", { mb: 900 }, "900 MB"],
  ])("may end with %s, or not", (_, how, wrong) => {
    const said = misbehaviour({ ...fine, ...how });
    if (wrong === undefined) expect(said).toBeUndefined();
    else expect(said).toContain(wrong);
  });
});
