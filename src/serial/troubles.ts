/** From what the system says about a port to what is wrong with it. */

import { Errno, nameOfErrno } from "../linux/libc.ts";
import { nameOfOwner, type Owner } from "../linux/owners/program.ts";
import { reasonOf } from "../linux/system-error.ts";
import { PortError, type PortTrouble } from "./transport.ts";

/** Why a port could not be opened, by the errno of the call that failed. */
export function notOpened(path: string, code: number): PortError {
  const because = (trouble: PortTrouble, message: string) =>
    new PortError(trouble, path, `${path} ${message}`, { errno: nameOfErrno(code) });
  switch (code) {
    case Errno.ENOENT:
    case Errno.ENOTDIR:
      return because("missing", "is not there");
    case Errno.EIO:
    case Errno.ENXIO:
    case Errno.ENODEV:
      return because("missing", "has no device behind it");
    case Errno.EACCES:
    case Errno.EPERM:
      return because("denied", "may not be opened by this user");
    case Errno.EBUSY:
      return inUseBy(path, undefined);
    case Errno.ENOTTY:
    case Errno.EISDIR:
      return because("not a tty", "is not a serial port");
    default:
      return because("failed", `could not be opened: ${reasonOf(nameOfErrno(code))}`);
  }
}

/** Another program has the port, or another part of this one; undefined where it is not known which. */
export function inUseBy(path: string, owner: Owner | undefined): PortError {
  const who = owner === undefined ? "another program" : nameOfOwner(owner);
  return new PortError("in use", path, `${path} is in use by ${who}`, { owner });
}

/** Why a call on an open port failed. `action` is what was tried: "reading", "writing". */
export function failed(path: string, action: string, code: number): PortError {
  if (code === Errno.EIO || code === Errno.ENXIO || code === Errno.ENODEV) return lost(path);
  const errno = nameOfErrno(code);
  return new PortError("failed", path, `${path}: ${action} failed: ${reasonOf(errno)}`, { errno });
}

/** The board went away: EIO or a read of 0 bytes from a tty hung up, ENODEV or ENXIO from a driver without its device. */
export function lost(path: string): PortError {
  return new PortError("lost", path, `${path} went away: the board was unplugged or lost its power`);
}

/** The board took no output in time. */
export function stuck(path: string): PortError {
  return new PortError("stuck", path, `${path} did not take what was sent in time`);
}

/** The port was used after it was closed. */
export function closed(path: string): PortError {
  return new PortError("closed", path, `${path} is not open`);
}
