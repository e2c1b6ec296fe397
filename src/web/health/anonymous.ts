/** A text without what is somebody's own: names, addresses, serial numbers, homes. */
import { isIPv6 } from "node:net";
import type { OwnNames } from "../../host/people.ts";

/** What is to be left out, beside what looks personal wherever it stands. */
export interface Personal extends OwnNames {
  /** USB serial numbers of the boards that are plugged in, or have names. */
  readonly serials: readonly string[];
  /** Names that people have given to arms and pairs. */
  readonly given: readonly string[];
}

/** Names that tell nothing, and that a text about arms is full of. */
const EVERYBODYS = new Set([
  ...["so101", "localhost", "raspberrypi", "raspberry", "pi", "root", "debian", "linux"],
  ...["leader", "follower", "main", "arm", "arms", "left", "right", "robot", "control"],
]);

/** Homes wherever they are usually, and root's; with all below, whose names are somebody's, too, and may have blanks. */
const HOMES =
  /(?:(?:\/var)?\/home(?=\/)|(?<![\w/])\/root(?![\w-]))(?:\/[^\s"'`;,|)/]+(?: [^\s"'`;,|)/]+)*(?=\/))*(?:\/[^\s"'`;,|)]*)?/g;
/** Names that udev makes of boards have their serial numbers in them. */
const BY_ID = /(by-id\/)[^\s"'`;,|)]+/g;
/** Where a broker is, and leaders of other machines as messages name them: `"desk/main"`. */
const BROKER = /(mqtts?:\/\/)[^\s"'`;,|)]+/gi;
const LEADER = /(?<="|leader )[a-z0-9][\w-]{0,62}\/[a-z0-9][\w-]{0,63}(?![\w/-])/gi;
const IPV4 = /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)/g;
const MAC = /(?<![\da-f:])(?:[\da-f]{2}[:-]){5}[\da-f]{2}(?![\da-f:])/gi;
/** What may be an address of IPv6: a time may not. */
const COLONS = /(?<![\w:.])[\da-f]*:[\da-f:]*:[\da-f:.]*(?:%\w+)?/gi;
/** A serial number as boards have them, a machine's id, a Pi's own number: long, and mostly digits. Not a count. */
const NUMBER = /(?<![A-Za-z\d])(?=(?:[A-Za-z]*\d){4})[A-Za-z\d]{8,}(?![A-Za-z\d])(?! ticks)/g;

/** The text, with a word in capitals in the place of each thing that was left out. */
export function withoutPersonal(text: string, { hosts, users, homes, serials, given }: Personal): string {
  let left = text;
  const leave = (names: readonly string[], word: string, flags = "g") => {
    // The longest first: one may begin with another.
    for (const name of names.toSorted((a, b) => b.length - a.length)) {
      if (name === "" || EVERYBODYS.has(name.toLowerCase())) continue;
      left = left.replaceAll(
        new RegExp(`(?<![A-Za-z\\d])${RegExp.escape(name)}(?![A-Za-z\\d])`, flags),
        word,
      );
    }
  };
  left = left.replaceAll(BY_ID, "$1SERIAL").replaceAll(BROKER, "$1HOST").replaceAll(LEADER, "NAME");
  leave(serials, "SERIAL", "gi");
  for (const home of homes.toSorted((a, b) => b.length - a.length))
    left = left.replaceAll(home, "/home/USER");
  left = left.replaceAll(HOMES, "~");
  leave(users, "USER");
  leave(hosts, "HOST", "gi");
  leave(given, "NAME");
  return left
    .replaceAll(MAC, "ADDRESS")
    .replaceAll(COLONS, (found) => addressLeft(found))
    .replaceAll(IPV4, "ADDRESS")
    .replaceAll(NUMBER, "SERIAL");
}

function addressLeft(found: string): string {
  const [, address = "", rest = ""] = /^(.*?)([:.]?)$/.exec(found) ?? [];
  if (isIPv6(found)) return "ADDRESS";
  return isIPv6(address) ? `ADDRESS${rest}` : found;
}
