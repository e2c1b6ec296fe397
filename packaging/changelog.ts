/** The project's CHANGELOG.md and packaging/NEWS.md as Debian writes changelogs and news. */

/** What stands in each entry beside the changes. */
export interface Release {
  readonly name: string;
  /** The version that is being built: the date is that of its release, or of its build when it has none yet. */
  readonly version: string;
  readonly maintainer: string;
  readonly date: Date;
}

/** Of a change, beside its bullet. */
const COLUMNS = 74;

/** Turns `## 0.1.0 (2026-11-30)`, its items and the headings that they have (`A stop is a stop:`) into entries. Throws when the version that is built has none. */
export function debianChangelog(markdown: string, release: Release): string {
  return versionsIn(markdown, release)
    .map(({ version, day, body }) => {
      const changes = body
        .split(/^(?=- |\S.*:$)/m)
        .filter((block) => block.trim() !== "")
        .flatMap((block, index) => {
          if (!block.startsWith("- "))
            return [...(index > 0 ? [""] : []), `  [ ${block.trim().slice(0, -1)} ]`];
          const [first, ...more] = wrapped(block.slice(2));
          return [`  * ${first}`, ...more.map((line) => `    ${line}`)];
        });
      return entry(release, version, day, changes);
    })
    .join("\n");
}

/**
 * Turns `## 0.2.0` and its paragraphs into entries: what an administrator must know of an upgrade, shown by apt-listchanges. The
 * days are the changelog's. Throws where that has no such version.
 */
export function debianNews(markdown: string, changelog: string, release: Release): string {
  const days = new Map(versionsIn(changelog, release).map(({ version, day }) => [version, day]));
  return sections(markdown)
    .map(({ head: version, body }) => {
      const day = days.get(version);
      if (day === undefined) throw new Error(`NEWS.md: CHANGELOG.md has no version ${version}`);
      const paragraphs = body
        .trim()
        .split(/\n{2,}/)
        .map((paragraph) => wrapped(paragraph).map((line) => `  ${line}`));
      const lines = paragraphs.flatMap((paragraph, index) => (index === 0 ? paragraph : ["", ...paragraph]));
      return entry(release, version, day, lines);
    })
    .join("\n");
}

function versionsIn(changelog: string, { version, date }: Release) {
  const found = sections(changelog);
  if (!found[0]?.head.startsWith(`${version} `))
    throw new Error(`CHANGELOG.md does not begin with ${version}`);
  return found.map(({ head, body }) => {
    const [, release, when] = /^(\S+) \((.*)\)$/.exec(head) ?? [];
    if (release === undefined) throw new Error(`CHANGELOG.md: not a version and its date: ${head}`);
    // Its first moment: what is built later on the same day must not be older.
    return { version: release, day: when === "unreleased" ? date : new Date(`${when}T00:00:00Z`), body };
  });
}

function sections(markdown: string): { head: string; body: string }[] {
  return markdown
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [head = "", ...body] = section.split("\n");
      return { head: head.trim(), body: body.join("\n") };
    });
}

function wrapped(text: string): string[] {
  return Bun.wrapAnsi(text.replaceAll(/\s+/g, " ").trim(), COLUMNS).split("\n");
}

function entry({ name, maintainer }: Release, version: string, day: Date, lines: readonly string[]): string {
  const head = `${name} (${version}) stable; urgency=medium`;
  return [head, "", ...lines, "", ` -- ${maintainer}  ${rfc5322(day)}`, ""].join("\n");
}

/** `Tue, 24 Nov 2026 12:00:00 +0000` */
function rfc5322(date: Date): string {
  return date.toUTCString().replace("GMT", "+0000");
}
