/** What stands between the pair, or a tool, and a port: nothing is lost on the way through it. */
import { expect, test } from "bun:test";
import type { ArmPort, ArmPorts } from "../../src/arm/connection.ts";
import { watchedPorts } from "../../src/arm/watched-ports.ts";
import { yieldingPorts } from "../../src/arm/yielding-ports.ts";
import { systemClock } from "../../src/linux/clock.ts";
import { SimulatedTransport } from "../../src/sim/testing/transport.ts";

const latencyTimer = { ms: 16, file: "/sys/class/tty/ttyUSB0/device/latency_timer" };

test.each([
  ["that is given up when it is claimed", yieldingPorts],
  ["that is watched", watchedPorts],
] as const)("a port %s has its speed, its latency timer and its end", async (_, through) => {
  const asked: string[] = [];
  const ports: ArmPorts = {
    clock: systemClock,
    open: async (): Promise<ArmPort> => ({
      transport: new SimulatedTransport(),
      setBaudRate: (baudRate) => void asked.push(`${baudRate} baud`),
      latencyTimer,
      close: async () => void asked.push("closed"),
    }),
  };
  const nobody = { hasIt: false, owner: undefined };
  const port = await through(ports, () => nobody).open("/dev/ttySO101", 1_000_000);
  port.setBaudRate(57_600);
  expect(port.latencyTimer).toEqual(latencyTimer);
  await port.close();
  expect(asked).toEqual(["57600 baud", "closed"]);
});
