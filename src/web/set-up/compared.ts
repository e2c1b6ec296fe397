/** Which calibrations have been compared: so that a pair that was is not asked for it again, and one that changed is. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import type { Calibration } from "../../arm/calibration/calibration.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { ROLES, type Role } from "../../arm/joints.ts";
import type { FiledArm } from "../../config/choose-arm.ts";
import { replaceFile } from "../../linux/files.ts";

const fileSchema = v.record(v.string(), v.string());

/** Both arms of a pair. */
export type PairOfArms = Readonly<Record<Role, FiledArm>>;

/** The comparisons that were made, in a file of the page's own. */
export class Compared {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Whether these arms agreed when they were compared, with the calibrations that they have now. */
  has(pair: string, arms: PairOfArms): boolean {
    const digest = digestOf(arms);
    return digest !== undefined && this.#read()[pair] === digest;
  }

  /** Keeps that they agree. Throws the system's error. */
  keep(pair: string, arms: PairOfArms): void {
    const digest = digestOf(arms);
    if (digest !== undefined) {
      replaceFile(this.#path, `${JSON.stringify({ ...this.#read(), [pair]: digest })}\n`, 0o600);
    }
  }

  #read(): Record<string, string> {
    try {
      return v.parse(fileSchema, JSON.parse(readFileSync(this.#path, "utf8")));
    } catch {
      return {}; // then they are compared again, which costs a minute
    }
  }
}

/** Both arms' calibrations; undefined where one cannot be had. */
export function calibrationsOf(arms: PairOfArms): Record<Role, Calibration> | undefined {
  const [leader, follower] = ROLES.map((role) =>
    new CalibrationStore(arms[role].calibrationDir).loadIfUsable(arms[role]),
  );
  return leader && follower && { leader, follower };
}

function digestOf(arms: PairOfArms): string | undefined {
  const calibrations = calibrationsOf(arms);
  return calibrations && new Bun.CryptoHasher("sha256").update(JSON.stringify(calibrations)).digest("hex");
}
