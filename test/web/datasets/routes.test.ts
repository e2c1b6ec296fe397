/** Who is heard about datasets and recordings, and what of. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cookieOf } from "../../../src/web/access/cookie.ts";
import { type ServedWeb, serveForTest } from "../../support/web-server.ts";

let served: ServedWeb;
let url: string;
let cookie: string;
beforeAll(() => {
  served = serveForTest();
  url = `http://127.0.0.1:${served.port}`;
  cookie = cookieOf(served.claims.add("a test", Date.now()), null).split(";")[0]!;
  const folder = join(served.dir, "datasets");
  mkdirSync(join(folder, "cube/meta"), { recursive: true });
  const info = { codebase_version: "v3.0", fps: 30, total_episodes: 0, total_frames: 0, features: {} };
  writeFileSync(join(folder, "cube/meta/info.json"), JSON.stringify(info));
  symlinkSync(served.dir, join(folder, "outside"));
});
afterAll(() => served[Symbol.asyncDispose]());

const get = (path: string, as: "claimed" | "unclaimed") =>
  fetch(`${url}${path}`, { headers: as === "claimed" ? { cookie } : {} });
const post = (path: string, body: object, as: "claimed" | "unclaimed" = "claimed") =>
  fetch(`${url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: url, ...(as === "claimed" && { cookie }) },
    body: JSON.stringify(body),
  });
const ORDER = { dataset: "new", task: "Put the cube into the box", fps: 30, resume: false };

describe("an unclaimed page", () => {
  test("sees which datasets there are, and takes none along", async () => {
    const listed = await get("/datasets", "unclaimed");
    expect(await listed.json()).toMatchObject({ datasets: [{ name: "cube" }], others: 1 });
    expect((await get("/dataset.tar?name=cube", "unclaimed")).status).toBe(403);
  });

  test("starts no recorder, and orders none", async () => {
    expect((await post("/pairs/main/recorder/begin", ORDER, "unclaimed")).status).toBe(403);
    expect((await post("/pairs/main/record", { order: "begin" }, "unclaimed")).status).toBe(403);
  });
});

describe("a name that is no dataset's of the folder", () => {
  const names = [
    "",
    ".",
    "..",
    "../datasets/cube",
    "cube/meta",
    "/etc",
    "outside",
    "cube\0",
    "%2e%2e",
    "none",
  ];
  test.each(names)("leads nowhere: %j", async (name) => {
    for (const path of ["/dataset?", "/episode?number=0&", "/dataset.tar?"]) {
      const answer = await get(`${path}name=${encodeURIComponent(name)}`, "claimed");
      expect([answer.status, await answer.json()]).toEqual([
        404,
        { done: false, text: "There is no such dataset." },
      ]);
    }
  });
});

test.each(["-1", "1.5", "0x1", "1e3", "", "12345678", "--help", "0 "])(
  "a number that is no episode's is refused: %j",
  async (number) => {
    const answer = await get(`/episode?name=cube&number=${encodeURIComponent(number)}`, "claimed");
    expect(answer.status).toBe(400);
  },
);

describe("what is to be recorded", () => {
  test.each([
    ["a dataset elsewhere", { dataset: "../cube" }],
    ["a dataset that is an option", { dataset: "--help" }],
    ["a dataset without a name", { dataset: "" }],
    ["no task", { task: "  " }],
    ["a task of several lines", { task: "Put\nthe cube" }],
    ["a task that is not seen", { task: "Put the \u202e cube" }],
    ["a task without end", { task: "x".repeat(201) }],
    ["no frames", { fps: 0 }],
    ["half a frame", { fps: 29.97 }],
    ["more frames than ticks", { fps: 201 }],
    ["no time", { episodeTimeS: 0 }],
    ["half an episode", { episodes: 0.5 }],
    ["a word", { fps: "30" }],
    ["another option", { socket: "/run/other.sock" }],
  ])("is refused: %s", async (_, wrong) => {
    expect((await post("/pairs/main/recorder/begin", { ...ORDER, ...wrong })).status).toBe(400);
  });

  test("is what a recorder knows: another order is refused, and so is one where nobody records", async () => {
    expect((await post("/pairs/main/record", { order: "delete" })).status).toBe(400);
    const answer = await post("/pairs/main/record", { order: "begin" });
    expect(answer.status).toBe(409);
    expect(((await answer.json()) as { text: string }).text).toContain("the service does not run");
  });
});
