/** A program that has a port, its owner, and how it is named. */

/** The program that has a port. */
export interface Owner {
  readonly pid: number;
  /** As the process calls itself, what is not seen written out; undefined when that cannot be seen. */
  readonly name?: string;
}

/** How messages name a program: `NAME (pid N)`. */
export function nameOfOwner({ pid, name }: Owner): string {
  return name === undefined ? `pid ${pid}` : `${name} (pid ${pid})`;
}
