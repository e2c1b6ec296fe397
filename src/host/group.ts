/** The groups of this machine's users. */
import { readFileSync } from "node:fs";

/** The number of a group of the system; undefined where there is none of that name. */
export function groupId(name: string): number | undefined {
  try {
    for (const line of readFileSync("/etc/group", "utf8").split("\n")) {
      const [group, , id] = line.split(":");
      if (group === name && /^\d+$/.test(id ?? "")) return Number(id);
    }
  } catch {} // a system without that file
  return undefined;
}
