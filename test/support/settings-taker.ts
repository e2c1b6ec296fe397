/** A thread that takes settings as fast as it can until it is told to stop, for the tests of the mailbox. */
import { openMemory } from "../../src/teleop/shared/control-memory.ts";

declare const self: Worker;

interface Numbered {
  readonly first: number;
  readonly last: number;
}

self.onmessage = ({ data }: MessageEvent<SharedArrayBuffer>) => {
  const { mailbox } = openMemory(data);
  let last = 0;
  let taken = 0;
  let mixed = 0;
  const take = () => {
    const settings = mailbox.takeSettings() as Numbered | undefined;
    if (settings === undefined) return;
    taken++;
    if (settings.first !== settings.last || settings.first < last) mixed++;
    last = settings.last;
  };
  self.postMessage("ready");
  while (!mailbox.isEnding) {
    mailbox.attend();
    take();
  }
  take();
  self.postMessage({ last, taken, mixed });
};
