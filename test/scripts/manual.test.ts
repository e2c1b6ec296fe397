import { expect, test } from "bun:test";
import { join } from "node:path";
import { tables } from "../../scripts/manual/tables.ts";

test.each(tables.map((table) => [table.path, table] as const))(
  "the table of %s is what the program goes by: bun scripts/manual.ts writes it",
  async (path, { replace }) => {
    const text = await Bun.file(join(import.meta.dir, "../..", path)).text();
    expect(text).toBe(replace(text));
  },
);
