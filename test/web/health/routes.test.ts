/** What is asked about how a pair is, by many at once. */
import { expect, test } from "bun:test";
import { healthRoutes } from "../../../src/web/health/routes.ts";
import type { Asked } from "../../../src/web/http/route.ts";
import type { PairFeed } from "../../../src/web/pairs/pair-feed.ts";
import { servedPair } from "../../../src/web/pairs/served-pair.ts";

test("a report is made once for all who ask at about the same time", async () => {
  const socket = "/nonexistent/nobody.sock";
  let asked = 0;
  const feed = {
    ask: async () => {
      asked++;
    },
  } as unknown as PairFeed;
  const pair = { ...servedPair("main", [socket], { socket }), feed };
  const { answer } = healthRoutes().find(({ path }) => path === "report")!;
  const replies = await Promise.all(Array.from({ length: 60 }, () => answer(pair, {} as Asked)));
  const texts = await Promise.all(
    replies.map(async (reply) => ((await reply.json()) as { text: string }).text),
  );
  expect(new Set(texts).size).toBe(1);
  expect(texts[0]).toContain("# Report of so101");
  expect(asked).toBe(1);
});
