import { expect, test } from "bun:test";
import { Pace } from "../../../src/lerobot/lekiwi/pace.ts";

/** When observations go out within so many ms, of samples every 20 ms, to who commands at these times. */
function sentTo(commandsMs: readonly number[], untilMs: number): number[] {
  const pace = new Pace();
  const sent: number[] = [];
  for (let nowMs = 0; nowMs < untilMs; nowMs++) {
    const isCommanded = commandsMs.includes(nowMs);
    if (isCommanded) pace.command(nowMs);
    if (!(isCommanded || nowMs % 20 === 0) || !pace.isDue(nowMs)) continue;
    pace.sent(nowMs);
    sent.push(nowMs);
  }
  return sent;
}

const every = (ms: number, untilMs: number, fromMs = 0) =>
  Array.from({ length: Math.ceil((untilMs - fromMs) / ms) }, (_, index) => fromMs + index * ms);
const between = (times: readonly number[], fromMs: number, toMs: number) =>
  times.filter((ms) => ms >= fromMs && ms < toMs).length;

test("who only looks on is sent some thirty observations a second, as by LeKiwi's host", () => {
  const count = sentTo([], 10_000).length;
  expect(count).toBeGreaterThanOrEqual(290);
  expect(count).toBeLessThanOrEqual(340);
});

test("who commands often is sent an observation a command", () => {
  expect(sentTo(every(10, 1_000), 1_000)).toEqual(every(10, 1_000));
});

test.each([33, 100, 500, 2_000])(
  "who commands every %d ms is sent no more than three a command or so, and one when it comes",
  (ms) => {
    const commands = every(ms, 20 * ms);
    const sent = sentTo(commands, 20 * ms);
    for (const command of commands.slice(2)) {
      expect(between(sent, command - 5, command + 20)).toBeGreaterThanOrEqual(1);
      expect(between(sent, command, command + ms)).toBeLessThanOrEqual(4);
    }
  },
);

test("who has stopped commanding for ten seconds only looks on", () => {
  const sent = sentTo(every(100, 1_000), 15_000);
  expect(between(sent, 2_000, 10_000)).toBeLessThan(20);
  expect(between(sent, 12_000, 15_000)).toBeGreaterThan(80);
});

test("who begins to command may be behind where it was sent much before, and is not where it commanded all along", () => {
  const pace = new Pace();
  expect(pace.command(0)).toBe("up to date");
  for (let ms = 0; ms < 5_000; ms += 100) pace.sent(ms);
  expect(pace.command(5_000)).toBe("maybe behind");
  for (let ms = 5_000; ms < 5_900; ms += 20) pace.sent(ms);
  expect(pace.command(5_900)).toBe("up to date");
});
