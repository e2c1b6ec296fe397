import { expect, test } from "bun:test";
import { createMemory, openMemory } from "../../../src/teleop/shared/control-memory.ts";
import { Command, LONGEST_SETTINGS_BYTES } from "../../../src/teleop/shared/mailbox.ts";

function mailboxes() {
  const main = createMemory();
  return { main: main.mailbox, control: openMemory(main.buffer).mailbox, buffer: main.buffer };
}

test("what is asked is known to the control thread", () => {
  const { main, control } = mailboxes();
  main.requestEnd("stop");
  expect(control.command).toBe(Command.stop);
});

test("a look is asked for by a mode or by settings, and a stop is stronger", () => {
  const { main, control } = mailboxes();
  expect(control.takeSettings()).toBeUndefined();
  main.mode = "paused";
  expect(control.command).toBe(Command.attention);
  control.attend();
  expect([control.command, control.mode]).toEqual([Command.none, "paused"]);
  main.sendSettings({ rateHz: 100, name: "ä" });
  main.requestEnd("stop");
  main.mode = "running";
  control.attend();
  expect([control.isEnding, main.isEnding]).toEqual([true, true]);
  expect(control.takeSettings()).toEqual({ rateHz: 100, name: "ä" });
  expect(control.takeSettings()).toBeUndefined();
});

test("a wish is obeyed once the control thread says so of it, and not of one before, nor while parking is asked for", () => {
  const { main, control } = mailboxes();
  expect(main.isObeyed).toBe(false);
  main.mode = "released";
  const first = control.wish;
  control.tellObeyed(first);
  expect(main.isObeyed).toBe(true);
  main.mode = "running";
  main.mode = "released";
  expect(main.isObeyed).toBe(false);
  control.tellObeyed(first);
  expect(main.isObeyed).toBe(false);
  control.tellObeyed(control.wish);
  expect(main.isObeyed).toBe(true);
  control.tellObeyed("none");
  expect(main.isObeyed).toBe(false);
  main.requestPark();
  control.tellObeyed(control.wish);
  expect(main.isObeyed).toBe(false);
  control.endPark("released");
  expect(main.isObeyed).toBe(true);
});

test("a loan is known by another number each time, and is lent once the control thread says so of it", () => {
  const { main, control } = mailboxes();
  expect([main.isLendAsked, control.loan, main.lentWithTorque]).toEqual([false, 0, undefined]);
  main.mode = "paused";
  control.tellObeyed(control.wish);
  main.requestLend();
  expect(control.command).toBe(Command.attention);
  expect([main.isLendAsked, main.lentWithTorque, main.isObeyed]).toEqual([true, undefined, false]);
  const { loan, wish } = control;
  expect(loan).toBeGreaterThan(0);
  control.tellLent(wish, "unknown");
  expect([main.lentWithTorque, main.isObeyed]).toEqual(["unknown", false]);
  control.tellLent(wish, "off");
  expect([main.lentWithTorque, main.mode]).toEqual(["off", "paused"]);
  // Another mode meanwhile is what the pair goes back to, and no end of the loan.
  main.mode = "released";
  expect([control.loan, control.mode, main.lentWithTorque, main.isObeyed]).toEqual([
    ...[loan, "released", undefined, false],
  ] as never);
  main.endLend();
  expect([main.isLendAsked, control.loan, main.mode]).toEqual([false, 0, "released"]);
  main.requestLend();
  expect([0, loan]).not.toContain(control.loan);
});

test("arms that are to be lent are neither followed nor parked", () => {
  const { main, control } = mailboxes();
  main.requestLend();
  expect(control.takesAway("following")).toBe(true);
  main.endLend();
  expect(control.takesAway("following")).toBe(false);
  main.requestPark();
  main.requestLend();
  expect([control.isParkAsked, control.takesAway("parking")]).toEqual([false, true]);
});

test("of settings that are sent twice the last are taken, once", () => {
  const { main, control } = mailboxes();
  main.sendSettings({ rateHz: 100 });
  main.sendSettings({ rateHz: 60 });
  expect(control.takeSettings()).toEqual({ rateHz: 60 });
  expect(control.takeSettings()).toBeUndefined();
});

test("a request to park leaves the mode as it is until it is done, and gives way to whatever is asked for later", () => {
  const { main, control } = mailboxes();
  main.mode = "paused";
  main.requestPark();
  expect([control.isParkAsked, control.mode, control.command]).toEqual([true, "paused", Command.attention]);
  control.endPark("as before");
  expect([control.isParkAsked, main.isParkAsked, main.mode]).toEqual([false, false, "paused"]);
  main.requestPark();
  control.endPark("released");
  expect([control.isParkAsked, control.mode]).toEqual([false, "released"]);
  main.requestPark();
  main.mode = "running";
  control.endPark("released");
  expect([control.isParkAsked, main.mode]).toEqual([false, "running"]);
});

test("settings that are too long are refused, and those before stay", () => {
  const { main, control } = mailboxes();
  main.sendSettings({ rateHz: 100 });
  expect(() => main.sendSettings({ long: "x".repeat(LONGEST_SETTINGS_BYTES) })).toThrow(RangeError);
  expect(control.takeSettings()).toEqual({ rateHz: 100 });
});

test("a request wakes the side that waits", async () => {
  const { main, buffer } = mailboxes();
  const waiter = new Worker(new URL("../../support/waiter.ts", import.meta.url).href);
  const woken = new Promise<MessageEvent<string>>((resolve) => {
    waiter.onmessage = (event) => (event.data === "waiting" ? main.requestEnd("stop") : resolve(event));
  });
  waiter.postMessage(buffer);
  expect((await woken).data).toBe("woken");
  waiter.terminate();
});

test("settings are never mixed, however fast they are sent while the other thread takes them", async () => {
  const { main, buffer } = mailboxes();
  const taker = new Worker(new URL("../../support/settings-taker.ts", import.meta.url).href);
  const messages: { last: number; taken: number; mixed: number }[] = [];
  const ready = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  taker.onmessage = ({ data }) => {
    if (data === "ready") return ready.resolve();
    messages.push(data);
    over.resolve();
  };
  taker.postMessage(buffer);
  await ready.promise;
  const ROUNDS = 20_000;
  // Long and short in turn: a part of one behind the other is no JSON, or has two numbers.
  for (let number = 1; number <= ROUNDS; number++) {
    main.sendSettings({ first: number, filling: "x".repeat(number % 2 === 0 ? 6_000 : 10), last: number });
  }
  main.requestEnd("stop");
  await over.promise;
  taker.terminate();
  const [{ last, taken, mixed }] = messages as [{ last: number; taken: number; mixed: number }];
  expect({ last, mixed }).toEqual({ last: ROUNDS, mixed: 0 });
  expect(taken).toBeGreaterThan(10);
});

test("a request for attention takes away from following only for another wish, settings or an end", () => {
  const { main, control } = mailboxes();
  expect(control.takesAway("following")).toBe(false);
  main.mode = "running";
  expect([control.takesAway("following"), control.command]).toEqual([false, Command.none]);
  main.mode = "paused";
  expect(control.takesAway("following")).toBe(true);
  main.mode = "running";
  main.requestPark();
  expect(control.takesAway("following")).toBe(true);
  main.requestPark();
  expect(control.takesAway("parking")).toBe(false);
  main.mode = "running";
  expect(control.takesAway("parking")).toBe(true);
  main.sendSettings({ rateHz: 100 });
  expect(control.takesAway("following")).toBe(true);
  control.takeSettings();
  main.mode = "running";
  expect(control.takesAway("following")).toBe(false);
  main.requestEnd("stop");
  expect([control.takesAway("following"), control.takesAway("parking")]).toEqual([true, true]);
});
