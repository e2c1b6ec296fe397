/** The manual's pages as the Debian package installs them. */
import { join } from "node:path";
import { Glob } from "bun";

/** Where the package's documentation is on a machine. */
export const DOC_DIR = "/usr/share/doc/so101-teleop";

/** The pages in the source, their pictures, and a broker's files to begin with; what is in folders below, such as the decisions, is for developers and not installed. */
const SOURCE = join(import.meta.dir, "doc");

/** Debian's policy (12.3) has documentation compressed unless it is small; debhelper draws the line here. */
const SMALL_BYTES = 4096;

/** A page, a picture of one or a file to begin with, and where it belongs. */
export interface ManualPage {
  readonly path: string;
  readonly content: Uint8Array;
}

/** All pages and what belongs to them, in the order of their names. */
export async function manualPages(): Promise<ManualPage[]> {
  const sources = ["*.md", "pictures/*.png", "mosquitto/*"]
    .flatMap((pattern) => [...new Glob(pattern).scanSync({ cwd: SOURCE })])
    .toSorted();
  return await Promise.all(
    sources.map(async (source) => {
      const text = await Bun.file(join(SOURCE, source)).bytes();
      const path = `${DOC_DIR}/${source}`;
      // A picture is packed already.
      return text.length > SMALL_BYTES && source.endsWith(".md")
        ? { path: `${path}.gz`, content: packed(text) }
        : { path, content: text };
    }),
  );
}

/** As gzip -9n: without a name and a time. */
export function packed(text: string | Uint8Array): Uint8Array {
  return Bun.gzipSync(Buffer.from(text), { level: 9 });
}
