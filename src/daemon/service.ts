/**
 * The service around the control thread, put together: where events come from, what is known beside them, who is told.
 *
 * Sources: the control thread, the supply, losses, the control socket, a reload. Enrichers: the supply, boards without
 * names. Sinks: the history, the calibrations of the status, the output, systemd. The order of each does not matter.
 */
import { isParkingEnd } from "../api/parking.ts";
import type { Calibration } from "../arm/calibration/calibration.ts";
import type { ArmIdentity } from "../arm/identity.ts";
import { ROLES, type Role } from "../arm/joints.ts";
import { MAIN_PAIR } from "../config/pairs.ts";
import type { Audience } from "../messages/audience.ts";
import type { EventSink } from "../teleop/reporting/events.ts";
import type { Left } from "../teleop/reporting/problem.ts";
import type { PairSettings } from "../teleop/settings.ts";
import { startApi } from "./api/subject.ts";
import { EventHistory } from "./events/event-history.ts";
import { LossWatch } from "./events/losses.ts";
import { Repeats } from "./events/repeats.ts";
import { watchSupply } from "./events/supply.ts";
import { type ToldEvent, type ToldSink, tell } from "./events/told.ts";
import { unnamedBoards } from "./events/unnamed-boards.ts";
import { watchPorts } from "./port-claims.ts";
import { firstSettings } from "./settings/first-settings.ts";
import { reload } from "./settings/reload.ts";
import { withPauses } from "./settings/with-pauses.ts";
import { type Summary, summarise } from "./summary.ts";
import { reportToSystemd } from "./systemd.ts";
import { ControlHangs, startTeleoperation } from "./teleoperation.ts";

/** What shows a running teleoperation to whoever watches: a person at a terminal, a log, a program. */
export interface Output {
  /** Shows what happened. */
  event(event: ToldEvent): void;
  /** Teleoperation has ended; nothing is shown after this. */
  end(): void;
}

/** How the service is run. */
export interface ServiceOptions {
  /** Reads the settings: at the start, and at each reload. Throws {@link ConfigError}. */
  readSettings(): PairSettings;
  readonly pair?: string | undefined;
  /** Who reads what is told, as it is now: pairs may be added while this one runs. */
  audience(): Audience;
  /** Where the control socket is made; in the pair's own place if left out. */
  readonly socket?: string | undefined;
  /** Only parks the follower, and ends; the leader is not followed. */
  readonly only?: "park" | undefined;
  /** Ends so many seconds after the process has started. */
  readonly durationS?: number | undefined;
  /** Makes the output; `summary` gives the figures of now. */
  makeOutput(settings: PairSettings, summary: () => Summary): Promise<Output>;
}

/**
 * Teleoperates until it is told to stop; how the follower was left, where it came to that. Rejects when the control
 * thread fails; a thread that hangs ends the process.
 */
export async function runService(options: ServiceOptions): Promise<Left | undefined> {
  const readSettings = () => options.readSettings();
  const first = await firstSettings(readSettings);
  if (first === undefined) return undefined;
  let settings = first;
  const pair = options.pair ?? MAIN_PAIR;
  const startedAt = new Date();
  const history = new EventHistory();
  const calibrations: Partial<Record<Role, Calibration>> = {};

  const sinks: ToldSink[] = [
    (event) => history.take(event),
    (event) => {
      if (event.kind === "calibration") calibrations[event.role] = event.calibration;
    },
  ];
  const repeats = new Repeats((told) => {
    for (const each of sinks) each(told);
  });
  const sink: EventSink = (event) => {
    const hints = enrichers.flatMap((hintsFor) => hintsFor(event));
    repeats.take(tell(event, hints, options.audience()));
  };
  const supply = watchSupply((event) => sink(event));
  const enrichers = [supply.hintsFor, unnamedBoards(() => settings)];

  // Nothing yields between the output and the thread: nothing is told that nobody shows.
  const output = await options.makeOutput(settings, () => summarise(memory, history.state));
  const teleoperation = startTeleoperation(settings, sink);
  const { memory } = teleoperation;
  if (options.only === "park") {
    memory.mailbox.mode = "paused";
    memory.mailbox.requestPark();
    sinks.push((event) => {
      if (event.kind === "notice" && isParkingEnd(event.code)) teleoperation.stop();
    });
  }
  const systemd = reportToSystemd(memory);
  sinks.push((event) => output.event(event), systemd.event);
  const ports = watchPorts(settings, memory);
  const losses = new LossWatch(memory.telemetry, armsOf(settings), sink).start();
  const readAgain = withPauses(() => {
    const reloaded = reload(settings, readSettings);
    for (const notice of reloaded.notices) sink(notice);
    if (reloaded.settings === undefined) return;
    settings = reloaded.settings;
    memory.mailbox.sendSettings(settings);
  });
  const api = startApi(
    options.socket,
    () => ({ pair, startedAt, settings, memory, history, calibrations }),
    sink,
    readAgain,
    options.audience,
  );
  api.then(systemd.ready);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, teleoperation.stop);
  process.on("SIGUSR2", teleoperation.handOver);
  process.on("SIGHUP", readAgain);
  if (options.durationS !== undefined) {
    setTimeout(teleoperation.stop, Math.max(0, options.durationS * 1000 - performance.now())).unref();
  }
  try {
    return await teleoperation.stopped;
  } catch (error) {
    if (!(error instanceof ControlHangs)) throw error;
    const problem = { code: "program.hangs", forS: error.forS } as const;
    sink({ kind: "notice", severity: "fault", problem });
    output.end();
    // The thread that hangs cannot be ended, and would keep the process from ending.
    process.kill(process.pid, "SIGKILL");
    return undefined;
  } finally {
    supply.stop();
    losses.stop();
    ports.stop();
    systemd.stop();
    (await api)?.close();
    output.end();
  }
}

function armsOf({ arms }: PairSettings): Record<Role, ArmIdentity> {
  const identities = ROLES.map((role) => [role, { role, id: arms[role].id }]);
  return Object.fromEntries(identities) as Record<Role, ArmIdentity>;
}
