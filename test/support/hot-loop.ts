/**
 * Runs the control loop on simulated arms for so many ticks: as it is, `hot`, and sending what the leader does; with a
 * leader of another machine, `remote`; with a client in the leader's place, `driven`; while somebody records, `recorded`; or with one small object a tick, `allocating`. What is printed tells, between the
 * marks, whether the collector had to run.
 */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Calibration } from "../../src/arm/calibration/calibration.ts";
import { JOINT_COUNT, JOINTS, ROLES } from "../../src/arm/joints.ts";
import type { Marks } from "../../src/arm/servos/baseline.ts";
import { configure } from "../../src/arm/servos/configure.ts";
import { readArm } from "../../src/arm/servos/read.ts";
import { Bus } from "../../src/feetech/bus.ts";
import { systemClock } from "../../src/linux/clock.ts";
import { nativeBuffer } from "../../src/linux/libc.ts";
import { accept, bindAt, connectTo, listen, receive, send } from "../../src/linux/sockets/stream.ts";
import { TtyPort } from "../../src/serial/port.ts";
import type { PairParts } from "../../src/teleop/context.ts";
import { Clients } from "../../src/teleop/driving/clients.ts";
import { BusLeader } from "../../src/teleop/loop/bus-leader.ts";
import { FollowerDrive } from "../../src/teleop/loop/drive.ts";
import type { LeaderSource } from "../../src/teleop/loop/leader-source.ts";
import { ControlLoop } from "../../src/teleop/loop/loop.ts";
import { Alarms } from "../../src/teleop/monitoring/alarms.ts";
import { ArmMonitor } from "../../src/teleop/monitoring/arm-monitor.ts";
import { OverloadCure } from "../../src/teleop/monitoring/overload.ts";
import { LINK_WORDS, LinkOwner, SocketLink } from "../../src/teleop/remote/link.ts";
import { SampleOutlet } from "../../src/teleop/remote/outlet.ts";
import { RemoteLeader } from "../../src/teleop/remote/remote-leader.ts";
import { epochHalves, SAMPLE_BYTES, SampleView } from "../../src/teleop/remote/sample.ts";
import type { ControlEvent } from "../../src/teleop/reporting/events.ts";
import type { PairSettings } from "../../src/teleop/settings.ts";
import { createMemory, openMemory } from "../../src/teleop/shared/control-memory.ts";
import type { Mailbox } from "../../src/teleop/shared/mailbox.ts";
import { StateMachine } from "../../src/teleop/state/machine.ts";

const [task, ticks, leaderPath, followerPath] = process.argv.slice(2);
const EPOCH = "0011223344556677";
const limits = {
  rateHz: 1500,
  alignSpeedDegPerS: 180,
  followSpeedDegPerS: 360,
  stall: { currentMa: 1_000, afterS: 3 },
};
const kept = { last: {} };

const shared = createMemory();
if (task === "recorded") shared.record();
const opened = openMemory(shared.buffer);
const { telemetry } = opened;
let endAt = 0;
/** Ends the loop after some ticks, from within. */
const mailbox = {
  takesAway(): boolean {
    if (task === "allocating") kept.last = { at: endAt };
    return telemetry.counter("ticks") >= endAt;
  },
  ...{ mode: "running", isParkAsked: false, loan: 0, resumes: 0 },
} as Partial<Mailbox> as Mailbox;
const memory = { ...opened, mailbox };

const sink = (event: ControlEvent) => console.error(`told: ${JSON.stringify(event)}`);
const alarms = new Alarms(sink, systemClock);
const machine = new StateMachine(sink, systemClock);
const health = {
  warnTemperatureC: 55,
  slowTemperatureC: 60,
  releaseTemperatureC: 65,
  voltageSagPercent: 15,
};
/** The follower's, which is configured last. */
let marks: Marks = [];
const [leader, follower] = ROLES.map((role) => {
  const path = role === "leader" ? leaderPath! : followerPath!;
  const bus = new Bus(TtyPort.open(path, { baudRate: 1_000_000 }), {
    access: role === "follower" ? "drive" : "torque off",
  });
  marks = configure([{ role, bus, reading: readArm(bus) }])[0]!;
  return new ArmMonitor({ role, id: role }, bus, health, telemetry, alarms);
}) as [ArmMonitor, ArmMonitor];
const drive = new FollowerDrive(
  follower.bus,
  JOINTS.map(() => ({ min: 500, max: 3500 })),
  limits,
);
drive.switchTorqueOn();
machine.enter("connecting", [{ code: "pair.connecting" }]);
machine.enter("aligning", [{ code: "pair.aligning" }]);
const { link, feed } = linkOverSocket();
const remote = new RemoteLeader({ link, clock: systemClock, telemetry, delays: memory.remoteDelays });
const clients = new Clients(
  {
    ...{ ports: { clock: systemClock }, memory, sink, targets: link },
    connections: { leader: { bus: leader.bus } },
  } as unknown as PairParts,
  limits as Partial<PairSettings> as PairSettings,
);
if (task === "driven") letClientDrive();
const loop = new ControlLoop({
  ...{ follower, marks, drive, machine, alarms, sink, memory },
  ...{ rateHz: limits.rateHz, holdAfterMs: 1000, clock: systemClock },
  leader:
    task === "remote"
      ? heeded(fedBy(remote, feed))
      : task === "driven"
        ? fedBy(clients.targets, feed)
        : new BusLeader(leader.bus, leader.figures),
  mustYield: (positions) =>
    task === "driven" ? clients.mustYieldClient() : clients.mustYieldLeader(positions),
  outlet: task === "remote" || task === "driven" ? undefined : new SampleOutlet(link, EPOCH),
  leaderArm: leader.arm,
  monitors: [leader, follower],
  overload: new OverloadCure(follower, drive, telemetry, alarms, 1),
  goalTables: JOINTS.map(() => Int16Array.from({ length: 4096 }, (_, raw) => raw)),
});

/** The way for samples over a real socket, and what sends one to the loop from its other end. */
function linkOverSocket(): { readonly link: SocketLink; feed(): void } {
  const path = join(mkdtempSync(join(tmpdir(), "so101-hot-")), "main.samples");
  const listener = bindAt(path, "datagrams");
  listen(listener, path, 1);
  const client = connectTo(path, 0, "datagrams");
  const words = new Int32Array(LINK_WORDS);
  new LinkOwner(words).give(accept(listener));
  const sample = nativeBuffer(SAMPLE_BYTES);
  const view = new SampleView(sample.bytes);
  const { low, high } = epochHalves(EPOCH);
  const positions = new Int32Array(JOINT_COUNT).fill(2048);
  const waste = nativeBuffer(SAMPLE_BYTES);
  let sequence = 0;
  return {
    link: new SocketLink(words, systemClock),
    feed() {
      while (receive(client, waste) > 0);
      view.write(++sequence, low, high, systemClock.nowUs(), positions);
      send(client, sample, SAMPLE_BYTES);
    },
  };
}

/** A client has given its first target, and the leader beside it is watched. */
function letClientDrive(): void {
  shared.session.begin(EPOCH);
  clients.targets.poll();
  feed();
  clients.look(undefined);
  clients.watchLeader();
}

/** A source that has sent a sample whenever the loop waits for one. */
function fedBy<Source extends LeaderSource>(leader: Source, feed: () => void): Source {
  const wait = leader.wait.bind(leader);
  leader.wait = (untilUs, fromUs) => {
    feed();
    wait(untilUs, fromUs);
  };
  return leader;
}

function heeded(leader: RemoteLeader): RemoteLeader {
  leader.heed(
    {
      name: "desk/main",
      holdAfterMs: 1000,
      // Its calibration is for the tables of goals, which are made here.
      heard: { epoch: EPOCH, normalisation: "range", calibration: {} as Calibration },
    },
    { normalisation: "range", rateHz: limits.rateHz } as PairSettings,
  );
  return leader;
}

function run(count: number): void {
  endAt = telemetry.counter("ticks") + count;
  const end = loop.run();
  if (end.kind !== "command") throw new Error(`the loop ended: ${end.kind}`);
}

// Until the engine has compiled all of it: that allocates too.
run(10_000);
Bun.gc(true);
console.error("begin");
run(Number(ticks));
console.error("end");
