/** What the control thread asks, looked up for it: it opens no file itself. */
import { CalibrationStore } from "../arm/calibration/store.ts";
import { readFiles } from "../arm/checks/inspect.ts";
import type { Role } from "../arm/joints.ts";
import type { PairSettings } from "../teleop/settings.ts";
import type { MainMemory } from "../teleop/shared/control-memory.ts";

/** Makes what answers all that is asked, whenever it is called. Ids and folder stay as they were at the start. */
export function answersFor(
  { arms, calibrationDir }: PairSettings,
  { questions }: Pick<MainMemory, "questions">,
): () => void {
  const calibrations = new CalibrationStore(calibrationDir);
  const filesOf = (role: Role) => readFiles(calibrations, { role, id: arms[role].id });
  return () => {
    questions.answerCalibrations(() => ({ leader: filesOf("leader"), follower: filesOf("follower") }));
  };
}
