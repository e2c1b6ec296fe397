/** The machine's groups, by name. */
import { readFileSync } from "node:fs";

/** The number of a group in a file of the form of group(5); undefined where there is none of that name. Never throws. */
export function groupId(name: string, file = "/etc/group"): number | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined; // a system that is being installed, or a container without users
  }
  // "dialout:x:20:pi,ada"
  const fields = text.split("\n").map((line) => line.split(":"));
  const id = fields.find(([group]) => group === name)?.[2];
  return id !== undefined && /^\d+$/.test(id) ? Number(id) : undefined;
}
