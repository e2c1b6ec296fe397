/**
 * Which of the pair's ports another program has. The main thread finds that out; the control thread asks before each
 * packet that it sends. Each side may claim a port; the main thread alone gives it back.
 */
import { ROLES, type Role } from "../../arm/joints.ts";
import type { Claimant } from "../../arm/yielding-ports.ts";
import type { Owner } from "../../linux/owners/program.ts";

/** The kernel's names of processes have at most 15 bytes; what is left is zeros. */
const NAME_SIZE = 16;

/** For each arm the pid of the program that has its port; 0 for none. */
export const CLAIM_WORDS = ROLES.length;
/** For each arm that program's name. */
export const CLAIM_NAMES_SIZE = NAME_SIZE * ROLES.length;

/** What can be known by its traces only has no pid. */
const UNSEEN = -1;

/** The memory of claims. */
export interface ClaimsMemory {
  readonly claims: Int32Array;
  readonly claimNames: Uint8Array;
}

/** The claims, as either thread has them. */
export class Claims {
  readonly #pids: Int32Array;
  readonly #names: Uint8Array;

  constructor({ claims, claimNames }: ClaimsMemory) {
    this.#pids = claims;
    this.#names = claimNames;
  }

  /** Whether another program has an arm's port. Allocates nothing. */
  has(role: Role): boolean {
    return Atomics.load(this.#pids, ROLES.indexOf(role)) !== 0;
  }

  /** Whether another program has an arm's port that is known by its traces only. */
  isUnseen(role: Role): boolean {
    return Atomics.load(this.#pids, ROLES.indexOf(role)) === UNSEEN;
  }

  /** The program that has an arm's port; undefined where none has, or it was not seen. */
  ownerOf(role: Role): Owner | undefined {
    const index = ROLES.indexOf(role);
    const pid = Atomics.load(this.#pids, index);
    if (pid <= 0) return undefined;
    const bytes = this.#names.slice(index * NAME_SIZE, (index + 1) * NAME_SIZE);
    const name = new TextDecoder().decode(bytes).replace(/\0.*$/s, "");
    return { pid, ...(name !== "" && { name }) };
  }

  /** Who else has the port of an arm, as it is whenever it is asked. */
  claimantOf(role: Role): Claimant {
    const pids = this.#pids;
    const index = ROLES.indexOf(role);
    const ownerOf = () => this.ownerOf(role);
    return {
      get hasIt() {
        return Atomics.load(pids, index) !== 0;
      },
      get owner() {
        return ownerOf();
      },
    };
  }

  /** Tells that another program has an arm's port; which, where that was seen. Allocates where one is named. */
  claim(role: Role, owner?: Owner): void {
    const index = ROLES.indexOf(role);
    if (owner !== undefined) {
      const name = this.#names.subarray(index * NAME_SIZE, (index + 1) * NAME_SIZE);
      name.fill(0);
      name.set(new TextEncoder().encode(owner.name ?? "").subarray(0, NAME_SIZE - 1));
    }
    Atomics.store(this.#pids, index, owner?.pid ?? UNSEEN);
  }

  /** Tells that no other program has an arm's port any more. */
  giveBack(role: Role): void {
    Atomics.store(this.#pids, ROLES.indexOf(role), 0);
  }
}
