/** Which connection gives up its place when all are taken and somebody new comes. */

/** The process at the other end of connections. */
export interface Asker {
  readonly pid: number;
  /** How many places it has. */
  places: number;
}

/** A connection that has a place. */
export interface Place {
  readonly asker: Asker;
  /** Whether it is sent something again and again: a watcher. */
  readonly isWatcher: boolean;
  /** Whether it stays, whatever others want: there are a few such at most. */
  readonly isHeld: boolean;
  /** When it connected, last said a whole request, or last took what it was sent; ms. */
  readonly activeMs: number;
}

/** A connection that has said nothing for so long is the first to go. */
const SILENT_MS = 1_000;

/**
 * The one that makes room for a newcomer of `asker`: the connection that has been silent longest, if for a second at
 * least. Else one of the process that has the most places: the watcher that has been idle longest, or the connection
 * that has. Undefined when that process is the newcomer's own and has no watcher: then the newcomer is one too many.
 */
export function whoMakesRoom<P extends Place>(
  places: Iterable<P>,
  asker: Asker,
  nowMs: number,
): P | undefined {
  let most = 0;
  let silent: P | undefined;
  for (const place of places) {
    most = Math.max(most, place.asker.places);
    if (place.isHeld) continue;
    if (!place.isWatcher && nowMs - place.activeMs >= SILENT_MS) silent = idlerOf(silent, place);
  }
  if (silent !== undefined) return silent;
  const isOwn = asker.places >= most;
  let watcher: P | undefined;
  let other: P | undefined;
  for (const place of places) {
    if (place.isHeld) continue;
    if (isOwn ? place.asker !== asker : place.asker.places < most) continue;
    if (place.isWatcher) watcher = idlerOf(watcher, place);
    else if (!isOwn) other = idlerOf(other, place);
  }
  return watcher ?? other;
}

function idlerOf<P extends Place>(first: P | undefined, second: P): P {
  return first === undefined || second.activeMs < first.activeMs ? second : first;
}
