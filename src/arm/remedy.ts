/** What a problem of an arm is about, and what settles it, as data. */
import type { ArmIdentity } from "./identity.ts";
import type { JointName, Role } from "./joints.ts";

/**
 * What settles a problem, where diagnosis chose it. Those that are named like a command of the program are done by it,
 * to the arm that the problem is about.
 */
export type Remedy =
  | {
      readonly do:
        | "calibrate"
        | "calibration apply"
        | "calibration import"
        | "calibration pull"
        | "calibration finish"
        | "calibration undo"
        | "setup-motors"
        /** The calibration file is to be brought back as it was. */
        | "restore file"
        /** The calibration file's text is to be written in UTF-8. */
        | "save as UTF-8"
        /** Each arm is on the other's port. */
        | "exchange ports"
        | "switch power on"
        /** Any lead or plug of the arm may be the one. */
        | "check leads"
        /** Several servos have no joint's id, or one that another has too. */
        | "give ids";
    }
  /** One lead of the chain is loose. */
  | { readonly do: "check lead"; readonly from: JointName | "board"; readonly to: JointName }
  /** The file that was replaced is to be taken again. */
  | { readonly do: "import old"; readonly file: string }
  /** This joint alone is to be calibrated again. */
  | { readonly do: "calibrate joint"; readonly joint: JointName }
  /** The servo of this joint has another one's id, or none of a joint. */
  | { readonly do: "give id"; readonly joint: JointName }
  /** The leads to this joint are good, and its servo does not answer: it has another id, or is broken. */
  | { readonly do: "check servo"; readonly joint: JointName };

/** What every problem says of the arm that it is about. */
export interface About {
  /** Undefined for an arm on a port that belongs to nobody yet. */
  readonly arm?: ArmIdentity | undefined;
  /** Where it is about one joint; {@link jointsOf} tells all that it is about. */
  readonly joint?: JointName | undefined;
  /** The path of the arm's port, where it is known. */
  readonly path?: string | undefined;
}

/** A problem whose remedies diagnosis has found. */
export interface Settled extends About {
  /** What settles it: any one of them does. */
  readonly remedies: readonly Remedy[];
}

/** A remedy, and the arm that it is for, where it is for one. */
export type AimedRemedy = Remedy & { readonly arm?: Role };

/** What settles a problem of whatever kind; none where diagnosis has found nothing. */
export function remediesOf(problem: About): AimedRemedy[] {
  const { remedies = [], arm } = problem as Partial<Settled>;
  return remedies.map((remedy) => ({ ...remedy, ...(arm !== undefined && { arm: arm.role }) }));
}
