/** The fleet as the page's server has it from the network's client of its machine. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FleetWatch } from "../../../src/remote/fleet/watch.ts";
import { FleetListServer } from "../../../src/remote/fleet-list/serve.ts";
import { FleetFeed } from "../../../src/web/fleet/feed.ts";
import type { FleetReply } from "../../../src/web/fleet/messages.ts";
import { say } from "../../support/fleet-messages.ts";

let dir: string;
let path: string;
let watch: FleetWatch;
let ends: (() => void)[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "so101-feed-"));
  path = join(dir, "fleet.sock");
  watch = new FleetWatch();
  ends = [];
});
afterEach(() => {
  for (const end of ends) end();
  rmSync(dir, { recursive: true });
});

function serve(): FleetListServer {
  const ear = { watch, trouble: null, close() {} };
  const server = new FleetListServer({ path, machine: "desk", open: () => ear });
  ends.push(() => server.close());
  return server;
}

/** The feed, and what somebody who asks at each change is told. */
function feed() {
  const made = new FleetFeed({ paths: [path], isConfigured: () => true });
  const replies: FleetReply[] = [];
  let heard = () => {};
  const ask = () => {
    const last = replies.at(-1);
    replies.push(made.since(last?.id ?? null, last?.change ?? 0));
    heard();
  };
  ends.push(made.listen(ask));
  const until = async (isSo: (reply: FleetReply) => boolean) => {
    while (!replies.some(isSo)) await new Promise<void>((resolve) => (heard = resolve));
    return replies.find(isSo)!;
  };
  return { made, replies, until };
}

test("a page is told all, then what has changed since it was told last", async () => {
  serve();
  say(watch, "desk/main");
  say(watch, "lab/main", { armsHere: "follower" });
  const { made, replies, until } = feed();
  const all = await until(({ pairs }) => pairs.length === 2);
  expect(all).toMatchObject({ machine: "desk", trouble: null });
  say(watch, "lab/main", { armsHere: "follower", state: "holding" });
  const news = await until(({ pairs }) => pairs.some(({ state }) => state === "holding"));
  expect(news).toMatchObject({ isAnew: false, id: all.id });
  expect(news.pairs.map(({ name }) => name)).toEqual(["lab/main"]);
  watch.take("so101/lab/main/status", Buffer.alloc(0), false);
  expect(await until(({ removed }) => removed.length > 0)).toMatchObject({
    removed: ["lab/main"],
    pairs: [],
  });
  expect(replies.filter(({ isAnew }) => isAnew)).toHaveLength(1);
  // A page of another server, or of one that has begun anew, is told all.
  for (const [id, change] of [
    ["", 0],
    ["another", all.change],
    [all.id, 1e9],
    [all.id, -1],
  ] as const) {
    expect(made.since(id, change)).toMatchObject({ isAnew: true, pairs: [{ name: "desk/main" }] });
  }
});

test("leaders that may be followed are those of other machines that are there", async () => {
  serve();
  say(watch, "desk/main");
  say(watch, "lab/main", { armsHere: "leader" });
  say(watch, "rack/left", { armsHere: "follower" });
  say(watch, "rack/right");
  const { made, until } = feed();
  await until(({ pairs }) => pairs.length === 4);
  expect(made.leaders).toEqual(["lab/main", "rack/right"]);
});

test("that there is no client is told with what to do, and it is found when it comes", async () => {
  const { until } = feed();
  const { trouble } = await until(({ trouble }) => trouble !== null);
  expect(trouble).toContain("sudo systemctl start so101-network");
  say(watch, "desk/main");
  const server = serve();
  await until(({ pairs, trouble }) => pairs.length === 1 && trouble === null);
  server.close();
  expect((await until(({ trouble }) => trouble?.includes("ended") === true)).trouble).toContain(
    "what stands here is old",
  );
});
