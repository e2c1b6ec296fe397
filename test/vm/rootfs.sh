#!/bin/bash
# rootfs.sh SUITE FOLDER: builds an arm64 Debian that qemu can boot: rootfs.ext4, vmlinuz, initrd.img, and the key of
# its root in ../id_ed25519. Needs root, and of Debian: mmdebstrap qemu-user-static qemu-utils e2fsprogs openssh-client
# debian-archive-keyring cpio. What is there already for this very script is kept.
set -euo pipefail
suite=$1
out=$2
key=$(dirname "$out")/id_ed25519
recipe=$(sha256sum "$0" | cut -c1-64)
[[ -e $out/rootfs.ext4 && $(cat "$out/recipe" 2>/dev/null) == "$recipe" ]] && exit 0
rm -rf "$out"
mkdir -p "$out"
[[ -e $key ]] || ssh-keygen -q -t ed25519 -N '' -C 'so101 test machine' -f "$key"

# arm64's programs run on this machine by binfmt_misc.
binfmt=/proc/sys/fs/binfmt_misc
[[ -e $binfmt/register ]] || mount -t binfmt_misc none $binfmt
[[ -e $binfmt/qemu-aarch64 ]] || cat /usr/lib/binfmt.d/qemu-aarch64.conf >$binfmt/register

# Where this machine's own apt has its packages from.
archive() { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sort -u | sed 's,/$,,' | grep -m1 "$1"; }
main=$(archive '/debian$')
security=$(archive '/debian-security$')
cat >"$out/sources.list" <<END
deb $main $suite main
deb $main $suite-updates main
deb $security $suite-security main
END

# An initramfs would take a minute to make under emulation: a small one is made below.
cat >"$out/setup" <<'END'
#!/bin/sh
set -e
mkdir -p "$1/etc/initramfs-tools"
echo 'update_initramfs=no' >"$1/etc/initramfs-tools/update-initramfs.conf"
END
cat >"$out/customize" <<END
#!/bin/sh
set -e
cd "\$1"
echo pi >etc/hostname
echo '127.0.0.1 localhost pi' >etc/hosts
echo '/dev/vda / ext4 defaults,noatime 0 1' >etc/fstab
mkdir -p -m 700 root/.ssh
cp '$key.pub' root/.ssh/authorized_keys
printf '[Match]\nName=e*\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n' >etc/systemd/network/10-machine.network
mkdir -p var/log/journal
chroot . systemctl --quiet enable systemd-networkd ssh
chroot . systemctl --quiet mask systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer \
  dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer
END
chmod +x "$out/setup" "$out/customize"
trap 'rm -rf "$out/rootfs" "$out/initrd"' EXIT

# Of the drivers only those that this machine has a use for.
drivers=(usb virtio block char tty hid input net/virtio_net net/net_failover)
kept=()
for driver in "${drivers[@]}"; do kept+=("--dpkgopt=path-include=*/modules/*/kernel/drivers/$driver*"); done
mmdebstrap --quiet --skip=check/qemu --mode=root --arch=arm64 --variant=apt \
  --include=systemd,systemd-sysv,udev,dbus,kmod,linux-image-arm64,openssh-server,iproute2,procps,busybox-static \
  --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Retries "3"' \
  --dpkgopt=force-unsafe-io --dpkgopt=force-confold \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/etc/kernel/postinst.d/initramfs-tools' \
  --dpkgopt='path-exclude=*/udev/hwdb.d/*' \
  --dpkgopt='path-exclude=*/modules/*/kernel/sound/*' --dpkgopt='path-exclude=*/modules/*/kernel/drivers/*' \
  "${kept[@]}" --setup-hook="'$out/setup' \"\$1\"" --customize-hook="'$out/customize' \"\$1\"" \
  "$suite" "$out/rootfs" - <"$out/sources.list"

# The initrd: busybox, and the modules that the disk takes.
mkdir -p "$out/initrd/bin" "$out/initrd/modules"
cp -L "$out/rootfs/bin/busybox" "$out/initrd/bin/busybox"
modules=$(echo "$out"/rootfs/lib/modules/*)
python3 - "$modules" "$out/initrd/modules" virtio_pci virtio_mmio virtio_blk crc32c_generic ext4 <<'END'
# In the order in which they depend on each other; unpacked, for busybox's insmod cannot.
import lzma, os, sys
modules, out, wanted = sys.argv[1], sys.argv[2], sys.argv[3:]
needs = dict(line.split(":") for line in open(f"{modules}/modules.dep"))
paths = {os.path.basename(path).split(".ko")[0].replace("-", "_"): path for path in needs}
order = []
for name in wanted:
    if name in paths:  # or it is built in
        order += [path for path in [*reversed(needs[paths[name]].split()), paths[name]] if path not in order]
with open(f"{out}/order", "w") as listing:
    for path in order:
        data, name = open(f"{modules}/{path}", "rb").read(), os.path.basename(path)
        if name.endswith(".xz"):
            data, name = lzma.decompress(data), name[:-3]
        open(f"{out}/{name}", "wb").write(data)
        listing.write(f"{name}\n")
END
cat >"$out/initrd/init" <<'END'
#!/bin/busybox sh
b=/bin/busybox
$b mkdir -p /proc /sys /dev /root
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs dev /dev
for module in $($b cat /modules/order); do $b insmod "/modules/$module"; done
while [ ! -b /dev/vda ]; do $b sleep 0.1; done
$b mount -t ext4 -o rw,noatime /dev/vda /root || exec $b sh
$b umount /proc /sys
$b mount --move /dev /root/dev
exec $b switch_root /root /sbin/init
END
chmod 755 "$out/initrd/init"
(cd "$out/initrd" && mkdir -p dev && mknod dev/console c 5 1 && find . | cpio --quiet -o -H newc) >"$out/initrd.img"

cp "$out"/rootfs/boot/vmlinuz-* "$out/vmlinuz"
truncate -s 3G "$out/rootfs.ext4"
mke2fs -q -t ext4 -F -L root -E lazy_itable_init=1 -d "$out/rootfs" "$out/rootfs.ext4"
echo "$recipe" >"$out/recipe"
