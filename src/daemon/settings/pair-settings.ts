/** From the configuration, with its keys, to what teleoperation must know, by its own names. */
import { JOINTS } from "../../arm/joints.ts";
import { type GainsByJoint, LEROBOT_GAINS } from "../../arm/servos/baseline.ts";
import type { Config } from "../../config/config.ts";
import { type PairSettings, REMOTE_HOLD_AFTER_MS } from "../../teleop/settings.ts";

/** What teleoperation takes of the configuration, by its own names. */
export function pairSettings(config: Config): PairSettings {
  const { leader, follower, teleoperation, drive, health, park, network } = config;
  return {
    ...networkSettings(network),
    arms: { leader: armOf(leader), follower: armOf(follower) },
    calibrationDir: config.calibration_dir,
    rateHz: teleoperation.rate_hz,
    normalisation: teleoperation.normalisation,
    alignSpeedDegPerS: teleoperation.align_speed_deg_per_s,
    followSpeedDegPerS: teleoperation.follow_speed_deg_per_s,
    holdAfterMs: teleoperation.hold_after_ms,
    holdForS: teleoperation.hold_for_s,
    onStop: teleoperation.on_stop,
    start: teleoperation.start,
    health: {
      warnTemperatureC: health.warn_temperature_c,
      slowTemperatureC: health.slow_temperature_c,
      releaseTemperatureC: health.release_temperature_c,
      voltageSagPercent: health.voltage_sag_percent,
    },
    ...(!drive.local_leader_wins && { localLeaderWins: false }),
    stall: { currentMa: health.stall_current_ma, afterS: health.stall_after_s },
    ...(park === undefined ? {} : { parkPose: park }),
    ...(follower.gains === undefined ? {} : { gains: gainsOf(follower.gains) }),
  };
}

/** What is not said is as it is without a network. */
function networkSettings({ broker, arms, follow, remote_leader, hold_after_ms }: Config["network"]) {
  const isRemote = arms === "follower" || (arms === "both" && follow === "remote");
  return {
    ...(arms !== "both" && { armsHere: arms }),
    ...(broker !== undefined && arms !== "follower" && { isSent: true }),
    ...(hold_after_ms !== REMOTE_HOLD_AFTER_MS && { remoteHoldAfterMs: hold_after_ms }),
    ...(isRemote &&
      broker !== undefined &&
      remote_leader !== undefined && { remoteLeader: { name: remote_leader, holdAfterMs: hold_after_ms } }),
  };
}

function armOf({ port, id }: Config["leader"]) {
  return { port, id };
}

function gainsOf(configured: NonNullable<Config["follower"]["gains"]>): GainsByJoint {
  const gains = JOINTS.map((joint) => [joint, configured[joint] ?? LEROBOT_GAINS]);
  return Object.fromEntries(gains) as GainsByJoint;
}
