/** By what a udev rule knows a board, and whether a board that is plugged in is the one. */
import { isVisible } from "../linux/text/visible.ts";
import type { DeviceFacts } from "./udev.ts";

/** By what a rule knows a board: its own serial number, or where it is plugged in. */
export type BoardMark =
  | {
      readonly by: "serial";
      readonly serial: string;
      readonly vendorId?: string;
      readonly productId?: string;
    }
  /** `ID_PATH`, as in `platform-3f980000.usb-usb-0:1.2:1.0`. */
  | { readonly by: "socket"; readonly socket: string }
  /** The kernel's name of the USB port, or of anything that the board hangs on: `1-3.1`. udev's patterns may be in it. */
  | { readonly by: "usb port"; readonly usbPort: string }
  /** Another property that udev keeps of the board. udev's patterns may be in its value. */
  | { readonly by: "property"; readonly property: string; readonly value: string };

/**
 * A value that udev takes for itself alone: no pattern (`*`, `?`, `[…]`, `|`), no substitution (`$`, `%`), no end of the
 * text or the line. What a board says of itself could else be a rule of its own, or stand for other boards too.
 */
export function isPlainValue(value: string): boolean {
  return /^[\w.:+@-]+$/.test(value);
}

/** A value in which udev's patterns may be, and still nothing that ends the text. Only from rules that root has written. */
function isPattern(value: string): boolean {
  return value !== "" && !/["\\$%]/.test(value) && isVisible(value);
}

/** Whether a rule can be made of a mark: what it says must stay within its quotes, and mean no other board. */
export function isWritableMark(mark: BoardMark): boolean {
  switch (mark.by) {
    case "serial":
      return [mark.serial, mark.vendorId, mark.productId].every(
        (value) => value === undefined || isPlainValue(value),
      );
    case "socket":
      return isPlainValue(mark.socket);
    case "usb port":
      return isPattern(mark.usbPort);
    case "property":
      return /^\w+$/.test(mark.property) && isPattern(mark.value);
  }
}

/** What a rule says that a board must be, as udev writes it. Throws an Error for a mark that is not writable. */
export function conditionsOf(mark: BoardMark): string[] {
  if (!isWritableMark(mark)) throw new Error(`no rule can be made for ${describeMark(mark)}`);
  switch (mark.by) {
    case "serial":
      return [
        ...(mark.vendorId === undefined ? [] : [`ATTRS{idVendor}=="${mark.vendorId}"`]),
        ...(mark.productId === undefined ? [] : [`ATTRS{idProduct}=="${mark.productId}"`]),
        `ATTRS{serial}=="${mark.serial}"`,
      ];
    case "socket":
      return [`ENV{ID_PATH}=="${mark.socket}"`];
    case "usb port":
      return [`KERNELS=="${mark.usbPort}"`];
    case "property":
      return [`ENV{${mark.property}}=="${mark.value}"`];
  }
}

/** Properties that say what kind of board it is, or what was done with it: they tell no board from another. */
const TELL_NOTHING =
  /^ID_(BUS|VENDOR|MODEL|REVISION|TYPE|USB_(VENDOR|MODEL|REVISION|TYPE|DRIVER|INTERFACE)|MM_)/;

/** By what a rule knows its board; undefined where that is nothing which tells one board from another. */
export function markOf(rule: string): BoardMark | undefined {
  const value = (key: string) => new RegExp(`\\b${key}\\s*==\\s*"([^"]*)"`).exec(rule)?.[1];
  const serial =
    value("ATTRS\\{serial\\}") ?? value("ENV\\{ID_SERIAL_SHORT\\}") ?? value("ENV\\{ID_USB_SERIAL_SHORT\\}");
  const vendorId = value("ATTRS\\{idVendor\\}") ?? value("ENV\\{ID_VENDOR_ID\\}");
  const productId = value("ATTRS\\{idProduct\\}") ?? value("ENV\\{ID_MODEL_ID\\}");
  if (serial !== undefined) {
    return { by: "serial", serial, ...(vendorId && { vendorId }), ...(productId && { productId }) };
  }
  const socket = value("ENV\\{ID_PATH\\}");
  if (socket !== undefined) return { by: "socket", socket };
  const usbPort = value("KERNELS");
  if (usbPort !== undefined && /^[\d*?[\]][-\d.:*?|[\]]*$/.test(usbPort)) return { by: "usb port", usbPort };
  // Rules of the system make links for other things by their properties.
  if (!/\bSUBSYSTEMS?\s*==\s*"tty"|\bKERNEL\s*==\s*"tty/.test(rule)) return undefined;
  const property = [...rule.matchAll(/\bENV\{(\w+)\}\s*==\s*"([^"]+)"/g)].find(
    ([, name, pattern]) => !TELL_NOTHING.test(name!) && /\w/.test(pattern!),
  );
  return property && { by: "property", property: property[1]!, value: property[2]! };
}

/** Whether a board that is plugged in is the one that a rule knows by a mark, for all that udev says of it. */
export function isMarked({ properties, ancestors }: DeviceFacts, mark: BoardMark): boolean {
  const has = (name: string, pattern: string) => isLike(properties[name] ?? "", pattern);
  switch (mark.by) {
    case "serial":
      return has("ID_SERIAL_SHORT", mark.serial);
    case "socket":
      return has("ID_PATH", mark.socket);
    case "usb port":
      return ancestors.some((name) => isLike(name, mark.usbPort));
    case "property":
      return has(mark.property, mark.value);
  }
}

/** How people are told which board it is: `the board with serial A`, `whatever is in the USB port 1-3.1`. */
export function describeMark(mark: BoardMark): string {
  switch (mark.by) {
    case "serial":
      return `the board with serial ${mark.serial}`;
    case "socket":
      return `whatever is in the USB socket ${mark.socket}`;
    case "usb port":
      return `whatever is in the USB port ${mark.usbPort}`;
    case "property":
      return `the board with ${mark.property}=${mark.value}`;
  }
}

/** Whether a value is like one of udev's patterns: `*`, `?`, `[…]`, and `|` between alternatives. */
function isLike(value: string, pattern: string): boolean {
  return pattern.split("|").some((one) => {
    const source = one.replaceAll(/\[[^\]]*\]|[\\^$.+(){}*?[\]]/g, (found) => {
      if (found === "*") return ".*";
      if (found === "?") return ".";
      return found.length > 1 ? found.replace(/^\[!/, "[^") : `\\${found}`;
    });
    return new RegExp(`^${source}$`).test(value);
  });
}
