/** The next version of a package: the same files, so that an upgrade can be tried. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Repacks a package as a later version; the path of the new one. */
export async function nextVersion(deb: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "so101-next-"));
  await Bun.$`dpkg-deb -R ${deb} ${dir}/tree`;
  await Bun.$`sed -i 's/^Version: .*/&+next/' ${dir}/tree/DEBIAN/control`;
  await Bun.$`dpkg-deb --root-owner-group -Zgzip -z1 -b ${dir}/tree ${dir}/next.deb`.quiet();
  return join(dir, "next.deb");
}
