/** What a release changes in the source, and what stands in its way: texts in, texts out. */

/** The source before a release. */
export interface Source {
  readonly packageJson: string;
  readonly changelog: string;
  /** What `git status --porcelain` says; empty when everything is committed. */
  readonly changes: string;
  readonly tags: readonly string[];
}

/** The source after it. */
export interface Plan {
  readonly tag: string;
  readonly packageJson: string;
  readonly changelog: string;
}

/** The number in package.json, with what stands around it. */
const VERSION_FIELD = /("version":\s*")([^"]*)(")/;

/** A heading of the changelog: `## 0.1.0 (unreleased)`, `## 0.1.0 (2026-11-30)`. */
const HEADING = /^## (\S+) \((.*)\)$/gm;

/** Plans the release of `version` on `day` (YYYY-MM-DD), or says everything that stands in its way. */
export function planRelease(
  { packageJson, changelog, changes, tags }: Source,
  version: string,
  day: string,
): Plan | { readonly problems: readonly string[] } {
  if (!/^\d+\.\d+\.\d+$/.test(version)) return { problems: [`${version} is not a version such as 0.2.0`] };
  const tag = `v${version}`;
  const problems: string[] = [];
  const refuse = (stands: boolean, problem: string) => {
    if (stands) problems.push(problem);
  };
  refuse(changes.trim() !== "", `there are changes that are not committed:\n${changes.trimEnd()}`);
  refuse(tags.includes(tag), `the tag ${tag} is there already`);

  const current = VERSION_FIELD.exec(packageJson)?.[2];
  refuse(current === undefined, "package.json has no version");
  refuse(
    current !== undefined && compareVersions(version, current) < 0,
    `package.json is at ${current} already`,
  );

  const sections = [...changelog.matchAll(HEADING)];
  const [first, ...older] = sections;
  if (first?.[2] !== "unreleased") {
    problems.push("CHANGELOG.md does not begin with a section such as ## 0.2.0 (unreleased)");
    return { problems };
  }
  const end = older[0]?.index ?? changelog.length;
  const body = changelog.slice(first.index + first[0].length, end);
  refuse(!/^- /m.test(body), "the unreleased section of CHANGELOG.md has no change in it");
  for (const [, released = "", when] of older) {
    refuse(when === "unreleased", `CHANGELOG.md has a second unreleased section, ${released}`);
    refuse(compareVersions(version, released) <= 0, `CHANGELOG.md has ${released} as an older release`);
  }
  if (problems.length > 0) return { problems };
  return {
    tag,
    packageJson: packageJson.replace(VERSION_FIELD, `$1${version}$3`),
    changelog: changelog.replace(first[0], `## ${version} (${day})`),
  };
}

/** Negative when `a` is older than `b`, 0 when they are the same. */
export function compareVersions(a: string, b: string): number {
  const [as, bs] = [a.split(".").map(Number), b.split(".").map(Number)];
  const differing = as.findIndex((number, index) => number !== bs[index]);
  return differing === -1 ? 0 : as[differing]! - (bs[differing] ?? 0);
}

/** The text of a `SHA256SUMS`, which `sha256sum --check` reads; each file's digest in hexadecimal digits by its name. */
export function sumsText(digests: Readonly<Record<string, string>>): string {
  return Object.keys(digests)
    .toSorted()
    .map((name) => `${digests[name]}  ${name}\n`)
    .join("");
}
