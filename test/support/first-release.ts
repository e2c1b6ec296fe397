/** Packages to upgrade from and to: release 0.1.0, made of this version's files with that release's maintainer scripts. */
import { join, resolve } from "node:path";

/** As they were released. */
const RELEASED = resolve(import.meta.dir, "../fixtures/package-0.1.0");

/** Where the packages look for the program, so that packing and unpacking them costs nothing. Without it they only install. */
export const PROGRAM_OF_BARE_RELEASES = "/opt/so101/so101";

/** Makes `0.1.0.deb` and `this.deb` in a folder, out of this version's package. */
export async function makeBareReleases(deb: string, folder: string): Promise<void> {
  const tree = join(folder, "tree");
  await Bun.$`dpkg-deb -R ${deb} ${tree}`;
  await Bun.write(`${tree}/usr/bin/so101`, `#!/bin/sh\nexec ${PROGRAM_OF_BARE_RELEASES} "$@"\n`);
  await pack(tree, join(folder, "this.deb"));
  await Bun.$`cp ${RELEASED}/postinst ${RELEASED}/postrm ${RELEASED}/prerm ${tree}/DEBIAN/`;
  await Bun.$`cp ${RELEASED}/tmpfiles.conf ${tree}/usr/lib/tmpfiles.d/so101-teleop.conf`;
  await Bun.$`cp ${RELEASED}/sysusers.conf ${tree}/usr/lib/sysusers.d/so101-teleop.conf`;
  // What it did not have: the page, the network, and a configuration that is not dpkg's.
  const units = `${tree}/usr/lib/systemd/system`;
  await Bun.$`rm -r ${tree}/DEBIAN/preinst ${tree}/etc/avahi ${tree}/usr/share/so101-teleop`;
  await Bun.$`rm ${units}/so101-web.service ${units}/so101-network.service ${units}/so101-lerobot.service ${units}/so101-rules.service`;
  await Bun.$`mkdir -p ${tree}/etc/so101-teleop && cp ${RELEASED}/config.toml ${tree}/etc/so101-teleop/`;
  await Bun.write(`${tree}/DEBIAN/conffiles`, "/etc/so101-teleop/config.toml\n");
  await Bun.$`sed -i 's/^Version: .*/Version: 0.1.0/' ${tree}/DEBIAN/control`;
  await pack(tree, join(folder, "0.1.0.deb"));
}

async function pack(tree: string, to: string): Promise<void> {
  await Bun.$`dpkg-deb --root-owner-group -Znone -b ${tree} ${to}`.quiet();
}
