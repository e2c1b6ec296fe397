/** Which pages have been claimed: kept over restarts, as nothing that could be used to claim one. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { replaceFile } from "../../linux/files.ts";

const LASTS_MS = 30 * 24 * 3600_000;
/** So many phones and laptops; the oldest goes for a newcomer. */
const MOST = 32;
const LONGEST_NAME = 80;

const claimSchema = v.strictObject({
  id: v.string(),
  /** SHA-256 of the token, in hexadecimal digits. */
  digest: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** How the browser calls itself, for a person to tell claims apart. */
  name: v.string(),
  claimedAtMs: v.number(),
});
const fileSchema = v.strictObject({ claims: v.pipe(v.array(claimSchema), v.maxLength(MOST)) });

/** A claim as it is listed. */
export type Claim = Omit<v.InferOutput<typeof claimSchema>, "digest">;

/** The claims in a file of the page's own; its mode keeps others out. */
export class Claims {
  readonly #path: string;
  #claims: readonly v.InferOutput<typeof claimSchema>[];

  /** Reads what is there; a file that cannot be read has no claims, for all can be made again. */
  constructor(path: string) {
    this.#path = path;
    this.#claims = read(path);
  }

  /** Those that have not ended, the newest first. */
  list(nowMs: number): Claim[] {
    return this.#alive(nowMs)
      .map(({ digest: _, ...claim }) => claim)
      .toSorted((a, b) => b.claimedAtMs - a.claimedAtMs);
  }

  /** Makes a claim; returns the token that the page keeps. Throws the system's error when it cannot be kept. */
  add(name: string, nowMs: number): string {
    const token = randomBytes(32).toString("base64url");
    const claim = {
      id: randomBytes(6).toString("base64url"),
      digest: digestOf(token),
      name: name.slice(0, LONGEST_NAME),
      claimedAtMs: nowMs,
    };
    this.#keep([...this.#alive(nowMs), claim].slice(-MOST));
    return token;
  }

  /** Whether a token is that of a claim. */
  has(token: string | undefined, nowMs: number): boolean {
    if (token === undefined) return false;
    const digest = digestOf(token);
    return this.#alive(nowMs).some((claim) => claim.digest === digest);
  }

  /** Ends a claim; false when there is none of that id. Throws the system's error when that cannot be kept. */
  revoke(id: string, nowMs: number): boolean {
    const left = this.#alive(nowMs).filter((claim) => claim.id !== id);
    if (left.length === this.#claims.length) return false;
    this.#keep(left);
    return true;
  }

  #alive(nowMs: number) {
    return this.#claims.filter(({ claimedAtMs }) => claimedAtMs > nowMs - LASTS_MS);
  }

  #keep(claims: readonly v.InferOutput<typeof claimSchema>[]): void {
    replaceFile(this.#path, `${JSON.stringify({ claims }, null, 2)}\n`, 0o600);
    this.#claims = claims;
  }
}

function digestOf(token: string): string {
  return new Bun.CryptoHasher("sha256").update(token).digest("hex");
}

function read(path: string): readonly v.InferOutput<typeof claimSchema>[] {
  try {
    return v.parse(fileSchema, JSON.parse(readFileSync(path, "utf8"))).claims;
  } catch {
    return [];
  }
}
