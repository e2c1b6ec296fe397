/** What is still missing once the boards have names: the arms' calibrations. */
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { nameOfArm } from "../../arm/identity.ts";
import type { ChosenArm } from "../../config/choose-arm.ts";
import { pairToName } from "../../config/pairs.ts";
import { command } from "../../messages/audience.ts";
import type { Operator } from "../operator.ts";

/** Where an arm's calibration can come from: its own servos, a file of LeRobot's, or a person's hands. */
export type CalibrationSource = "pull" | "import" | "calibrate";

/** The arms that have no calibration file that can be used. */
export function uncalibrated(arms: readonly ChosenArm[]): ChosenArm[] {
  return arms.filter((arm) => new CalibrationStore(arm.calibrationDir).loadIfUsable(arm) === undefined);
}

/**
 * Asks where an arm's calibration is to come from; undefined when it is to come later. Without a person the commands
 * are named that make it. Throws what the operator throws.
 */
export async function chooseSource(
  arm: ChosenArm,
  operator: Operator,
): Promise<CalibrationSource | undefined> {
  operator.event({ event: "missing", what: "calibration", arm: arm.role, id: arm.id });
  if (!operator.attended) {
    const [pull, take, make] = (["calibration pull", "calibration import", "calibrate"] as const).map(
      (name) => command(operator.audience, name, arm.role),
    );
    operator.tell(
      "info",
      `${nameOfArm(arm)} has no calibration here — was it calibrated before: ${pull}; ` +
        `is there a file of LeRobot's: ${take}; else: ${make}`,
    );
    return undefined;
  }
  const answer = await operator.choose<CalibrationSource | "later">(
    `${nameOfArm(arm)} has no calibration here. Where is it to come from?`,
    [
      {
        value: "pull",
        label: "from its own servos",
        hint: "it was calibrated before, with LeRobot or so101",
      },
      {
        value: "import",
        label: "from a file of LeRobot's",
        hint: "~/.cache/huggingface/lerobot/calibration",
      },
      { value: "calibrate", label: "calibrate it now" },
      { value: "later", label: "later" },
    ],
    "",
  );
  return answer === "later" ? undefined : answer;
}

/** What is to be given to the program for it. */
export function argumentsFor(
  source: CalibrationSource,
  { role }: Pick<ChosenArm, "role">,
  pair: string,
): string[] {
  const named = pairToName(pair);
  const ofPair = named === undefined ? [] : ["--pair", named];
  return source === "calibrate" ? ["calibrate", role, ...ofPair] : ["calibration", source, role, ...ofPair];
}
