/** Commands of LeRobot's clients, as targets of a service that is played here. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { targetsPath } from "../../src/api/address.ts";
import type { PairArms } from "../../src/api/protocol.ts";
import { listenAt } from "../../src/daemon/requests/listen-at.ts";
import { ClientDriver } from "../../src/lerobot/driver.ts";
import { nativeBuffer } from "../../src/linux/libc.ts";
import { accept, close, closeListener, receive } from "../../src/linux/sockets/stream.ts";
import { SAMPLE_BYTES, SampleView } from "../../src/teleop/remote/sample.ts";

const joints = Array.from({ length: 6 }, () => [0, 0, 1000, 3000]) as PairArms["leader"]["joints"];
const EPOCH = "00112233445566ff";

let dir: string;
let path: string;
let normalisation: PairArms["normalisation"];
let service: ReturnType<typeof Bun.listen>;
let targets: number;
const ending = new AbortController();

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "so101-driver-"));
  path = join(dir, "main.sock");
  normalisation = "range";
  targets = listenAt(targetsPath(path), 8, "datagrams");
  service = Bun.listen({
    unix: path,
    socket: {
      data(client, request) {
        const arm = { id: "arm", joints };
        const arms: PairArms = { normalisation, rateHz: 200, leader: arm, follower: arm };
        const drive = { is: "driving", epoch: EPOCH, state: "following", why: "" };
        const isArms = JSON.parse(request.toString()).do === "arms";
        client.write(`${JSON.stringify({ v: 1, ok: true, ...(isArms ? { arms } : { drive }) })}\n`);
      },
    },
  });
});
afterEach(() => {
  ending.abort();
  service.stop(true);
  closeListener(targets);
  rmSync(dir, { recursive: true });
});

test("units that are configured while it drives hold for its next commands", async () => {
  const driver = new ClientDriver({ sockets: [path], explain: String, say() {}, signal: ending.signal });
  const buffer = nativeBuffer(SAMPLE_BYTES);
  const view = new SampleView(buffer.bytes);
  let fd = -1;
  /** Commands again and again until the follower is to go there. */
  const untilGoesTo = async (steps: number) => {
    for (;;) {
      driver.command("10.0.0.1", [50, 0, 0, 0, 0, 0]);
      await Bun.sleep(10);
      if (fd === -1) fd = accept(targets);
      while (fd !== -1 && receive(fd, buffer) === SAMPLE_BYTES) if (view.position(0) === steps) return;
    }
  };
  await untilGoesTo(2500); // percent
  normalisation = "degrees";
  await untilGoesTo(2568);
  expect(view.position(1)).toBe(2000); // the middle is the middle in both
  close(fd);
});
