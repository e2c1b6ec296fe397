/** The thread that waits for ZeroMQ's descriptors: a Worker that says when one is readable, and waits until that was looked at. */
import { nowUs } from "../../linux/clock.ts";
import { awaitInput } from "../../linux/sockets/await-input.ts";
import { HAS_ENDED, IS_TOLD, type WatchOrder } from "./watch-protocol.ts";

declare const self: Worker;

/** Should ever a sign be lost, what has come is looked at by then. */
const LONGEST_WAIT_US = 1_000_000;

self.onmessage = ({ data: { fd, words } }: MessageEvent<WatchOrder>) => {
  for (;;) {
    awaitInput(fd, nowUs() + LONGEST_WAIT_US);
    if (Atomics.load(words, HAS_ENDED) !== 0) break;
    Atomics.store(words, IS_TOLD, 1);
    self.postMessage("ready");
    Atomics.wait(words, IS_TOLD, 1);
  }
  self.postMessage("ended");
};
