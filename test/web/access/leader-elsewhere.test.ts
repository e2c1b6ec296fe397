/** A leader on another machine shows nobody to be beside the arms here: its motions come over the network. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ActionReply } from "../../../src/web/messages.ts";
import { type StatedService, stateService } from "../../support/stated-service.ts";
import { aStatus, drivenByDesk } from "../../support/status.ts";
import { type ServedWeb, serveForTest } from "../../support/web-server.ts";

let dir: string;
let service: StatedService;
let served: ServedWeb;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "so101-elsewhere-"));
  const socket = join(dir, "main.sock");
  service = await stateService(socket, aStatus);
  served = serveForTest({}, socket);
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  service[Symbol.dispose]();
  rmSync(dir, { recursive: true });
});

async function claim(): Promise<ActionReply> {
  const origin = `http://127.0.0.1:${served.port}`;
  const headers = { "content-type": "application/json", origin };
  const reply = await fetch(`${origin}/pairs/main/claim`, { method: "POST", headers, body: "{}" });
  return (await reply.json()) as ActionReply;
}

test.each([
  ["which has its follower alone here", drivenByDesk],
  ["which has both arms here, and follows it", { ...drivenByDesk, armsHere: "both" } as const],
])("no page is claimed by it at a pair %s, and nothing is paused for that", async (_, status) => {
  service.status = status;
  const { done, text } = await claim();
  expect(done).toBe(false);
  expect(text).toContain("The leader that is followed is on another machine: it can claim nothing here.");
  expect(text).toContain("sudo so101 web claim");
  expect(service.asked).toEqual([]);
});
