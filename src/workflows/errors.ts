/** Why a workflow ended early, as far as its caller must tell it apart. Anything else that is thrown is a failure. */

/** It was asked for in a way that cannot work. The message says what to give instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A person, the system, or who lent the arms ended it before its job was done. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";

  constructor(message = "interrupted") {
    super(message);
  }
}

/** It did its job, but something beside it failed, and the operator was told: nobody need say it again. */
export class AlreadyTold extends Error {
  override readonly name = "AlreadyTold";
}
