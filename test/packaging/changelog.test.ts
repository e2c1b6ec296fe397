import { expect, test } from "bun:test";
import { debianChangelog, debianNews } from "../../packaging/changelog.ts";

const release = {
  name: "so101-teleop",
  version: "0.2.0",
  maintainer: "A <a@b.example>",
  date: new Date("2026-11-24T10:00:00Z"),
};

test("each version becomes an entry, an unreleased one with the date of the build", () => {
  const markdown =
    "# Changes\n\n## 0.2.0 (unreleased)\n\n- New.\n\n## 0.1.0 (2026-11-01)\n\n- First\n  of all.\n- More.\n";
  expect(debianChangelog(markdown, release)).toBe(`so101-teleop (0.2.0) stable; urgency=medium

  * New.

 -- A <a@b.example>  Tue, 24 Nov 2026 10:00:00 +0000

so101-teleop (0.1.0) stable; urgency=medium

  * First of all.
  * More.

 -- A <a@b.example>  Sun, 01 Nov 2026 00:00:00 +0000
`);
});

test("a version that is not in the changelog cannot be built", () => {
  expect(() => debianChangelog("# Changes\n\n## 0.1.0 (2026-11-01)\n\n- x\n", release)).toThrow(
    "CHANGELOG.md does not begin with 0.2.0",
  );
});

test("news are entries of paragraphs, with the days of the changelog", () => {
  const changelog = "# Changes\n\n## 0.2.0 (unreleased)\n\n- New.\n\n## 0.1.0 (2026-11-01)\n\n- First.\n";
  const news = "# News\n\nFor whom.\n\n## 0.2.0\n\nOne\nline.\n\nAnother.\n\n## 0.1.0\n\nIt is there.\n";
  expect(debianNews(news, changelog, release)).toBe(`so101-teleop (0.2.0) stable; urgency=medium

  One line.

  Another.

 -- A <a@b.example>  Tue, 24 Nov 2026 10:00:00 +0000

so101-teleop (0.1.0) stable; urgency=medium

  It is there.

 -- A <a@b.example>  Sun, 01 Nov 2026 00:00:00 +0000
`);
  expect(() => debianNews("## 0.3.0\n\nNo.\n", changelog, release)).toThrow("has no version 0.3.0");
});

test("a heading over changes is one in Debian's way", () => {
  const markdown =
    "# Changes\n\n## 0.2.0 (unreleased)\n\nFirst:\n\n- One: a\n  and b.\n\nSecond:\n\n- Two.\n";
  expect(debianChangelog(markdown, release).split("\n").slice(2, 8)).toEqual([
    "  [ First ]",
    "  * One: a and b.",
    "",
    "  [ Second ]",
    "  * Two.",
    "",
  ]);
});
