/** Reading what a person named, with that person's rights. */
import { CalibrationError } from "../../arm/calibration/error.ts";
import { asInvoker, invokingUser } from "../../host/invoker.ts";
import { isSystemError } from "../../linux/system-error.ts";

/**
 * Reads what is at a path as whoever called sudo: what that user may not read, root does not make one of the arm's, nor show
 * parts of in a message. Throws an Error that says so, and what `read` throws.
 */
export async function readAsInvoker<T>(path: string, read: () => T): Promise<T> {
  try {
    return await asInvoker(read);
  } catch (error) {
    const name = isDenied(error) ? invokingUser()?.name : undefined;
    if (name === undefined) throw error;
    throw new Error(`${path}: ${name}, who called sudo, may not read it — name a file that ${name} may read`);
  }
}

function isDenied(error: unknown): boolean {
  if (!(error instanceof CalibrationError)) return isSystemError(error) && error.code === "EACCES";
  return error.problem.code === "calibration.missing" && error.problem.errno === "EACCES";
}
