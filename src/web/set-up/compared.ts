/** Which calibrations have been compared: so that a pair that was is not asked for it again, and one that changed is. */
import * as v from "valibot";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { ROLES, type Role } from "../../arm/joints.ts";
import type { FiledArm } from "../../config/choose-arm.ts";
import { readState, replaceState } from "../access/state.ts";

const FILE = "compared.json";
const fileSchema = v.record(v.string(), v.string());

/** Both arms of a pair. */
export type PairOfArms = Readonly<Record<Role, FiledArm>>;

/** The comparisons that were made, in the folder of the page's own. */
export class Compared {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Whether these arms agreed when they were compared, with the calibrations that they have now. */
  has(pair: string, arms: PairOfArms): boolean {
    const digest = digestOf(arms);
    return digest !== undefined && this.#read()[pair] === digest;
  }

  /** Keeps that they agree. Throws NotKept. */
  keep(pair: string, arms: PairOfArms): void {
    const digest = digestOf(arms);
    if (digest !== undefined) replaceState(this.#dir, FILE, { ...this.#read(), [pair]: digest });
  }

  /** What cannot be read is compared again, which costs a minute. */
  #read(): Record<string, string> {
    return readState(this.#dir, FILE, fileSchema) ?? {};
  }
}

/** Of both arms' calibrations; undefined where one cannot be had. */
function digestOf(arms: PairOfArms): string | undefined {
  const calibrations = ROLES.map((role) =>
    new CalibrationStore(arms[role].calibrationDir).loadIfUsable(arms[role]),
  );
  if (calibrations.includes(undefined)) return undefined;
  const [leader, follower] = calibrations;
  return new Bun.CryptoHasher("sha256").update(JSON.stringify({ leader, follower })).digest("hex");
}
