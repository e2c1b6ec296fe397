/** The package's copyright file: whose work is in the program, the page's too, each with its licence. */
import { expect, test } from "bun:test";
import { embeddedPackages } from "../../packaging/embedded.ts";
import { copyrightText } from "../../packaging/licences.ts";

const packages = await embeddedPackages();
const text = await copyrightText(packages);

test("each package that is in the program is named with its version and its licence's text", () => {
  for (const { name, version, license } of packages) {
    expect(text).toContain(`${name} ${version}\nLicense: ${license}\n\n`);
  }
});

test.each([
  ["preact", "Jason Miller"],
  ["uplot", "Leon Sorokin"],
])("what the page is made of is among them: %s, of %s", (name, author) => {
  const section = text.split(`${"-".repeat(80)}`).find((one) => one.trim().startsWith(`${name} `))!;
  expect(section).toContain(author);
  expect(section.replaceAll(/\s+/g, " ")).toContain("Permission is hereby granted, free of charge");
});
