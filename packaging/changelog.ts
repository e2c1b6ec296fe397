/** The project's CHANGELOG.md as Debian writes changelogs. */

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

/** Turns `## 0.1.0 (2026-11-30)` and its items into entries. Throws when the version that is built has none. */
export function debianChangelog(markdown: string, { name, version, maintainer, date }: Release): string {
  const entries = markdown.split(/^## /m).slice(1);
  if (!entries[0]?.startsWith(`${version} `)) throw new Error(`CHANGELOG.md does not begin with ${version}`);
  // Each is newer than the one below it, also when it is built on the day of that release.
  let olderMs = Number.NEGATIVE_INFINITY;
  return entries
    .toReversed()
    .map((entry) => {
      const [head = "", ...body] = entry.split("\n");
      const [, release, when] = /^(\S+) \((.*)\)$/.exec(head) ?? [];
      if (release === undefined) throw new Error(`CHANGELOG.md: not a version and its date: ${head}`);
      const dated = when === "unreleased" ? date : new Date(`${when}T12:00:00Z`);
      olderMs = Math.max(dated.getTime(), olderMs + 1000);
      const changes = body
        .join("\n")
        .split(/^- /m)
        .slice(1)
        .flatMap((change) => {
          const [first, ...more] = Bun.wrapAnsi(change.replaceAll(/\s+/g, " ").trim(), COLUMNS).split("\n");
          return [`  * ${first}`, ...more.map((line) => `    ${line}`)];
        });
      return [
        `${name} (${release}) stable; urgency=medium`,
        "",
        ...changes,
        "",
        ` -- ${maintainer}  ${rfc5322(new Date(olderMs))}`,
        "",
      ].join("\n");
    })
    .toReversed()
    .join("\n");
}

/** `Tue, 24 Nov 2026 12:00:00 +0000` */
function rfc5322(date: Date): string {
  return date.toUTCString().replace("GMT", "+0000");
}
