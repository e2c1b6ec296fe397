/** Claiming a page with a board, while none is named. */
import { describe, expect, test } from "bun:test";
import type { Board } from "../../../src/host/boards.ts";
import { unplugAndReplug } from "../../../src/web/access/board-claim.ts";
import type { Boards } from "../../../src/web/boards.ts";

const LEADER = { path: "/dev/ttyACM0", serial: "5A46082170", vendorId: "1a86", productId: "55d3" };
const FOLLOWER = { path: "/dev/ttyACM1", serial: "5A46083001", vendorId: "1a86", productId: "55d3" };
const BOTH: readonly Board[] = [LEADER, FOLLOWER];

/** USB sockets, and what an attempt says of them. */
class Sockets implements Boards {
  readonly texts: string[] = [];
  readonly attempt: Promise<string | undefined>;
  readonly gone = new AbortController();
  #plugged: readonly Board[];
  #changed = () => {};
  #said = () => {};

  constructor(plugged: readonly Board[], isCounted = (_: string) => true) {
    this.#plugged = plugged;
    const show = ({ text }: { text: string }) => {
      this.texts.push(text);
      this.#said();
    };
    this.attempt = unplugAndReplug(this, isCounted, show, this.gone.signal);
  }

  async list() {
    return this.#plugged;
  }

  watch(changed: () => void) {
    this.#changed = changed;
  }

  plug(...boards: readonly Board[]) {
    this.#plugged = boards;
    this.#changed();
  }

  /** The board that is asked for, and the others. */
  async asked(): Promise<[Board, readonly Board[]]> {
    await this.says(/^Unplug/);
    const picked = BOTH.find(({ serial }) => this.texts[0]!.includes(serial!)) ?? LEADER;
    return [picked, BOTH.filter((board) => board !== picked)];
  }

  async says(what: RegExp): Promise<void> {
    while (!this.texts.some((text) => what.test(text))) {
      await new Promise<void>((resolve) => {
        this.#said = resolve;
      });
    }
  }
}

describe("a board", () => {
  test("that is asked for at random, unplugged and plugged in again, claims a page", async () => {
    const picked = new Set<Board>();
    for (let seed = 0; seed < 40; seed++) {
      const sockets = new Sockets(BOTH);
      const [board, others] = await sockets.asked();
      picked.add(board);
      sockets.plug(...others);
      await sockets.says(/^Plug it in again/);
      // The kernel may give it another name.
      sockets.plug(...others, { ...board, path: "/dev/ttyACM7" });
      expect(await sockets.attempt).toBeUndefined();
    }
    expect(picked).toEqual(new Set(BOTH));
  });

  test("that is the only one is the one that is asked for", async () => {
    const sockets = new Sockets([LEADER]);
    await sockets.says(/^Unplug the board within 20 s, and plug it in again\.$/);
    sockets.plug();
    await sockets.says(/^Plug it in again/);
    sockets.plug(LEADER);
    expect(await sockets.attempt).toBeUndefined();
  });

  test("that was not asked for claims nothing, nor do both at once, nor a third", async () => {
    for (const plug of [
      (board: Board) => [board],
      () => [],
      () => [...BOTH, { ...LEADER, path: "/dev/ttyACM2", serial: "X" }],
    ]) {
      const sockets = new Sockets(BOTH);
      const [board] = await sockets.asked();
      sockets.plug(...plug(board));
      expect(await sockets.attempt).toStartWith("That was another board:");
    }
  });

  test("in whose place another one is plugged in claims nothing", async () => {
    const sockets = new Sockets(BOTH);
    const [board, others] = await sockets.asked();
    sockets.plug(...others);
    await sockets.says(/^Plug it in again/);
    sockets.plug(...others, { ...board, serial: "5A46089999" });
    expect(await sockets.attempt).toStartWith("That was another board:");
  });

  test("that is not in this machine's own USB does not count, and none at all is said", async () => {
    for (const sockets of [new Sockets([]), new Sockets(BOTH, () => false)]) {
      expect(await sockets.attempt).toStartWith("No board is plugged in:");
      expect(sockets.texts).toEqual([]);
    }
  });

  test("is waited for until the page goes away", async () => {
    const sockets = new Sockets(BOTH);
    await sockets.asked();
    sockets.gone.abort();
    expect(await sockets.attempt).toBe("The page has gone away.");
  });
});
