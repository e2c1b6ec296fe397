/** This machine over again, for tools that change a machine: what they write goes into a folder. As root. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import config from "../../packaging/config.toml" with { type: "text" };

/** Boards that are not there: what udev would tell of them. */
export const BOARDS = { leader: "SIEGE0001", follower: "SIEGE0002" } as const;

/** A machine's folders: what is written to it, what mounting that takes, and where it is seen. */
export interface Machine {
  readonly upper: string;
  readonly work: string;
  readonly root: string;
  /** What of the real machine is seen in it as it is: the folder of the attack, with its traces. */
  readonly shared: string;
}

/**
 * Mounts it where nobody else sees it, and runs a command there. Devices are few, and its own: no tool may make links in
 * the real folder of devices.
 */
const ENTER = `set -e
upper=$1 work=$2 root=$3 shared=$4; shift 4
mkdir -p "$upper" "$work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$upper,workdir=$work" "$root"
mount -t tmpfs tmpfs "$root/dev"
for device in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9"; do
  set -- $device "$@"; mknod -m 666 "$root/dev/$1" c "$2" "$3"; shift 3
done
touch "$root/dev/ttyACM90" "$root/dev/ttyACM91"
mount -t proc proc "$root/proc"
mount --bind "$shared" "$root$shared"
exec chroot "$root" "$@"`;

/** Puts a command into the machine. */
export function onMachine({ upper, work, root, shared }: Machine, command: readonly string[]): string[] {
  const enter = ["unshare", "--mount", "--propagation", "private", "sh", "-c", ENTER, "sh"];
  return [...enter, upper, work, root, shared, ...command];
}

/** Whether this machine lets us make one. */
export function canHaveMachine(machine: Machine): boolean {
  if (process.geteuid?.() !== 0 || Bun.which("unshare") === null) return false;
  return Bun.spawnSync(onMachine(machine, ["true"]), { stderr: "ignore" }).success;
}

/** Plays udev: two boards, whose names are made when rules are applied. */
const UDEVADM = `#!/bin/sh
board() { echo "P: /devices/$1"; echo "N: $1"; echo "E: DEVNAME=/dev/$1"; echo "E: ID_VENDOR_ID=1a86"; echo "E: ID_MODEL_ID=55d3"
  echo "E: ID_SERIAL_SHORT=$2"; echo; }
case "$1 $2" in
"info -e") board ttyACM90 ${BOARDS.leader}; board ttyACM91 ${BOARDS.follower} ;;
trigger*) mkdir -p /dev/so101
  for name in ttyUSB_leader_arm so101/left-leader; do ln -sf /dev/ttyACM90 /dev/$name; done
  for name in ttyUSB_follower_arm so101/left-follower; do ln -sf /dev/ttyACM91 /dev/$name; done ;;
esac
`;

/** Lays udev into a machine that has none, boards that had names, and the package's configuration. */
export function layBoards({ upper }: Machine): void {
  const rule = (serial: string, role: string) =>
    `SUBSYSTEM=="tty", ATTRS{serial}=="${serial}", SYMLINK+="ttyUSB_${role}_arm"\n`;
  for (const [path, text] of [
    ["usr/bin/udevadm", UDEVADM],
    ["run/udev/control", ""],
    ["etc/udev/rules.d/98-so101-arms.rules", `# mine\n${rule("OLD1", "leader")}${rule("OLD2", "follower")}`],
    ["etc/so101-teleop/config.toml", config],
  ] as const) {
    const target = join(upper, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
    chmodSync(target, 0o755);
  }
}

/** Whether something in a machine's `upper` is none of ours: what other programs of the system write, and what is played. */
export function isOfTheSystem(path: string): boolean {
  if (/^upper\/(tmp|dev|run|proc|root|home)(\/|$)/.test(path)) return true;
  // Users and groups, and their backups, locks and temporary files.
  if (/^upper\/etc\/(\.#?)?(passwd|group|shadow|gshadow|subuid|subgid|pwd)/.test(path)) return true;
  return path === "upper/usr/bin/udevadm";
}
