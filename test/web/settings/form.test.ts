/** The settings' form: every key of the configuration is on it, or is said why not, and is explained. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NOT_CHANGED_SO } from "../../../src/config/changes.ts";
import { keysOf } from "../../../src/config/keys.ts";
import { schemaFor } from "../../../src/config/schema.ts";
import { explanationsIn } from "../../../src/web/settings/explanations.ts";
import { settingsForm } from "../../../src/web/settings/form.ts";

const dir = mkdtempSync(join(tmpdir(), "so101-form-"));
const shipped = join(import.meta.dir, "../../../packaging/config.toml");

function formOf(text: string) {
  const file = join(dir, `${Bun.randomUUIDv7()}.toml`);
  writeFileSync(file, text);
  const form = settingsForm({ config: file });
  const fields = new Map(form.groups.flatMap((group) => group.fields.map((field) => [field.key, field])));
  return { ...form, fields };
}

test("every key of the schema has a field, or a reason why it has none", () => {
  const all = keysOf(schemaFor("range", "main")).map(({ path }) => path);
  const { fields } = formOf("");
  expect([...fields.keys(), ...Object.keys(NOT_CHANGED_SO)].toSorted()).toEqual(all.toSorted());
  for (const why of Object.values(NOT_CHANGED_SO)) expect(why.length).toBeGreaterThan(20);
});

test("every field is explained, by itself or by its group, in the words of the installed file", () => {
  const text = readFileSync(shipped, "utf8").replaceAll(/\n# */g, " ");
  for (const { explanation: ofGroup, fields } of settingsForm({ config: shipped }).groups) {
    for (const { key, explanation } of fields) {
      const words = explanation || ofGroup;
      expect(`${key}: ${words.length > 20}`).toBe(`${key}: true`);
      expect(text).toContain(words);
    }
  }
});

test("a field has the bounds, the unit and the default of the schema, and what the file has", () => {
  const { fields, trouble } = formOf('[teleoperation]\nrate_hz = 100\non_stop = "hold"\n');
  expect(trouble).toBeNull();
  expect(fields.get("teleoperation.rate_hz")).toMatchObject({
    name: "rate_hz",
    value: { kind: "number", min: 20, max: 500, unit: "Hz", isWhole: false },
    present: 100,
    fallback: 200,
  });
  expect(fields.get("teleoperation.on_stop")).toMatchObject({
    value: { kind: "choice", options: ["relax", "hold", "park"] },
    present: "hold",
    fallback: "relax",
  });
  expect(fields.get("health.stall_after_s")).toMatchObject({ present: null, fallback: 3 });
  expect(fields.get("follower.gains.elbow_flex.p")).toMatchObject({
    name: "elbow_flex.p",
    value: { kind: "number", min: 4, max: 64, isWhole: true },
    present: null,
    fallback: 16,
  });
  expect(fields.get("park.gripper")).toMatchObject({ present: null, fallback: null });
});

test("the parking pose is in the units of the normalisation that the file has", () => {
  const ends = (text: string) => {
    const { value } = formOf(text).fields.get("park.wrist_roll")!;
    return value.kind === "number" ? [value.min, value.max] : undefined;
  };
  expect(ends("")).toEqual([-100, 100]);
  expect(ends('[teleoperation]\nnormalisation = "degrees"\n')).toEqual([-180, 180]);
});

test("a file that cannot be used is shown with what is wrong, and can be put right where it is TOML", () => {
  const wrong = formOf("[teleoperation]\nrate_hz = 1000\n");
  expect(wrong.trouble).toMatch(/rate_hz is 1000, but must be a number from 20 to 500 \(Hz\)$/);
  expect(wrong.digest).toMatch(/^[0-9a-f]{64}$/);
  expect(wrong.fields.get("teleoperation.rate_hz")!.present).toBe(1000);

  const broken = formOf("[teleoperation\n");
  expect(broken.trouble).toContain("line 1");
  expect(broken.digest).toBeNull();
  const none = settingsForm({ config: join(dir, "none.toml") });
  expect(none.trouble).toContain("there is no such configuration file");
  expect(none.digest).toBeNull();
  // A socket may be named so; no pair is.
  expect(settingsForm({ pair: "config" })).toMatchObject({ file: null, digest: null });
});

test("what no field can show is not shown: a section in the place of a value, a list, a date", () => {
  const { fields } = formOf(
    "park = 3\n[teleoperation]\nrate_hz = [1]\nstart = 2026-11-26\n[health.stall_after_s]\na = 1\n",
  );
  for (const key of ["park.gripper", "teleoperation.rate_hz", "health.stall_after_s"]) {
    expect(fields.get(key)!.present).toBeNull();
  }
});

test("comments explain the default under them, a section, or the sections that an example is of", () => {
  const { keys, sections } = explanationsIn(
    "# The head.\n\n# One.\n# Two, with c = 3. So it is:\n#a = 1\n\n# A section.\n[s]\n# Its key.\n#b_c = 2\n# Of all x.\n#\n#   [s.x.one]\n#   p = 1\n",
  );
  expect(Object.fromEntries(keys)).toEqual({ a: "One. Two, with c = 3.", "s.b_c": "Its key." });
  expect(Object.fromEntries(sections)).toEqual({ s: "A section.", "s.x": "Of all x." });
});
