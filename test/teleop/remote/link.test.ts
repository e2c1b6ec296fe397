import { expect, spyOn, test } from "bun:test";
import { systemClock } from "../../../src/linux/clock.ts";
import { LINK_WORDS, LinkOwner, SocketLink } from "../../../src/teleop/remote/link.ts";

test.each([0, 1, 2])(
  "a descriptor that was taken back is not used, whatever was read before (%p words)",
  (before) => {
    const words = new Int32Array(new SharedArrayBuffer(4 * LINK_WORDS));
    const owner = new LinkOwner(words);
    const link = new SocketLink(words, systemClock);
    const closed = 99_999;
    owner.give(closed);
    expect(link.look()).toBe(false); // nobody is there: it is left
    const { load } = Atomics;
    let loads = 0;
    const spy = spyOn(Atomics, "load").mockImplementation(((array: Int32Array, index: number) => {
      if (loads++ === before) {
        spy.mockRestore();
        expect(owner.takeLeft()).toBe(closed);
      }
      return load(array, index);
    }) as never);
    expect(link.receive()).toBe(-1);
    spy.mockRestore();
    // What is used and fails is left.
    expect(words.slice(0, 2)).toEqual(new Int32Array(before === 2 ? [closed + 1, closed + 1] : [0, 0]));
  },
);
