/** A status, for tests of what is told and how it is shown. */

import type { ArmStatus, JointStatus, Status } from "../../src/api/protocol.ts";
import { JOINTS } from "../../src/arm/joints.ts";

const joint: JointStatus = {
  positionSteps: 2048,
  positionNormalised: 1.5,
  rangeSteps: { min: 0, max: 4095 },
  goalSteps: null,
  torqueOn: false,
  speedStepsPerS: -100,
  loadPercent: 3,
  currentMa: 65,
  voltageV: 5,
  temperatureC: 31,
  errors: [],
  misses: 0,
};

const arm = (id: string, of: Partial<JointStatus> = {}): ArmStatus => ({
  id,
  port: `/dev/${id}`,
  timeouts: 1,
  lateReplies: 5,
  roundTripMs: { p50: 1.1, p99: 1.6 },
  corruptedReplies: 2,
  noiseBytes: 3,
  retries: 4,
  joints: Object.fromEntries(JOINTS.map((name) => [name, { ...joint, ...of }])) as ArmStatus["joints"],
});

/** A service that follows. */
export const aStatus: Status = {
  pair: "main",
  pid: 42,
  program: "1.2.3",
  startedAt: "2026-01-01T10:00:00.000Z",
  state: "following",
  since: "2026-01-01T10:00:05.000Z",
  why: "the follower has reached the leader's pose",
  reasons: [],
  mode: "running",
  configuredRateHz: 200,
  rateHz: 199.98,
  ticks: 1000,
  lateTicks: 1,
  latenessUs: { p50: 30, p99: 70, p999: 100, max: 200 },
  alignments: 1,
  holds: 3,
  arms: { leader: arm("blue"), follower: arm("red", { torqueOn: true, goalSteps: 2050 }) },
  activeAlarms: [],
  events: [
    {
      time: "2026-01-01T10:00:05.000Z",
      code: "SO101-E004 pair.following",
      severity: "info",
      message: "following: the follower has reached the leader's pose",
    },
  ],
};

/** A follower, alone on its machine, that follows the leader of another one. */
export const drivenByDesk: Status = {
  ...aStatus,
  armsHere: "follower",
  driver: { source: "remote leader", leader: "desk/main", since: "2026-01-01T10:00:05.000Z" },
  remote: {
    leader: "desk/main",
    samples: 1_439_000,
    delayMs: { p50: 1.24, p99: 38 },
    longestGapMs: 143.6,
    old: 12,
    late: 3,
    ofOthers: 0,
    missing: 41,
    holds: 3,
    wantedS: 7_200,
    followedS: 7_128,
  },
};

/** A leader, alone on its machine. */
export const leaderOnly: Status = { ...aStatus, armsHere: "leader" };
