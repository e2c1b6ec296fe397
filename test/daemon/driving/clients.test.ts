/** Who may drive a pair, as clients ask for it. */
import { afterEach, beforeEach, expect, spyOn, test } from "bun:test";
import { ClientDrives } from "../../../src/daemon/driving/clients.ts";
import type { Held, Reader } from "../../../src/daemon/requests/client.ts";
import { createMemory, type MainMemory } from "../../../src/teleop/shared/control-memory.ts";

const client = { as: "client", who: "10.0.0.1" } as const;

let memory: MainMemory;
let drives: ClientDrives;
let nowMs: number;
const clock = spyOn(performance, "now");

beforeEach(() => {
  nowMs = 0;
  clock.mockImplementation(() => nowMs);
  memory = createMemory();
  drives = new ClientDrives({
    ...{ memory, tell() {}, borrower: () => undefined, hasFollower: () => true, leaderPort: () => undefined },
    ...{ pair: () => ({ state: "following", why: "" }), endTargets() {} },
  });
});
afterEach(() => clock.mockRestore());

const ask = () => drives.begin(client, { isThere: () => true });

test("a client that a person has paused does not get the follower by the resume, while it asks for it all the time", () => {
  expect(ask()).toBeObject();
  drives.end("asked");
  memory.mailbox.mode = "paused";
  for (; nowMs < 60_000; nowMs += 500) expect(ask()).toContain("the pair is paused");
  memory.mailbox.mode = "running";
  expect(ask()).toContain("it may ask again once it has asked for nothing for 10 s");
  nowMs += 10_000;
  expect(ask()).toBeObject();
});

test("the leader that lies on the table is awaited also after a client that has ended before its beginning was told", () => {
  const drive = ask();
  drives.yield(typeof drive === "string" ? drive : epochOf(drive));
  drives.take({ kind: "drive", session: 1, is: "driving" });
  // The follower still aligns for the client, of whose end the control thread hears only then.
  drives.aligns();
  expect(drives.awaitsLeader).toBe(true);
  drives.take({ kind: "drive", session: 1, is: "over", why: "ended" });
  expect(drives.awaitsLeader).toBe(true);
  expect(drives.awaited).toMatchObject({ isAwaited: true });
  drives.aligns();
  expect(drives.awaitsLeader).toBe(false);
  expect(drives.awaited).toBeUndefined();
});

/** Under which epoch a client is to send its targets, as it is told. */
function epochOf(drive: Held): string {
  let epoch = "";
  const say = (line: string) => {
    epoch = JSON.parse(line).drive.epoch;
    return true;
  };
  drive.look({ say } as Reader, nowMs);
  return epoch;
}
