/** The settings to start with. A service whose configuration is wrong waits for a person to correct it. */
import { setTimeout as passed } from "node:timers/promises";
import { ConfigError } from "../../config/config.ts";
import { serviceManager } from "../../host/notify.ts";
import { formatCode } from "../../teleop/reporting/codes.ts";
import type { PairSettings } from "../../teleop/settings.ts";
import { GrowingPauses } from "../../teleop/state/growing-pauses.ts";
import { log } from "../log.ts";

const LOOK_EVERY_MS = 1_000;

/**
 * Reads the settings by `read`. Where systemd runs the program, a configuration that cannot be used is told, and read
 * again until it can be: ending would only make systemd start the program over and over. Undefined when a signal ended
 * the wait. Elsewhere throws {@link ConfigError}.
 */
export async function firstSettings(read: () => PairSettings): Promise<PairSettings | undefined> {
  const manager = serviceManager();
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  let told: string | undefined;
  /** A file that is written again and again may be wrong in many ways. */
  const pauses = new GrowingPauses();
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    while (!stopped.signal.aborted) {
      try {
        return read();
      } catch (error) {
        if (!(error instanceof ConfigError) || manager === undefined) throw error;
        const message = error.message.split("\n").join("; ");
        const nowUs = performance.now() * 1e3;
        if (message !== told && pauses.isOver(nowUs)) {
          pauses.begin(nowUs);
          told = message;
          log(
            "fault",
            `${message} — correct it: teleoperation begins by itself then [${formatCode("settings.refused")}]`,
          );
        }
        manager.notify("READY=1", `STATUS=faulted: ${message}`, "WATCHDOG=1");
      }
      await passed(LOOK_EVERY_MS, undefined, { signal: stopped.signal }).catch(() => {});
    }
    return undefined;
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGUSR2"] as const;
