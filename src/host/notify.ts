/** Telling systemd how a service is: readiness, status, signs of life. The protocol of sd_notify(3). */
import { libc, nativeBuffer } from "../linux/libc.ts";
import { visible } from "../linux/text/visible.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** struct sockaddr_un: the family, then the path. */
const PATH_AT = 2;
const LONGEST_PATH = 107;
const MESSAGE_ROOM = 2_048;

/** systemd, as the service that it runs sees it. */
export interface ServiceManager {
  /** How often it wants a sign of life, in ms; undefined when it wants none. */
  readonly watchdogMs: number | undefined;
  /** Sends assignments of sd_notify(3), a line each whatever is in them, as one message. What cannot be sent is lost: systemd is not waited for. */
  notify(...assignments: readonly string[]): void;
}

/** The systemd that started this process; undefined when none did, or it does not want to hear of it. */
export function serviceManager(
  env: Readonly<Record<string, string | undefined>> = process.env,
): ServiceManager | undefined {
  const path = env.NOTIFY_SOCKET;
  const encoder = new TextEncoder();
  const name = encoder.encode(path ?? "");
  if (path === undefined || !/^[/@]/.test(path) || name.length > LONGEST_PATH) return undefined;
  const address = nativeBuffer(PATH_AT + LONGEST_PATH + 1);
  new DataView(address.bytes.buffer).setUint16(0, AF_UNIX, true);
  address.bytes.set(name, PATH_AT);
  const isAbstract = path.startsWith("@");
  if (isAbstract) address.bytes[PATH_AT] = 0;
  const addressSize = PATH_AT + name.length + (isAbstract ? 0 : 1);
  const message = nativeBuffer(MESSAGE_ROOM);
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd === -1) return undefined;
  return {
    watchdogMs: watchdogMs(env),
    notify(...assignments) {
      const { written } = encoder.encodeInto(assignments.map(visible).join("\n"), message.bytes);
      libc.sendto(fd, message.pointer, written, MSG_DONTWAIT | MSG_NOSIGNAL, address.pointer, addressSize);
    },
  };
}

/** WATCHDOG_USEC, when it is meant for this process. */
function watchdogMs(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const { WATCHDOG_USEC, WATCHDOG_PID } = env;
  if (WATCHDOG_PID !== undefined && Number(WATCHDOG_PID) !== process.pid) return undefined;
  const us = Number(WATCHDOG_USEC);
  return us > 0 ? us / 1000 : undefined;
}
