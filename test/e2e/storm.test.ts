/** The compiled program under a storm on its control socket: the short form of what `make siege` does. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { sampleProcess } from "../../scripts/bench/process.ts";
import { Random } from "../../scripts/random.ts";
import { KINDS } from "../../scripts/siege/socket/kinds.ts";
import { storm } from "../../scripts/siege/socket/storm.ts";
import { askService } from "../../src/api/client.ts";
import { RunningTeleoperation } from "../support/teleoperation.ts";

setDefaultTimeout(60_000);

test("hostile clients of every kind neither grow the service nor keep a command from it", async () => {
  await using service = await RunningTeleoperation.start({ sim: { arms: "configured", motion: "wave" } });
  await service.untilState("following");
  const socket = join(service.sim.dir, "control.sock");
  await askService([socket], { do: "status" });
  const before = sampleProcess(service.pid);
  const storming = storm({ socket, clients: KINDS.length, seconds: 4, random: new Random(13) });
  await Bun.sleep(1_500); // in which they begin
  let mostKB = 0;
  for (const wish of ["release", "resume", "pause", "resume", "release"] as const) {
    const seen = service.events.length;
    // Rejects when it is not answered within seconds.
    await askService([socket], { do: wish });
    await service.until(({ code }) => `${code}`.includes("pair."), `an event of the ${wish}`, seen);
    mostKB = Math.max(mostKB, sampleProcess(service.pid).residentKB);
  }
  const { connections, blocked } = await storming;
  expect(connections).toBeGreaterThan(1_000);
  expect(blocked).toBe(0);
  expect(mostKB).toBeLessThan(before.residentKB * 1.4);
  await service.untilSaid("released, as was asked");
  // Nothing is kept of who has left.
  while (sampleProcess(service.pid).descriptors > before.descriptors) await Bun.sleep(20);
  expect((await askService([socket], { do: "status" }))?.mode).toBe("released");
});
