/** What can be asked about setting a pair up, of a server within the test: who may, and what odd requests get. */
import { expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { servedPair } from "../../../src/web/pairs/served-pair.ts";
import { type ServedWeb, serveForTest } from "../../support/web-server.ts";

/** A server for a pair whose configuration says what is given; without any it has none. */
function serve(config?: string): ServedWeb {
  const path = join(mkdtempSync(join(tmpdir(), "so101-set-up-")), "pair.toml");
  const socket = `${path}.sock`;
  const pair = servedPair("main", [socket], { socket, config: path });
  if (config !== undefined) writeFileSync(path, config);
  return serveForTest({ pairs: new Map([["main", pair]]) });
}

/** Asks as a page does; `token` is that of its claim. */
async function ask({ web }: ServedWeb, path: string, body?: string, token?: string) {
  const response = await fetch(`${web.url}pairs/main/${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      origin: new URL(web.url).origin,
      "content-type": "application/json",
      ...(token && { cookie: `so101_claim=${token}` }),
    },
    ...(body !== undefined && { body }),
  });
  return { status: response.status, ...((await response.json()) as { text?: string; boards?: unknown[] }) };
}

test("a pair whose configuration is missing or wrong has that said, and no empty wizard", async () => {
  await using none = serve();
  expect(await ask(none, "set-up")).toMatchObject({
    status: 200,
    text: expect.stringContaining("pair.toml"),
  });
  await using wrong = serve("[leader]\nport = 5\n");
  const { status, text } = await ask(wrong, "set-up");
  expect([status, text]).toEqual([200, expect.stringContaining("pair.toml")]);
});

test("everybody sees how far it has come; beginning it and handing a file over takes a claimed page", async () => {
  await using served = serve("");
  expect(await ask(served, "set-up")).toMatchObject({ status: 200, boards: [], isNamed: false } as never);
  for (const path of ["set-up/begin", "set-up/names", "set-up/file?arm=leader&name=a.json"]) {
    expect((await ask(served, path, "{}")).status).toBe(403);
  }
});

test("odd requests of a claimed page are refused, and a file that nobody waits for", async () => {
  await using served = serve("");
  const token = served.claims.add("a test", Date.now());
  expect((await ask(served, "set-up/begin", '{"way":"guess"}', token)).status).toBe(400);
  expect((await ask(served, "set-up/begin", "7", token)).status).toBe(400);
  expect((await ask(served, "set-up/file?arm=both&name=a", "{}", token)).status).toBe(400);
  expect((await ask(served, "set-up/file?arm=leader", "{}", token)).status).toBe(400);
  expect(await ask(served, "set-up/file?arm=leader&name=a.json", "{}", token)).toMatchObject({
    ...{ status: 409, text: "No file of this arm is waited for just now." },
  });
});

test("who presses second is told that it goes on already, and ending it ends it", async () => {
  await using served = serve("");
  const token = served.claims.add("a test", Date.now());
  expect((await ask(served, "set-up/begin", "{}", token)).status).toBe(200);
  expect(await ask(served, "set-up/begin", "{}", token)).toMatchObject({
    status: 409,
    text: expect.stringContaining("Setting up goes on"),
  });
  expect((await ask(served, "work/cancel", "{}", token)).status).toBe(200);
  expect((await ask(served, "set-up/names", "{}", token)).status).toBe(200);
  expect((await ask(served, "work/cancel", "{}", token)).status).toBe(200);
});
