/**
 * What the maintainer scripts do where members of group dialout have planted what they can: in the folder that release
 * 0.1.0 left to them, and below it. The real dpkg, in a copy of this machine's files.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmod, cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { version } from "../../package.json";
import { makeBareReleases, PROGRAM_OF_BARE_RELEASES } from "../support/first-release.ts";
import { MACHINE_NEEDS, Machine } from "../support/machine.ts";
import { built, needing, program } from "../support/needs.ts";
import { programPath } from "../support/program.ts";

setDefaultTimeout(180_000);

const dist = resolve(import.meta.dir, "../../dist");
const architecture = process.arch === "arm64" ? "arm64" : "amd64";
const deb = `${dist}/so101-teleop_${version}_${architecture}.deb`;
const here = needing(...MACHINE_NEEDS, program("dpkg-deb", "dpkg"), built(deb, "deb"));

/**
 * A machine's files, forgotten afterwards, with the packages ($0) in /opt/so101, and the words that the cases are told in.
 * Mallory is a member of dialout and of nothing else. What a link may lead to is watched.
 */
const MACHINE = `
mount -t tmpfs tmpfs /mnt
mkdir /mnt/root /mnt/upper /mnt/work
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
mount -t tmpfs tmpfs /mnt/root/run
cd /mnt/root
mkdir -p opt/so101
mount --bind "$0" opt/so101
rm -f usr/sbin/policy-rc.d
rm -rf var/lib/so101-teleop

# dpkg reads what it knows of every package: here of those that ours depends on.
chroot . dpkg-query --status libc6 systemd >status
mount -t tmpfs tmpfs var/lib/dpkg
mkdir var/lib/dpkg/info var/lib/dpkg/updates
mv status var/lib/dpkg/status
touch "var/lib/dpkg/info/libc6:$(chroot . dpkg --print-architecture).list" var/lib/dpkg/info/systemd.list
dpkg_() { chroot . dpkg --force-unsafe-io --no-triggers "$@"; }
install_first() { dpkg_ --install /opt/so101/0.1.0.deb; }
install_this() { dpkg_ --install /opt/so101/this.deb; }
purge() { dpkg_ --purge so101-teleop; }
status() { chroot . dpkg-query -W -f '\${db:Status-Status} \${Version}\\n' so101-teleop; }

mallory() { chroot --userspec=4711:4711 --groups=dialout . sh -euc "cd /var/lib/so101-teleop; $1"; }
umask 022
mkdir -m 700 root/private
echo secret >root/private/victim
chmod 600 root/private/victim
mkdir -m 755 srv/victim
echo text >srv/victim/file
watch() {
  stat -c '%n %F %a %u:%g' etc etc/shadow root root/private srv/victim
  stat -c "%n %F %a %u:%g %h %s \${clock-%Z}" root/private/victim srv/victim/file
  ls -A root/private srv/victim
  test ! -e etc/planted
}
unwatched() {
  watch >/mnt/after
  diff /mnt/before /mnt/after >&2
}
whose() { find var/lib/so101-teleop "$@" -printf '%P %y %m %u:%g\\n' | LC_ALL=C sort; }
`;

/** How it is to end: what was watched is as it was, and the folders are whose they are to be. */
const RIGHT = `
unwatched
status
whose -maxdepth 1 ! -name away ! -name 'aside.*'
mallory 'echo mine >calibration/mine; rm calibration/mine'
! mallory 'mv calibration other' 2>/dev/null
! mallory 'echo >planted' 2>/dev/null`;

const AS_IT_SHOULD_BE = `installed ${version}
 d 755 root:root
calibration d 2775 root:dialout
datasets d 2775 root:dialout
`;

let debs: string;

/** Runs a case to its end: what it printed after "says". Throws with all that it said when it fails. */
function inMachine(script: string, after = RIGHT): string {
  const { stdout, stderr, exitCode } = Bun.spawnSync(
    ["unshare", "--mount", "sh", "-euc", `${MACHINE}{\n${script}\n} >&2\n${after}`, debs],
    { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" } },
  );
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}\n${stderr}${stdout}`);
  return stdout.toString();
}

/** What mallory does in the folder. A hard link to another's file takes a kernel that lets him: root makes it for him. */
const PLANTED = {
  "a link to /etc": "mallory 'mv calibration away; ln -s /etc calibration'",
  "a link to a private folder": "mallory 'mv calibration away; ln -s /root/private calibration'",
  "a link to a file": "mallory 'mv calibration away; ln -s /etc/shadow calibration'",
  "a dangling link": "mallory 'mv calibration away; ln -s /etc/planted calibration'",
  "a link to itself": "mallory 'mv calibration away; ln -s calibration calibration'",
  "a file": "mallory 'mv calibration away; echo >calibration'",
  "a FIFO": "mallory 'mv calibration away; mkfifo calibration'",
  // It is moved aside, by which the kernel has changed the file, whatever its other name: as of when is no matter here.
  "a hard link": "mallory 'mv calibration away'; ln srv/victim/file var/lib/so101-teleop/calibration; clock=",
  "a folder of his own": "mallory 'mv calibration away; mkdir -m 777 calibration'",
  "links within":
    "mallory 'mkdir calibration/robots; ln -s /etc calibration/robots/so101_follower; ln -s /etc/shadow calibration/a.json'",
  "a hard link within":
    "mallory 'mkdir calibration/robots'; ln srv/victim/file var/lib/so101-teleop/calibration/robots/a.json",
};

here.describe("the package, where mallory was before", () => {
  beforeAll(async () => {
    debs = await mkdtemp(join(tmpdir(), "so101-upgrade-"));
    await chmod(debs, 0o755);
    await makeBareReleases(deb, debs);
    await cp(programPath, join(debs, basename(PROGRAM_OF_BARE_RELEASES)));
  });

  afterAll(() => rm(debs, { recursive: true, force: true }));

  test.each(Object.entries(PLANTED))("%s stops no upgrade from 0.1.0, and leads nowhere", (_, plant) => {
    const said = inMachine(`
mount -t proc proc proc
install_first
${plant}
watch >/mnt/before
install_this`);
    expect(said).toBe(AS_IT_SHOULD_BE);
  });

  test("an upgrade that is made without /proc comes to the same", () => {
    const said = inMachine(`
install_first
mallory 'mv calibration away; ln -s /etc calibration'
watch >/mnt/before
install_this`);
    expect(said).toBe(AS_IT_SHOULD_BE);
  });

  test("an installation of 0.1.0 that mallory left half-configured is repaired", () => {
    const said = inMachine(`
mount -t proc proc proc
install_first
mallory 'mv calibration away; ln -s /etc/planted calibration'
watch >/mnt/before
! install_first
status
install_this`);
    expect(said).toBe(AS_IT_SHOULD_BE);
  });

  test("what was moved aside is told, with what to do", () => {
    const said = inMachine(
      `
mount -t proc proc proc
install_first
mallory 'mv calibration away; ln -s /etc calibration'`,
      "install_this 2>&1; readlink var/lib/so101-teleop/aside.*/calibration",
    );
    expect(said).toMatch(
      /calibration was not a folder\. It is now (\/var\/lib\/so101-teleop\/aside\.\w+\/calibration), as it was/,
    );
    expect(said).toContain("set calibration_dir in /etc/so101-teleop/config.toml");
    expect(said).toEndWith("\n/etc\n");
  });

  test.each(["ln -s /srv/victim", "touch", "mkfifo"])(
    "something odd in the place of the folder above (%s) is told, and stops nothing",
    (make) => {
      const said = inMachine(
        `
mount -t proc proc proc
${make} var/lib/so101-teleop
watch >/mnt/before`,
        "install_this 2>&1; unwatched; purge 2>&1; unwatched",
      );
      expect(said).toContain("/var/lib/so101-teleop is not a folder: nothing is changed there.");
    },
  );

  /** Calibrations as root and as others of the group make them. */
  const calibrations = `
mallory 'umask 002; mkdir -p calibration/robots/so101_follower; echo {} >calibration/robots/so101_follower/a.json'
mkdir -p var/lib/so101-teleop/calibration/teleoperators/so101_leader
echo {} >var/lib/so101-teleop/calibration/teleoperators/so101_leader/b.json
chmod 664 var/lib/so101-teleop/calibration/teleoperators/so101_leader/b.json`;

  test.each(["first", "this"])(
    "after a purge of %s calibrations are root's; after the installation that follows, the group's again",
    (release) => {
      const said = inMachine(
        `
mount -t proc proc proc
install_${release}
${calibrations}
purge
watch >/mnt/before`,
        `
find var/lib/so101-teleop ! -user root
! mallory 'echo >>calibration/robots/so101_follower/a.json' 2>/dev/null
install_this >&2
unwatched
whose
mallory 'echo >>calibration/robots/so101_follower/a.json; echo >calibration/teleoperators/so101_leader/c.json'`,
      );
      expect(said).toBe(
        `${[
          " d 755 root:root",
          "calibration d 2775 root:dialout",
          "calibration/robots d 2775 root:dialout",
          "calibration/robots/so101_follower d 2775 root:dialout",
          "calibration/robots/so101_follower/a.json f 664 root:dialout",
          "calibration/teleoperators d 2775 root:dialout",
          "calibration/teleoperators/so101_leader d 2775 root:dialout",
          "calibration/teleoperators/so101_leader/b.json f 664 root:dialout",
          "datasets d 2775 root:dialout",
        ].join("\n")}\n`,
      );
    },
  );

  test("a purge follows no link and takes no file that has a second name", () => {
    const said = inMachine(
      `
mount -t proc proc proc
install_first
install_this
${calibrations}
mallory 'ln -s /etc calibration/link; ln -s /etc/shadow calibration/robots/c.json; mkfifo calibration/robots/fifo'
chown 4712 srv/victim/file
ln srv/victim/file var/lib/so101-teleop/calibration/robots/hard.json
mallory 'mkdir -m 777 calibration/mine; echo >calibration/mine/file; mkdir -m 700 calibration/closed'
watch >/mnt/before`,
      `
purge 2>&1
unwatched
status 2>/dev/null || true
whose
! mallory 'mv calibration/mine/file calibration/mine/other' 2>/dev/null`,
    );
    expect(said).toContain("that have a second name elsewhere");
    expect(said).toContain("calibrations are kept in /var/lib/so101-teleop/calibration");
    expect(said).toContain("calibration/link l 777 root:root\n");
    expect(said).toContain("calibration/mine d 2755 root:root\ncalibration/mine/file f 644 root:root\n");
    expect(said).toContain("calibration/closed d 2700 root:root\n");
    expect(said).toContain("calibration/robots/hard.json f 644 4712:root\n");
    expect(said).not.toContain("4711");
  });

  test("without calibrations a purge leaves nothing, whatever else is there", () => {
    const said = inMachine(
      `
mount -t proc proc proc
install_first
mallory 'ln -s /etc calibration/link; mkdir -p calibration/a/b; mkfifo calibration/a/fifo'
install_this
mkdir -p run/so101-teleop
watch >/mnt/before
purge`,
      "unwatched; ls -d var/lib/so101-teleop run/so101-teleop 2>&1 || true",
    );
    expect(said.trim().split("\n")).toEqual([
      "ls: cannot access 'var/lib/so101-teleop': No such file or directory",
      "ls: cannot access 'run/so101-teleop': No such file or directory",
    ]);
  });

  test("what of root's mallory has moved there is opened to nobody", () => {
    const said = inMachine(
      `
mount -t proc proc proc
mkdir -m 777 home/mallory
mkdir -m 700 home/mallory/folder
echo secret >home/mallory/folder/readable-within
install_first
mallory 'mkdir -m 777 calibration/mine'
mkdir -m 700 var/lib/so101-teleop/calibration/mine/folder
echo secret >var/lib/so101-teleop/calibration/mine/folder/file
echo secret >var/lib/so101-teleop/calibration/private
chmod 640 var/lib/so101-teleop/calibration/private
chgrp root var/lib/so101-teleop/calibration/private
purge
install_this
purge
install_this`,
      `
whose
! mallory 'cat calibration/private' 2>/dev/null
! mallory 'ls calibration/mine/folder' 2>/dev/null`,
    );
    expect(said).toContain("calibration/private f 640 root:root\n");
    expect(said).toMatch(/calibration\/mine\/folder d 2?700 root:/);
  });

  /** What dpkg knows of the package's conffiles, and what is in the folder of the configurations. */
  const CONFIG = `chroot . dpkg-query -W -f='\${Conffiles}\\n' so101-teleop | awk 'NF { print "conffile", $1, $3 }'
ls -A -I network etc/so101-teleop 2>/dev/null || true`;
  /** What the new version has. */
  const ANNOUNCED = "conffile /etc/avahi/services/so101.service ";

  test.each([
    ["as it was shipped", ""],
    [
      "with its edits",
      "echo '# mine' >>etc/so101-teleop/config.toml; chmod 640 etc/so101-teleop/config.toml; chgrp dialout etc/so101-teleop/config.toml",
    ],
    [
      "a link to where an administrator keeps it",
      "mv etc/so101-teleop/config.toml srv/; ln -s ../../srv/config.toml etc/so101-teleop/",
    ],
  ])("the configuration of 0.1.0, %s, is the same after the upgrade, and dpkg's no more", (_, edit) => {
    const said = inMachine(
      `
mount -t proc proc proc
install_first
mkdir -p etc/so101-teleop
echo '# a second pair' >etc/so101-teleop/left.toml
${edit}
stat -c '%N %a %U %G %i %Y' etc/so101-teleop/config.toml >/mnt/config
cp etc/so101-teleop/config.toml /mnt/kept
install_this
stat -c '%N %a %U %G %i %Y' etc/so101-teleop/config.toml | cmp - /mnt/config
cmp etc/so101-teleop/config.toml /mnt/kept
# Again, and away and back, it stays so: nothing is asked, nothing is laid beside it.
install_this
dpkg_ --remove so101-teleop
install_this
cmp etc/so101-teleop/config.toml /mnt/kept`,
      `${CONFIG}\npurge >&2\ntest ! -e etc/so101-teleop`,
    );
    expect(said).toBe(`${ANNOUNCED}\nconfig.toml\nleft.toml\n`);
  });

  test("a configuration that somebody has taken away is not made again, until the package is purged", () => {
    const said = inMachine(
      `
mount -t proc proc proc
install_first
rm etc/so101-teleop/config.toml
install_this`,
      `${CONFIG}
install_this >&2
ls -A -I network etc/so101-teleop 2>/dev/null || true
purge >&2
install_this >&2
cmp etc/so101-teleop/config.toml usr/share/so101-teleop/config.toml
stat -c '%a %U %G' etc/so101-teleop/config.toml
echo '# mine' >etc/so101-teleop/config.toml
install_this >&2
cat etc/so101-teleop/config.toml
rm etc/so101-teleop/config.toml
install_this >&2
ls -A -I network etc/so101-teleop`,
    );
    expect(said).toBe(`${ANNOUNCED}\n644 root root\n# mine\n`);
  });

  test("an upgrade that fails half-way leaves the configuration of 0.1.0 as it was", () => {
    const said = inMachine(
      `
mount -t proc proc proc
install_first
echo '# mine' >>etc/so101-teleop/config.toml
cp etc/so101-teleop/config.toml /mnt/kept
# In the middle of unpacking there is no place for a file.
mkdir usr/share/so101-teleop
mount -t tmpfs -o ro tmpfs usr/share/so101-teleop
if install_this; then exit 9; fi
cmp etc/so101-teleop/config.toml /mnt/kept`,
      `status; ls -A -I network etc/so101-teleop
umount usr/share/so101-teleop
install_this >&2
cmp etc/so101-teleop/config.toml /mnt/kept
${CONFIG}`,
    );
    expect(said).toBe(`installed 0.1.0\nconfig.toml\n${ANNOUNCED}\nconfig.toml\n`);
  });

  test("an upgrade that was interrupted by a loss of power is brought to its end, with what was edited meanwhile", () => {
    const said = inMachine(
      `
mount -t proc proc proc
install_first
echo '# mine' >>etc/so101-teleop/config.toml
mv etc/so101-teleop/config.toml etc/so101-teleop/.config.toml.dpkg-aside
echo '# made meanwhile' >etc/so101-teleop/config.toml
install_this`,
      `tail -n 1 etc/so101-teleop/config.toml; cat etc/so101-teleop/config.toml.dpkg-old; ls -A -I network etc/so101-teleop`,
    );
    expect(said).toBe("# mine\n# made meanwhile\nconfig.toml\nconfig.toml.dpkg-old\n");
  });

  test("a machine that runs 0.1.0, half-configured by mallory's link, goes on with this version", async () => {
    await using machine = await Machine.boot({ from: debs, to: dirname(PROGRAM_OF_BARE_RELEASES) });
    const unit = "so101-teleop.service";
    const pid = () => machine.must("systemctl", "show", "--value", "--property=MainPID", unit);
    await machine.must("rm", "-rf", "/usr/sbin/policy-rc.d", "/var/lib/so101-teleop");
    await machine.must("dpkg", "--no-triggers", "--install", "/opt/so101/0.1.0.deb");
    const before = await pid();
    const attack = "cd /var/lib/so101-teleop; mv calibration away; ln -s /etc/planted calibration";
    await machine.must("chroot", "--userspec=4711:4711", "--groups=dialout", "/", "sh", "-euc", attack);
    const again = await machine.run(["dpkg", "--no-triggers", "--install", "/opt/so101/0.1.0.deb"]);
    expect(again.code).not.toBe(0);
    await machine.must("dpkg", "--no-triggers", "--install", "/opt/so101/this.deb");
    const status = await machine.must("dpkg", "--status", "so101-teleop");
    expect(status).toContain("Status: install ok installed\n");
    expect(status).toContain(`Version: ${version}\n`);
    expect(await machine.must("systemctl", "is-active", unit)).toBe("active");
    expect(await pid()).not.toBe(before);
    // And has the page, which 0.1.0 had not.
    expect(await machine.must("systemctl", "is-enabled", "so101-web.service")).toBe("enabled");
    expect(await machine.must("systemctl", "is-active", "so101-web.service")).toBe("active");
    // And the network's client, which has nothing to do yet, and a place for its certificates.
    expect(await machine.must("systemctl", "is-enabled", "so101-network.service")).toBe("enabled");
    expect(await machine.must("stat", "-c", "%a %U:%G", "/etc/so101-teleop/network")).toBe(
      "750 root:so101-network",
    );
    const modes = ["stat", "-c", "%F %a %U:%G", "/var/lib/so101-teleop", "/var/lib/so101-teleop/calibration"];
    const right = "directory 755 root:root\ndirectory 2775 root:dialout";
    expect(await machine.must(...modes)).toBe(right);
    expect((await machine.run(["test", "-e", "/etc/planted"])).code).not.toBe(0);
    // And so it stays at a boot.
    await machine.must("systemd-tmpfiles", "--create", "--boot", "--prefix=/var/lib/so101-teleop");
    expect(await machine.must(...modes)).toBe(right);
  });
});
