/**
 * Runs the control loop on simulated arms for so many ticks: as it is, `hot`, or with one small object a tick,
 * `allocating`. What is printed tells, between the marks, whether the collector had to run.
 */

import { configure } from "../../src/arm/configure.ts";
import { JOINTS, ROLES } from "../../src/arm/joints.ts";
import { readArm } from "../../src/arm/read.ts";
import { Bus } from "../../src/feetech/bus.ts";
import { TtyPort } from "../../src/serial/port.ts";
import type { ControlEvent } from "../../src/teleop/events.ts";
import { FollowerDrive } from "../../src/teleop/loop/drive.ts";
import { FollowLoop } from "../../src/teleop/loop/loop.ts";
import { Episodes } from "../../src/teleop/monitoring/alarms.ts";
import { ArmWatch } from "../../src/teleop/monitoring/arm-monitor.ts";
import { OverloadCure } from "../../src/teleop/monitoring/overload.ts";
import { Command, SharedState } from "../../src/teleop/shared/state.ts";

const [task, ticks, leaderPath, followerPath] = process.argv.slice(2);
const limits = { rateHz: 1500, alignSpeedDegPerS: 180, followSpeedDegPerS: 360 };
const kept = { last: {} };

/** Ends the loop after some ticks, from within. */
class CountedState extends SharedState {
  endAt = 0;
  override get command(): number {
    if (task === "allocating") kept.last = { at: this.endAt };
    return this.counter("ticks") < this.endAt ? Command.none : Command.stop;
  }
}

const shared = new CountedState();
const tell = (event: ControlEvent) => console.error(`told: ${JSON.stringify(event)}`);
const episodes = new Episodes(tell);
const health = {
  warnTemperatureC: 55,
  slowTemperatureC: 60,
  releaseTemperatureC: 65,
  voltageSagPercent: 15,
};
const [leader, follower] = ROLES.map((role) => {
  const path = role === "leader" ? leaderPath! : followerPath!;
  const bus = new Bus(TtyPort.open(path, { baudRate: 1_000_000 }), {
    access: role === "follower" ? "drive" : "torque off",
  });
  configure([{ role, bus, reading: readArm(bus) }]);
  return new ArmWatch({ role, name: role, bus }, health, shared, episodes);
}) as [ArmWatch, ArmWatch];
const drive = new FollowerDrive(
  follower.bus,
  JOINTS.map(() => ({ min: 500, max: 3500 })),
  limits,
);
drive.energise();
const loop = new FollowLoop({
  ...{ leader, follower, drive, shared, episodes, tell },
  ...{ rateHz: limits.rateHz, holdAfterMs: 1000, overload: new OverloadCure(follower, drive, episodes) },
  goalTables: JOINTS.map(() => Int16Array.from({ length: 4096 }, (_, raw) => raw)),
  enter: (state) => console.error(`entered: ${state}`),
});

function run(count: number): void {
  shared.endAt = shared.counter("ticks") + count;
  const end = loop.run();
  if (end.kind !== "command") throw new Error(`the loop ended: ${end.kind}`);
}

run(4_000);
Bun.gc(true);
console.error("begin");
run(Number(ticks));
console.error("end");
