/**
 * Making files with the group and the mode that they are to have from their first moment. Changed afterwards, by name, what has
 * been put in their place meanwhile would get them: by whoever may write to the folder, from root.
 */
import { libc } from "./libc.ts";

/** Who may use a file. */
export interface MadeFor {
  /** The number of its group; undefined for the maker's own. Only root can make files for any group. */
  readonly group: number | undefined;
  /** At most so much of what `make` asks for: of a socket, all of it. */
  readonly mode: number;
}

/** Runs `make`, whose files are made before it returns, on the main thread. Returns what it returns, and throws what it throws. */
export function madeFor<Made>({ group, mode }: MadeFor, make: () => Made): Made {
  const umask = process.umask(0o777 & ~mode);
  // This thread's alone, which libc's other ways of changing the group are not.
  const ownGroup = group !== undefined && process.geteuid?.() === 0 ? libc.setfsgid(group) : undefined;
  try {
    return make();
  } finally {
    if (ownGroup !== undefined) libc.setfsgid(ownGroup);
    process.umask(umask);
  }
}
