/** A thread that waits for a command, for the tests of the shared memory. */
import { systemClock } from "../../src/linux/clock.ts";
import { openMemory } from "../../src/teleop/shared/control-memory.ts";
import { Command } from "../../src/teleop/shared/mailbox.ts";

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<SharedArrayBuffer>) => {
  const { mailbox } = openMemory(data);
  self.postMessage("waiting");
  mailbox.wait(systemClock, 60_000);
  self.postMessage(mailbox.command === Command.stop ? "woken" : "gave up");
};
