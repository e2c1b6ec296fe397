/** How the file is named that is about to take another's place. */
import { randomUUID } from "node:crypto";

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A name beside that of a file: hidden, the file's, and one that nobody can guess and put a link at. */
export function temporaryName(name: string): string {
  return `.${name}.${randomUUID()}`;
}

/** The name of the file for which an entry of a folder is a temporary one; undefined for any other entry. */
export function nameBehindTemporary(entry: string): string | undefined {
  const at = entry.search(UUID);
  return at > 2 && entry.startsWith(".") && entry[at - 1] === "." ? entry.slice(1, at - 1) : undefined;
}
