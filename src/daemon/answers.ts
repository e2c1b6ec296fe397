/** What the control thread asks, looked up for it: it opens no file itself. */
import { CalibrationStore } from "../arm/calibration/store.ts";
import { readFiles } from "../arm/checks/inspect.ts";
import { ROLES, type Role } from "../arm/joints.ts";
import { lookAtPort } from "../arm/system-ports.ts";
import { latencyTimerOf } from "../serial/latency-timer.ts";
import type { PairSettings } from "../teleop/settings.ts";
import type { MainMemory } from "../teleop/shared/control-memory.ts";

/** Makes what answers all that is asked, whenever it is called. Ids and folder stay as they were at the start. */
export function answersFor(
  { arms, calibrationDir }: PairSettings,
  { questions }: Pick<MainMemory, "questions">,
): () => void {
  const calibrations = new CalibrationStore(calibrationDir);
  const filesOf = (role: Role) => {
    const { id, port } = arms[role];
    return { ...readFiles(calibrations, { role, id }), latencyTimer: latencyTimerOf(port) };
  };
  return () => {
    for (const role of ROLES) void questions.answerPort(role, () => lookAtPort(arms[role].port));
    questions.answerFiles(() => ({ leader: filesOf("leader"), follower: filesOf("follower") }));
  };
}
