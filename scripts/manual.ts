/** Writes the tables of the manual that are made of the program's own: `bun scripts/manual.ts`. */
import { join } from "node:path";
import { tables } from "./manual/tables.ts";

for (const { path, replace } of tables) {
  const file = join(import.meta.dir, "..", path);
  await Bun.write(file, replace(await Bun.file(file).text()));
}
