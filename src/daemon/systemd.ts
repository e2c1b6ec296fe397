/** What systemd is told of a teleoperation: that it is ready, how it goes, that its control thread gets on. */
import { serviceManager } from "../host/notify.ts";
import type { MainMemory } from "../teleop/shared/control-memory.ts";
import type { ToldEvent } from "./events/told.ts";

/** Without a watchdog nobody waits for signs of life; the rest is still looked after this often. */
const LOOK_EVERY_MS = 1_000;
/** systemd wants to hear three times as often as it gives up. */
const LOOKS_PER_WATCHDOG = 3;
/** A stop that gets on may take its time: parking is slow on purpose. */
const STOP_GOES_ON = "EXTEND_TIMEOUT_USEC=5000000";

/** Keeps systemd informed. */
export interface SystemdReport {
  /** An event of the pair: its state is the status of the unit. */
  event(event: ToldEvent): void;
  /** The service can be asked, and waits for its arms or uses them. */
  ready(): void;
  stop(): void;
}

/** Reports to the systemd that started this process; silently does nothing where none did. */
export function reportToSystemd({ telemetry, mailbox }: MainMemory): SystemdReport {
  const manager = serviceManager();
  if (manager === undefined) return { event() {}, ready() {}, stop() {} };
  let lastBeat = -1;
  let told = "";
  const look = () => {
    const beat = telemetry.heartbeat;
    // A control thread that hangs says nothing more, and systemd ends the process: the follower stays held meanwhile.
    if (beat !== lastBeat) manager.notify("WATCHDOG=1", ...(mailbox.isEnding ? [STOP_GOES_ON] : []));
    lastBeat = beat;
  };
  const timer = setInterval(
    look,
    (manager.watchdogMs ?? LOOK_EVERY_MS * LOOKS_PER_WATCHDOG) / LOOKS_PER_WATCHDOG,
  );
  return {
    event(event) {
      if (event.kind !== "state") return;
      const status = `${event.to}: ${event.why}`.replaceAll("\n", "; ");
      if (status === told) return;
      told = status;
      manager.notify(`STATUS=${status}`);
    },
    ready: () => manager.notify("READY=1"),
    stop() {
      clearInterval(timer);
      manager.notify("STOPPING=1");
    },
  };
}
