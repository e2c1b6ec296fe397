/** A thread that waits for a command, for the tests of the shared memory. */
import { Command, SharedState } from "../../src/teleop/shared/state.ts";

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<SharedArrayBuffer>) => {
  const shared = new SharedState(data);
  self.postMessage("waiting");
  shared.waitForCommand(60_000);
  self.postMessage(shared.command === Command.stop ? "woken" : "gave up");
};
