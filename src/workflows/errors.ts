/** Why a command ended early, as far as its exit code tells it apart. Anything else that is thrown is a failure: 1. */

/** The command was used in a way that cannot work: exit code 2. The message says what to give instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A person or the system ended the command before its job was done: exit code 130. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";

  constructor(message = "interrupted") {
    super(message);
  }
}
