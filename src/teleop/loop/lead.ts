/** One run of leading: only the leader is on this machine; it is read on the loop's grid, and its positions are sent. */
import type { ConnectedArm } from "../preparation.ts";
import type { SampleOutlet } from "../remote/outlet.ts";
import { UNKNOWN_POSITIONS } from "../shared/samples.ts";
import { busLeader, type FollowContext, whyLate } from "./follow.ts";
import { PUBLISH_EVERY_TICKS, stallFrom } from "./loop.ts";
import { Pacer } from "./pacer.ts";

/** Reads and sends until something else is asked, or the leader is silent. Throws {@link PortError}. */
export function lead(arm: ConnectedArm, outlet: SampleOutlet | undefined, context: FollowContext): void {
  const { machine, reporter, memory, settings, ports } = context;
  const { telemetry, mailbox, samples } = memory;
  const { clock } = ports;
  const leader = busLeader(arm);
  const pacer = new Pacer(clock, settings.rateHz, telemetry, memory.lateness, leader);
  const holdAfterUs = settings.holdAfterMs * 1e3;
  const stallUs = stallFrom(holdAfterUs);
  reporter.succeeded();
  machine.enter("leading", [{ code: "pair.leading" }]);
  pacer.begin();
  let freshUs = clock.nowUs();
  for (let tick = 0; ; tick++) {
    const startUs = pacer.startTick();
    if (pacer.lateUs > stallUs) {
      machine.enter("waiting", [{ code: "program.stalled", forMs: Math.round(pacer.lateUs / 1e3) }]);
      break;
    }
    if (mailbox.takesAway("following")) break;
    leader.endSlack();
    const askedUs = clock.nowUs();
    if (leader.mustLoseTorque(askedUs)) leader.switchTorqueOff(askedUs);
    leader.request();
    const isFresh = leader.collect(askedUs);
    const readUs = clock.nowUs();
    // A jump is for the followers to judge, which know what they have seen.
    leader.takeJump();
    if (isFresh) {
      outlet?.send(readUs, leader.positions);
      freshUs = readUs;
      leader.useSlack(clock.nowUs());
      telemetry.setJoints("leader", "position", leader.positions);
      samples.write(startUs, machine.state, leader.positions, UNKNOWN_POSITIONS, UNKNOWN_POSITIONS);
    } else {
      telemetry.count("leaderMisses");
      if (readUs - freshUs > holdAfterUs) {
        const silent = {
          code: "leader.silent",
          arm: context.arms.leader,
          forMs: settings.holdAfterMs,
        } as const;
        machine.enter("waiting", [silent, ...whyLate(arm)]);
        break;
      }
    }
    arm.monitor.look();
    if (tick % PUBLISH_EVERY_TICKS === 0) arm.monitor.publish();
    pacer.finishTick(readUs - startUs);
  }
  leader.endSlack();
  arm.monitor.publish();
}
