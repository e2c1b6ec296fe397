/** Noticing a program that opens a port of ours: real ones, on a pty. */
import { afterEach, expect, test } from "bun:test";
import type { Others } from "../../src/helper/others.ts";
import { PortWatch } from "../../src/helper/port-watch.ts";
import { TtyPort } from "../../src/serial/port.ts";
import { atEnd, cleanUp, newBoard } from "../support/ports.ts";

afterEach(cleanUp);

const nobody = async () => ({ programs: [], isWhole: true });

/** What a watch of a port finds, as it comes. */
class Finds {
  signs = 0;
  looks = 0;
  #last: Others | undefined;
  #heard: () => void = () => {};

  watch(path: () => string, look?: (path: string) => Promise<Others>): this {
    const watch = new PortWatch({
      path,
      signs: () => this.signs,
      found: (others) => {
        this.looks++;
        this.#last = others;
        this.#heard();
      },
      ...(look && { look }),
    });
    atEnd(() => watch.stop());
    return this;
  }

  /** Resolves once what was found last is as wanted; how long that took, ms. */
  async until(wanted: (others: Others) => boolean): Promise<number> {
    const from = performance.now();
    while (this.#last === undefined || !wanted(this.#last)) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
    return performance.now() - from;
  }
}

test("a program that opens the port is noticed within a second, and so is its end", async () => {
  const { path } = newBoard();
  // Not locked: else nobody but root could open it.
  const port = TtyPort.open(path, { baudRate: 1_000_000, lock: false });
  atEnd(() => port.close());
  const finds = new Finds().watch(() => path);
  await finds.until(({ programs }) => programs.length === 0);
  const other = Bun.spawn(["sleep", "60"], { stdin: Bun.file(path) });
  atEnd(() => other.kill());
  const tookMs = await finds.until(({ programs }) => programs[0]?.pid === other.pid);
  expect(tookMs).toBeLessThan(1_000);
  other.kill();
  expect(await finds.until(({ programs }) => programs.length === 0)).toBeLessThan(1_000);
});

test("a board that is plugged in again, or another, is watched under the same name", async () => {
  const first = newBoard();
  const second = newBoard();
  let path = "/dev/ttySO101";
  const finds = new Finds().watch(() => path, nobody);
  for (const next of [first.path, second.path, "/dev/ttySO101", first.path]) {
    const before = finds.looks;
    path = next;
    while (finds.looks === before) await Bun.sleep(10);
  }
});

test("without a sign it is not looked for again and again; bytes that nobody asked for are one", async () => {
  const { path } = newBoard();
  const finds = new Finds().watch(() => path, nobody);
  await finds.until(() => true);
  await Bun.sleep(900);
  expect(finds.looks).toBe(1);
  finds.signs += 7;
  await Bun.sleep(700);
  expect(finds.looks).toBe(2);
});
