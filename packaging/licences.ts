/** Whose work is in the program, under which licence: the package's copyright file. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { EmbeddedPackage } from "./embedded.ts";

const HEAD = `so101 makes a pair of SO-ARM100/101 robot arms teleoperate.

Copyright: the contributors of so101
License: Apache-2.0

 Licensed under the Apache License, Version 2.0. On Debian systems its text
 is in /usr/share/common-licenses/Apache-2.0.

The program /usr/bin/so101 was compiled with Bun, and contains Bun's runtime and
the JavaScript packages named below.
`;

/** Bun names what it links in its own LICENSE.md; it comes as a binary, so that the list stands here. */
const BUN = `Bun
Copyright: Oven and the contributors of Bun
License: MIT

 Permission is hereby granted, free of charge, to any person obtaining a copy
 of this software and associated documentation files (the "Software"), to deal
 in the Software without restriction, including without limitation the rights
 to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
 copies of the Software, and to permit persons to whom the Software is
 furnished to do so, subject to the following conditions:
 .
 The above copyright notice and this permission notice shall be included in all
 copies or substantial portions of the Software.
 .
 THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
 IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
 FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
 AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
 LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
 OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
 SOFTWARE.

Linked into Bun's runtime, among others:

 JavaScriptCore and WTF, of WebKit: LGPL-2 and BSD-2-Clause. On Debian systems
 the LGPL is in /usr/share/common-licenses/LGPL-2. Bun publishes the source that
 it links and how to link it anew with the runtime.
 BoringSSL: OpenSSL and ISC licences
 brotli, c-ares, libuv, picohttpparser, simdjson, simdutf, zlib-ng: MIT or zlib
 libarchive, lol-html, uWebSockets, uSockets: BSD-2-Clause, BSD-3-Clause, Apache-2.0
 libdeflate, ls-hpack, lshpack, mimalloc, tinycc, zstd: MIT, BSD, LGPL-2.1
 ICU: Unicode licence
`;

/** The copyright file, for what the build put in. */
export async function copyrightText(packages: readonly EmbeddedPackage[]): Promise<string> {
  const sections = [];
  for (const { name, version, license, dir } of packages) {
    const file = (await readdir(dir)).find((entry) => /^licen[cs]e(\.md|\.txt)?$/i.test(entry));
    const licence =
      file === undefined ? `(the package says: ${license})` : await Bun.file(join(dir, file)).text();
    sections.push(`${name} ${version}\nLicense: ${license}\n\n${indented(licence)}\n`);
  }
  return [HEAD, BUN, ...sections].join(`\n${"-".repeat(80)}\n\n`);
}

function indented(licence: string): string {
  return licence
    .trim()
    .split(/\r?\n/)
    .map((line) => (line.trim() === "" ? " ." : ` ${line.trimEnd()}`))
    .join("\n");
}
