/** Reading the configuration again while the program teleoperates. */
import { ConfigError } from "../../config/config.ts";
import type { Notice } from "../../teleop/reporting/events.ts";
import { type PairSettings, REMOTE_HOLD_AFTER_MS } from "../../teleop/settings.ts";

/** What came of reading the configuration again. */
export interface Reloaded {
  /** The settings to go on with; undefined when the configuration cannot be used. */
  readonly settings?: PairSettings;
  readonly notices: readonly Notice[];
  readonly reading: SettingsReading;
}

/** What came of the newest reading, for a status. */
export interface SettingsReading {
  readonly at: Date;
  /** Why the configuration could not be used, and what was before holds; none where it could. */
  readonly refused: readonly string[];
  /** The keys whose values take effect at the next start. */
  readonly kept: readonly string[];
}

/**
 * Reads the configuration again by `read`. What is tied to open ports stays as it was at the start, and that is said; so
 * do gains: a follower is released before its EEPROM is written; and so does who drives, which may have been changed
 * since `first` was read for the start.
 */
export function reload(
  present: PairSettings,
  read: () => PairSettings,
  first: PairSettings = present,
): Reloaded {
  let wanted: PairSettings;
  try {
    wanted = read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problem = { code: "settings.refused", problems: error.message.split("\n") } as const;
    return {
      notices: [{ kind: "notice", severity: "warning", problem }],
      reading: { at: new Date(), refused: problem.problems, kept: [] },
    };
  }
  const { arms, calibrationDir, gains, armsHere, isSent, remoteLeader } = present;
  const { gains: wantedGains, armsHere: _, isSent: __, remoteLeader: ___, ...others } = wanted;
  const settings = {
    ...others,
    ...{ arms, calibrationDir },
    ...(gains && { gains }),
    ...(armsHere && { armsHere }),
    ...(isSent && { isSent }),
    ...(remoteLeader && {
      remoteLeader: { ...remoteLeader, holdAfterMs: others.remoteHoldAfterMs ?? REMOTE_HOLD_AFTER_MS },
    }),
  };
  const kept = [
    wanted.arms.leader.port !== present.arms.leader.port && "leader.port",
    wanted.arms.leader.id !== present.arms.leader.id && "leader.id",
    wanted.arms.follower.port !== present.arms.follower.port && "follower.port",
    wanted.arms.follower.id !== present.arms.follower.id && "follower.id",
    wanted.calibrationDir !== present.calibrationDir && "calibration_dir",
    !Bun.deepEquals(wantedGains, gains) && "follower.gains",
    wanted.armsHere !== first.armsHere && "network.arms",
    wanted.isSent !== first.isSent && "network.broker",
    wanted.remoteLeader?.name !== first.remoteLeader?.name &&
      (wanted.remoteLeader && first.remoteLeader ? "network.remote_leader" : "network.follow"),
  ].filter((key) => key !== false);
  const notices: Notice[] = [{ kind: "notice", severity: "info", problem: { code: "settings.reloaded" } }];
  if (kept.length > 0) {
    notices.push({ kind: "notice", severity: "warning", problem: { code: "settings.kept", keys: kept } });
  }
  return { settings, notices, reading: { at: new Date(), refused: [], kept } };
}
