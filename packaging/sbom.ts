/** What the program is made of, for programs that look for known faults: a bill of materials in CycloneDX's format. */
import { license, dependencies as ours, version } from "../package.json";
import type { Runtime } from "../scripts/toolchain.ts";
import type { EmbeddedPackage } from "./embedded.ts";

/** What is in one package. */
export interface Materials {
  /** Of the Debian package. */
  readonly name: string;
  readonly architecture: string;
  /** The time of the commit. */
  readonly date: Date;
  /** Of the program, in hexadecimal digits. */
  readonly sha256: string;
  readonly runtime: Runtime;
  readonly packages: readonly EmbeddedPackage[];
}

/** What Bun's runtime links in, by the name that it gives each in `process.versions`, and how others call it. */
const LINKED: Readonly<Record<string, string>> = {
  ares: "c-ares",
  boringssl: "boringssl",
  icu: "icu",
  libarchive: "libarchive",
  libdeflate: "libdeflate",
  llhttp: "llhttp",
  lolhtml: "lol-html",
  lshpack: "ls-hpack",
  mimalloc: "mimalloc",
  picohttpparser: "picohttpparser",
  sqlite: "sqlite",
  tinycc: "tinycc",
  usockets: "uSockets",
  uwebsockets: "uWebSockets",
  webkit: "WebKit",
  zlib: "zlib",
  zstd: "zstd",
};

/** Of its libraries Bun tells no version of these. */
const LINKED_UNKNOWN = ["brotli", "simdjson", "simdutf"];

/** The text of the bill. The same materials give the same bytes, on this Bun. */
export function billOfMaterials({ name, architecture, date, sha256, runtime, packages }: Materials): string {
  const root = `pkg:deb/${name}@${version}?arch=${architecture}`;
  const bun = npmUrl(runtime);
  const dependencies = [
    { ref: root, dependsOn: [bun, ...refsOf(Object.keys(ours), packages)].toSorted() },
    { ref: bun, dependsOn: [] },
    ...packages.map((from) => ({ ref: npmUrl(from), dependsOn: refsOf(from.dependencies, packages) })),
  ];
  const bill = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: date.toISOString().replace(".000Z", "Z"),
      lifecycles: [{ phase: "build" }],
      component: {
        type: "application",
        "bom-ref": root,
        name,
        version,
        purl: root,
        licenses: [{ expression: license }],
        // Of /usr/bin/so101.
        hashes: [{ alg: "SHA-256", content: sha256 }],
      },
    },
    components: [
      {
        type: "platform",
        "bom-ref": bun,
        name: runtime.name,
        version: runtime.version,
        purl: bun,
        licenses: [{ license: { id: "MIT" } }],
        // Of the file that is put into the program, which scripts/toolchain.json pins.
        hashes: [{ alg: "SHA-256", content: runtime.sha256 }],
        components: [
          ...Object.entries(LINKED).map(([key, component]) => ({
            type: "library",
            name: component,
            version: linkedVersion(key),
          })),
          ...LINKED_UNKNOWN.map((component) => ({ type: "library", name: component })),
        ],
      },
      ...packages.map((embedded) => ({
        type: "library",
        "bom-ref": npmUrl(embedded),
        name: embedded.name,
        version: embedded.version,
        purl: npmUrl(embedded),
        licenses: [{ expression: embedded.license }],
        // Of the archive that npm gives, which bun.lock pins.
        hashes: [{ alg: "SHA-512", content: hexOf(embedded.integrity) }],
      })),
    ],
    dependencies,
  };
  const serialNumber = `urn:uuid:${Bun.randomUUIDv5(JSON.stringify(bill), "url")}`;
  return `${JSON.stringify({ ...bill, serialNumber }, null, 2)}\n`;
}

/** A package's URL, in which a scope's @ is written as %40. */
function npmUrl({ name, version }: { readonly name: string; readonly version: string }): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

/** Those of some names that are in the program; of one that is there twice, both. */
function refsOf(names: readonly string[], packages: readonly EmbeddedPackage[]): string[] {
  return packages.filter(({ name }) => names.includes(name)).map(npmUrl);
}

function linkedVersion(key: string): string {
  const linked = process.versions[key];
  if (linked === undefined) throw new Error(`Bun ${Bun.version} does not say which ${key} it contains`);
  return linked;
}

function hexOf(integrity: string): string {
  return Buffer.from(integrity.slice("sha512-".length), "base64").toString("hex");
}
