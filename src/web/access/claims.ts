/** Which pages have been claimed: kept over restarts, as nothing that could be used to claim one. */
import { randomBytes } from "node:crypto";
import { lstatSync } from "node:fs";
import * as v from "valibot";
import { visible } from "../../linux/text/visible.ts";
import { readState, replaceState } from "./state.ts";

const LASTS_MS = 30 * 24 * 3600_000;
/** So many phones and laptops; the oldest goes for a newcomer. */
const MOST = 32;
const LONGEST_NAME = 200;
const FILE = "claims.json";

const claimSchema = v.strictObject({
  id: v.string(),
  /** SHA-256 of the token, in hexadecimal digits. */
  digest: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** How the browser calls itself, for a person to tell claims apart. */
  name: v.string(),
  claimedAtMs: v.number(),
});
const fileSchema = v.strictObject({ claims: v.pipe(v.array(claimSchema), v.maxLength(MOST)) });

type KeptClaim = v.InferOutput<typeof claimSchema>;

/** A claim as it is listed. */
export type Claim = Omit<KeptClaim, "digest">;

/** The claims in the folder of the page's own, which another process may change meanwhile: `so101 web claims`. */
export class Claims {
  readonly #dir: string;
  #claims: readonly KeptClaim[] = [];
  /** What the file was when it was read. */
  #read = "";

  /** A file that cannot be read has no claims, for all can be made again. */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Those that have not ended, the newest first. */
  list(nowMs: number): Claim[] {
    return this.#alive(nowMs)
      .map(({ digest: _, ...claim }) => claim)
      .toSorted((a, b) => b.claimedAtMs - a.claimedAtMs);
  }

  /** Makes a claim; returns the token that the page keeps. Throws NotKept. */
  add(name: string, nowMs: number): string {
    const token = randomBytes(32).toString("base64url");
    const claim = {
      id: randomBytes(6).toString("hex"),
      digest: digestOf(token),
      name: visible(name).slice(0, LONGEST_NAME),
      claimedAtMs: nowMs,
    };
    this.#keep([...this.#alive(nowMs), claim].slice(-MOST));
    return token;
  }

  /** The claim whose token this is, by its id; undefined for any other text. */
  idOf(token: string | undefined, nowMs: number): string | undefined {
    if (token === undefined) return undefined;
    const digest = digestOf(token);
    return this.#alive(nowMs).find((claim) => claim.digest === digest)?.id;
  }

  /** Ends the claim of an id, or all; how many that were. Throws NotKept. */
  revoke(id: string | "all", nowMs: number): number {
    const before = this.#alive(nowMs);
    const left = id === "all" ? [] : before.filter((claim) => claim.id !== id);
    if (left.length < before.length) this.#keep(left);
    return before.length - left.length;
  }

  #alive(nowMs: number): readonly KeptClaim[] {
    this.#look();
    // One from the future is of a clock that was wrong: it must not last longer for that.
    return this.#claims.filter(
      ({ claimedAtMs }) => claimedAtMs > nowMs - LASTS_MS && claimedAtMs < nowMs + LASTS_MS,
    );
  }

  /** Reads the file where it has changed. */
  #look(): void {
    const now = markOf(`${this.#dir}/${FILE}`);
    if (now === this.#read) return;
    this.#read = now;
    this.#claims = readState(this.#dir, FILE, fileSchema)?.claims ?? [];
  }

  #keep(claims: readonly KeptClaim[]): void {
    replaceState(this.#dir, FILE, { claims });
    this.#look();
  }
}

/** By what a file is told from the one that was there before; "none" too where it cannot be looked at. Never throws. */
function markOf(path: string): string {
  try {
    const { ino, mtimeMs, ctimeMs, size } = lstatSync(path);
    return `${ino} ${mtimeMs} ${ctimeMs} ${size}`;
  } catch {
    return "none";
  }
}

function digestOf(token: string): string {
  return new Bun.CryptoHasher("sha256").update(token).digest("hex");
}
