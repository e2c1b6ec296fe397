/** Who uses this machine, as far as its files tell: names that nobody else needs to learn. */
import { readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";

/** What is somebody's, or this machine's own. */
export interface OwnNames {
  /** The machine's. */
  readonly hosts: readonly string[];
  readonly users: readonly string[];
  /** Where those are at home. */
  readonly homes: readonly string[];
}

/** From here on Debian numbers people; below are the system's users. The last ones are nobody's. */
const FIRST_PERSON = 1_000;
const LAST_PERSON = 60_000;

/** Of this machine. Never throws: what cannot be read tells nothing. */
export function ownNames(): OwnNames {
  const people = linesOf("/etc/passwd").flatMap((line) => {
    const [name = "", , uid, , , home = ""] = line.split(":");
    return Number(uid) >= FIRST_PERSON && Number(uid) <= LAST_PERSON ? [{ name, home }] : [];
  });
  const host = hostname();
  return {
    hosts: [...new Set([host, host.split(".")[0]!])],
    users: [...new Set([...people.map(({ name }) => name), ...namesIn("/home")])].filter(Boolean),
    homes: [...new Set(people.map(({ home }) => home))].filter((home) => home.length > 1),
  };
}

/** The name of a user by its number; the number where /etc/passwd has none. The runtime knows it from $USER alone. */
export function nameOfUser(uid: number): string {
  const line = linesOf("/etc/passwd").find((one) => one.split(":")[2] === `${uid}`);
  return line?.split(":")[0] ?? `${uid}`;
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch {
    return [];
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
