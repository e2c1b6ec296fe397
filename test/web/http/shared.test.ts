/** One answer for many. */
import { expect, test } from "bun:test";
import { seldom, shared } from "../../../src/web/http/shared.ts";

test("all who ask while it is asked, and shortly after, get one answer; later ones a new one", async () => {
  let asked = 0;
  const answering: (() => void)[] = [];
  const ask = shared(50, () => new Promise<number>((resolve) => answering.push(() => resolve(++asked))));
  const waiting = [ask(), ask(), ask()];
  expect(answering.length).toBe(1);
  answering[0]!();
  expect(await Promise.all(waiting)).toEqual([1, 1, 1]);
  expect(await ask()).toBe(1);
  const deadline = performance.now() + 5_000;
  while (answering.length < 2 && performance.now() < deadline) {
    void ask();
    await Bun.sleep(5);
  }
  answering[1]!();
  expect(await ask()).toBe(2);
});

test("what fails fails for all of them, and is not asked again at once", async () => {
  let asked = 0;
  const ask = shared(10_000, async () => {
    asked++;
    throw new Error("no answer");
  });
  const outcomes = await Promise.allSettled([ask(), ask(), ask()]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  await expect(ask()).rejects.toThrow("no answer");
  expect(asked).toBe(1);
});

test("a question that is asked seldom is asked anew when it is another one", async () => {
  const asked: number[] = [];
  const double = seldom(10_000, async (number: number) => {
    asked.push(number);
    return 2 * number;
  });
  expect(await Promise.all([double(1), double(1)])).toEqual([2, 2]);
  expect(await double(3)).toBe(6);
  expect(await double(3)).toBe(6);
  expect(asked).toEqual([1, 3]);
});
