/** Answers that take their time. */
import { expect, test } from "bun:test";
import { lasting } from "../../../src/web/http/lasting.ts";

/** A body that has as many parts as are asked for, and knows what became of it. */
function endless() {
  const seen = { parts: 0, isCancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        seen.parts++;
        controller.enqueue(new Uint8Array(10));
      },
      cancel() {
        seen.isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, seen };
}

test("are read as they are taken, and not ahead", async () => {
  const { body, seen } = endless();
  const reader = lasting(
    body,
    () => true,
    () => {},
  ).getReader();
  await reader.read();
  await reader.read();
  expect(seen.parts).toBe(2);
});

test("break off, and do not end as a whole, when the claim of who asked is over", async () => {
  const { body, seen } = endless();
  const [claim, over] = [{ isThere: true }, { times: 0 }];
  const reader = lasting(
    body,
    () => claim.isThere,
    () => over.times++,
  ).getReader();
  await reader.read();
  claim.isThere = false;
  expect(reader.read()).rejects.toThrow("claim");
  await reader.closed.catch(() => {});
  expect(seen.isCancelled).toBe(true);
  expect(over.times).toBe(1);
});

test("let go of what they read when nobody wants it any more, when it ends, and when it breaks", async () => {
  let times = 0;
  const { body, seen } = endless();
  await lasting(
    body,
    () => true,
    () => times++,
  ).cancel();
  expect(seen.isCancelled).toBe(true);
  const whole = new Response("all of it").body!;
  expect(
    await new Response(
      lasting(
        whole,
        () => true,
        () => times++,
      ),
    ).text(),
  ).toBe("all of it");
  const broken = new ReadableStream<Uint8Array>({ pull: () => Promise.reject(new Error("the disk failed")) });
  expect(
    new Response(
      lasting(
        broken,
        () => true,
        () => times++,
      ),
    ).text(),
  ).rejects.toThrow("the disk failed");
  await Bun.sleep(0);
  expect(times).toBe(3);
});
