/** The next version of a package: the same files, so that an upgrade can be tried. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Repacks a package as a later version, hands its path to `use`, and removes it again. */
export async function withNextVersion(deb: string, use: (next: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "so101-next-"));
  try {
    await Bun.$`dpkg-deb -R ${deb} ${dir}/tree`;
    await Bun.$`sed -i 's/^Version: .*/&+next/' ${dir}/tree/DEBIAN/control`;
    await Bun.$`dpkg-deb --root-owner-group -Zgzip -z1 -b ${dir}/tree ${dir}/next.deb`.quiet();
    await use(join(dir, "next.deb"));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
