/** How far the setting up of an arm's servos has come, kept beside its calibration so that it can be gone on with. */
import * as v from "valibot";
import type { CalibrationStore } from "../../arm/calibration/store.ts";
import type { ArmIdentity } from "../../arm/identity.ts";
import { JOINTS, type JointName } from "../../arm/joints.ts";

const VERSION = 1;
const schema = v.strictObject({ version: v.literal(VERSION), done: v.array(v.picklist(JOINTS)) });

/** Not `.json`: programs take every such file in the folder for a calibration. */
const SUFFIX = ".setup-motors";

/** The setting up of one arm. */
export class SetupProgress {
  readonly #calibrations: CalibrationStore;
  readonly #arm: ArmIdentity;

  constructor(calibrations: CalibrationStore, arm: ArmIdentity) {
    this.#calibrations = calibrations;
    this.#arm = arm;
  }

  /** The joints that were set up; none when nothing was begun, or what was kept cannot be read. */
  read(): JointName[] {
    try {
      const text = this.#calibrations.readBeside(this.#arm, SUFFIX);
      return text === undefined ? [] : v.parse(schema, JSON.parse(text)).done;
    } catch {
      return []; // then every joint is asked for again, which costs a minute and changes nothing
    }
  }

  /** Keeps the joints that are set up. Throws {@link CalibrationError} "unwritable". */
  keep(done: readonly JointName[]): void {
    this.#calibrations.keepBeside(this.#arm, SUFFIX, JSON.stringify({ version: VERSION, done }));
  }

  /** Forgets it: the arm is set up, or is to be set up from the start. Throws {@link CalibrationError} "unwritable". */
  forget(): void {
    this.#calibrations.removeBeside(this.#arm, SUFFIX);
  }
}
