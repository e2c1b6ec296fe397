/** The bill of materials: complete, in CycloneDX's format, and the same for the same materials. */
import { expect, test } from "bun:test";
import * as v from "valibot";
import { version } from "../../package.json";
import { embeddedPackages } from "../../packaging/embedded.ts";
import { billOfMaterials } from "../../packaging/sbom.ts";
import { pinnedRuntime } from "../../scripts/toolchain.ts";

/** What CycloneDX 1.6 asks of the parts that are used here. */
const text = v.pipe(v.string(), v.minLength(1));
const component = v.strictObject({
  type: v.picklist(["application", "library", "platform"]),
  "bom-ref": text,
  name: text,
  version: text,
  purl: v.pipe(v.string(), v.regex(/^pkg:(npm|deb)\/[^@]+@\d+\.\d+\.\d+(\?arch=(arm64|amd64))?$/)),
  licenses: v.pipe(
    v.array(
      v.union([
        v.strictObject({ expression: text }),
        v.strictObject({ license: v.strictObject({ id: text }) }),
      ]),
    ),
    v.length(1),
  ),
  hashes: v.pipe(
    v.array(
      v.union([
        v.strictObject({ alg: v.literal("SHA-256"), content: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)) }),
        v.strictObject({
          alg: v.literal("SHA-512"),
          content: v.pipe(v.string(), v.regex(/^[0-9a-f]{128}$/)),
        }),
      ]),
    ),
    v.length(1),
  ),
  components: v.optional(
    v.array(v.strictObject({ type: v.literal("library"), name: text, version: v.optional(text) })),
  ),
});
const billSchema = v.strictObject({
  bomFormat: v.literal("CycloneDX"),
  specVersion: v.literal("1.6"),
  serialNumber: v.pipe(v.string(), v.regex(/^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)),
  version: v.literal(1),
  metadata: v.strictObject({
    timestamp: v.pipe(v.string(), v.isoTimestamp()),
    lifecycles: v.array(v.strictObject({ phase: v.literal("build") })),
    component,
  }),
  components: v.array(component),
  dependencies: v.array(v.strictObject({ ref: text, dependsOn: v.array(text) })),
});

const packages = await embeddedPackages();
const materials = {
  name: "so101-teleop",
  architecture: "arm64",
  date: new Date("2026-11-26T01:02:03Z"),
  sha256: "ab".repeat(32),
  runtime: pinnedRuntime("arm64"),
  packages,
};
const bill = v.parse(billSchema, JSON.parse(billOfMaterials(materials)));
const refs = [bill.metadata.component, ...bill.components].map((part) => part["bom-ref"]);

test("names the package, and the program by its digest", () => {
  expect(bill.metadata.component).toMatchObject({
    purl: `pkg:deb/so101-teleop@${version}?arch=arm64`,
    licenses: [{ expression: "Apache-2.0" }],
    hashes: [{ content: "ab".repeat(32) }],
  });
});

test("names the runtime that is pinned, and what that contains", () => {
  const { sha256 } = pinnedRuntime("arm64");
  const runtime = bill.components.find(({ type }) => type === "platform")!;
  expect(runtime.purl).toBe(`pkg:npm/%40oven/bun-linux-aarch64@${Bun.version}`);
  expect(runtime.hashes).toEqual([{ alg: "SHA-256", content: sha256 }]);
  const linked = runtime.components!.map(({ name }) => name);
  for (const name of ["WebKit", "boringssl", "sqlite", "brotli"]) expect(linked).toContain(name);
});

test("names each package whose code is in the program, of one that is there in two versions both", () => {
  const named = bill.components.map((part) => `${part.name} ${part.version}`);
  for (const { name, version: installed } of packages) expect(named).toContain(`${name} ${installed}`);
  for (const name of [
    "serialport",
    "@serialport/stream",
    "@serialport/bindings-cpp",
    "valibot",
    "commander",
    // Of the page.
    "preact",
    "uplot",
  ]) {
    expect(packages.map((embedded) => embedded.name)).toContain(name);
  }
  const delimiters = named.filter((name) => name.startsWith("@serialport/parser-delimiter "));
  expect(delimiters.length).toBe(2);
  expect(new Set(refs).size).toBe(refs.length);
});

test("says of each part what it needs, and of nothing that is not in it", () => {
  expect(bill.dependencies.map(({ ref }) => ref).toSorted()).toEqual(refs.toSorted());
  const needed = new Set(bill.dependencies.flatMap(({ dependsOn }) => dependsOn));
  expect([...needed].filter((ref) => !refs.includes(ref))).toEqual([]);
  // Everything but the package itself is there because something needs it.
  expect(refs.filter((ref) => !needed.has(ref))).toEqual([bill.metadata.component["bom-ref"]]);
});

test("is the same for the same materials, and another for others", () => {
  expect(billOfMaterials(materials)).toBe(billOfMaterials(materials));
  const changed = JSON.parse(billOfMaterials({ ...materials, sha256: "cd".repeat(32) }));
  expect(changed.serialNumber).not.toBe(bill.serialNumber);
});
