/** Ending a command early, once everything that it began is undone or complete. */
import { Interrupted } from "../workflows/errors.ts";

/**
 * Runs `work` with a signal that SIGINT, SIGTERM and SIGHUP abort; the reason is {@link Interrupted}. Work that waits
 * must look at it, and must undo or complete what it began: nothing else ends the program meanwhile.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = () => controller.abort(new Interrupted());
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, interrupt);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}
