/** What the thread that waits for ZeroMQ's descriptors and the one that it wakes have in common. */

/** Words of the memory that they share: whether the other one was told, and has not looked yet; whether it is over. */
export const IS_TOLD = 0;
export const HAS_ENDED = 1;
export const WORDS = 2;

/** What the thread is to wait for, once. */
export interface WatchOrder {
  /** Readable while there is something to look at. */
  readonly fd: number;
  readonly words: Int32Array;
}
