/** TUN devices: a network device whose packets a program reads and writes. It goes when the program ends. */
import { cString, errno, libc, nativeBuffer } from "../../../linux/libc.ts";
import { systemError } from "../../../linux/system-error.ts";

const DEVICE = "/dev/net/tun";
// asm-generic's and if_tun.h's numbers; the same on x86-64 and arm64.
const O_RDWR_NONBLOCK = 0o4002;
const TUNSETIFF = 0x4004_54ca;
const IFF_TUN_NO_PI = 0x1001;
/** struct ifreq: the name, then flags. */
const FLAGS_AT = 16;
const IFREQ_BYTES = 40;

/** Makes one in this process's network namespace; returns its file descriptor, which never waits. Throws the system's error. */
export function openTun(name: string): number {
  const fd = libc.open(cString(DEVICE), O_RDWR_NONBLOCK);
  if (fd === -1) throw systemError(errno(), "open", DEVICE);
  const request = nativeBuffer(IFREQ_BYTES);
  request.bytes.set(new TextEncoder().encode(name));
  new DataView(request.bytes.buffer).setUint16(FLAGS_AT, IFF_TUN_NO_PI, true);
  if (libc.ioctl(fd, TUNSETIFF, request.pointer) === -1) throw systemError(errno(), "ioctl", DEVICE);
  return fd;
}
