/** Packages to upgrade from: release 0.1.0, made of this version's files with that release's maintainer scripts and tmpfiles.d. */
import { join, resolve } from "node:path";

/** As they were released. */
const RELEASED = resolve(import.meta.dir, "../fixtures/package-0.1.0");

/** Makes `0.1.0.deb` in a folder, out of this version's package. */
export async function makeFirstRelease(deb: string, folder: string): Promise<void> {
  const tree = await unpack(deb, folder);
  await makeFirst(tree, folder);
}

/** Makes `0.1.0.deb` and `this.deb` in a folder, with a program that does nothing: installing them costs nothing. */
export async function makeBareReleases(deb: string, folder: string): Promise<void> {
  const tree = await unpack(deb, folder);
  await Bun.write(`${tree}/usr/bin/so101`, "#!/bin/sh\n");
  await pack(tree, join(folder, "this.deb"));
  await makeFirst(tree, folder);
}

async function makeFirst(tree: string, folder: string): Promise<void> {
  await Bun.$`cp ${RELEASED}/postinst ${RELEASED}/postrm ${RELEASED}/prerm ${tree}/DEBIAN/`;
  await Bun.$`cp ${RELEASED}/tmpfiles.conf ${tree}/usr/lib/tmpfiles.d/so101-teleop.conf`;
  await Bun.$`sed -i 's/^Version: .*/Version: 0.1.0/' ${tree}/DEBIAN/control`;
  await pack(tree, join(folder, "0.1.0.deb"));
}

async function unpack(deb: string, folder: string): Promise<string> {
  const tree = join(folder, "tree");
  await Bun.$`dpkg-deb -R ${deb} ${tree}`;
  return tree;
}

async function pack(tree: string, to: string): Promise<void> {
  await Bun.$`dpkg-deb --root-owner-group -Znone -b ${tree} ${to}`.quiet();
}
