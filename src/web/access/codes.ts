/** The last resort of who cannot claim a page by moving or plugging: a code that root has made, good once and for ten minutes. */
import { randomBytes, randomInt, timingSafeEqual } from "node:crypto";
import * as v from "valibot";
import { readState, removeState, replaceState } from "./state.ts";

const FILE = "code.json";
/** Letters and digits that nobody takes for one another, read out or on a screen. */
const SIGNS = "23456789ABCDEFGHJKMNPQRTVWXYZ";
const LENGTH = 8;
const LASTS_MS = 10 * 60_000;

const hex = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const fileSchema = v.strictObject({ salt: hex, digest: hex, madeAtMs: v.number() });

/** Makes and takes codes, in the folder of the page's own. */
export class Codes {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Makes a code, in place of the one before. Throws NotKept. */
  make(nowMs: number): string {
    const code = Array.from({ length: LENGTH }, () => SIGNS[randomInt(SIGNS.length)]).join("");
    const salt = randomBytes(32).toString("hex");
    replaceState(this.#dir, FILE, { salt, digest: digestOf(code, salt), madeAtMs: nowMs });
    return code;
  }

  /**
   * Takes a code, which is then used up; false for another, or one that is over. Who tries is to be kept from trying often:
   * none of the 5 · 10¹¹ is used up by a wrong try, so that nobody can use up another's. Throws NotKept.
   */
  take(said: string, nowMs: number): boolean {
    const kept = readState(this.#dir, FILE, fileSchema);
    if (kept === undefined || Math.abs(nowMs - kept.madeAtMs) > LASTS_MS) return false;
    const digest = digestOf(said.toUpperCase().replaceAll(/[\s-]/g, ""), kept.salt);
    if (!timingSafeEqual(Buffer.from(digest, "hex"), Buffer.from(kept.digest, "hex"))) return false;
    removeState(this.#dir, FILE);
    return true;
  }
}

function digestOf(code: string, salt: string): string {
  return new Bun.CryptoHasher("sha256").update(salt).update(code).digest("hex");
}
