/** What is still missing once the boards have names: the calibrations, and the service of a further pair. */
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { nameOfArm } from "../../arm/identity.ts";
import type { Dialogue } from "../../cli/operator/dialogue.ts";
import type { ChosenArm } from "../../config/choose-arm.ts";
import { MAIN_PAIR } from "../../config/pairs.ts";

/** Offers what comes next to a person, and names the commands to anybody else. */
export async function offerNext(pair: string, arms: readonly ChosenArm[], dialogue: Dialogue): Promise<void> {
  const ofPair = pair === MAIN_PAIR ? [] : ["--pair", pair];
  const uncalibrated = arms.filter(
    (arm) => new CalibrationStore(arm.calibrationDir).loadIfUsable(arm) === undefined,
  );
  for (const arm of uncalibrated) {
    const commands = {
      pull: ["calibration", "pull", arm.role, ...ofPair],
      import: ["calibration", "import", arm.role, ...ofPair],
      calibrate: ["calibrate", arm.role, ...ofPair],
    };
    dialogue.event({ event: "missing", what: "calibration", arm: arm.role, id: arm.id });
    if (dialogue.kind !== "terminal") {
      dialogue.say(
        `${nameOfArm(arm)} has no calibration here — was it calibrated before: so101 ${commands.pull.join(" ")}; ` +
          `is there a file of LeRobot's: so101 ${commands.import.join(" ")}; else: so101 ${commands.calibrate.join(" ")}`,
      );
      continue;
    }
    const answer = await dialogue.choose(
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
    if (answer !== "later") await runSelf(commands[answer]);
  }
  if (pair !== MAIN_PAIR) {
    dialogue.say(`When its calibrations are there: sudo systemctl enable --now so101-teleop@${pair}`);
  }
}

/** Runs another of the program's commands on this terminal. */
async function runSelf(command: readonly string[]): Promise<void> {
  const { exited } = Bun.spawn([process.execPath, ...command], { stdio: ["inherit", "inherit", "inherit"] });
  const code = await exited;
  if (code !== 0) process.exitCode = code;
}
