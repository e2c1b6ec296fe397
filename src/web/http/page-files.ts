/** The page as the compiler has put it into the program, and the headers that keep it to itself. */
import { readFileSync } from "node:fs";
import page from "../page/index.html";

/** A file of the page. */
export interface PageFile {
  readonly body: Bun.BunFile;
  /** The same as gzip: a third of it, which a phone at the edge of a network notices. */
  readonly packed: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What a browser must know: everything comes from here, nothing runs that is not a file of the page, nobody frames it,
 * and it says to nobody where it comes from.
 */
export const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
} as const;

/** What Bun's compiler makes of a page that is imported. */
interface Manifest {
  readonly index: string;
  readonly files?: readonly {
    readonly path: string;
    readonly loader: string;
    readonly headers: Readonly<Record<string, string>>;
  }[];
}

/** The page's files by their paths; undefined where the program was not compiled, and has none. */
export function pageFiles(): ReadonlyMap<string, PageFile> | undefined {
  const { files } = page as unknown as Manifest;
  if (files === undefined) return undefined;
  return new Map(
    files.map(({ path, loader, headers }) => {
      const isIndex = loader === "html";
      const name = path.slice(path.lastIndexOf("/"));
      // A file's name changes with its content; the index's does not.
      const cache = isIndex ? "no-cache" : "max-age=31536000, immutable";
      const all = { ...HEADERS, ...headers, "cache-control": cache, vary: "accept-encoding" };
      const packed = Bun.gzipSync(readFileSync(path), { level: 9 });
      return [isIndex ? "/" : name, { body: Bun.file(path), packed, headers: all }] as const;
    }),
  );
}

/** A file as a browser gets it: packed where it says that it can unpack. */
export function fileResponse({ body, packed, headers }: PageFile, acceptEncoding: string | null): Response {
  return /\bgzip\b/.test(acceptEncoding ?? "")
    ? new Response(packed, { headers: { ...headers, "content-encoding": "gzip" } })
    : new Response(body, { headers });
}

/** The path of the page's script: its name changes with what is in it. */
export function scriptOf(files: ReadonlyMap<string, PageFile>): string {
  return [...files.keys()].find((path) => path.endsWith(".js")) ?? "";
}
