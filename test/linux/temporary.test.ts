/** Which entries of a folder are temporary files, and of which file. */
import { expect, test } from "bun:test";
import { nameBehindTemporary, temporaryName } from "../../src/linux/temporary.ts";

test("a temporary file is hidden, known by its name, and never named twice", () => {
  const names = [temporaryName("red.json"), temporaryName("red.json")];
  expect(new Set(names).size).toBe(2);
  for (const name of names) {
    expect(name).toStartWith(".");
    expect(nameBehindTemporary(name)).toBe("red.json");
  }
});

const UUID = "0b0c7a7e-6b1d-4c5e-9d8e-1d5a4c0f6b7a";

test.each([
  UUID,
  `.${UUID}`,
  `..${UUID}`,
  `red.json.${UUID}`,
  `.red.json${UUID}`,
  `.red.json.${UUID}.old`,
  ".red.json.swp",
])("%s is none", (name) => {
  expect(nameBehindTemporary(name)).toBeUndefined();
});
