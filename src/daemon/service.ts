/**
 * The service around the control thread, put together: where events come from, what is known beside them, who is told.
 *
 * Sources: the control thread, the supply, losses, the control socket, a reload. Enrichers: the supply, boards without
 * names. Sinks: the history, the calibrations of the status, the output, systemd. The order of each does not matter.
 */
import { samplesPath, targetsPath } from "../api/address.ts";
import { isParkingEnd } from "../api/parking.ts";
import type { Calibration } from "../arm/calibration/calibration.ts";
import type { ArmIdentity } from "../arm/identity.ts";
import { ROLES, type Role } from "../arm/joints.ts";
import { MAIN_PAIR } from "../config/pairs.ts";
import { serviceManager } from "../host/notify.ts";
import type { Audience } from "../messages/audience.ts";
import { sayProblem } from "../messages/problems.ts";
import { whyNotRecorded, whyNotRecordedOf } from "../messages/recording.ts";
import type { ControlEvent, EventSink, Severity } from "../teleop/reporting/events.ts";
import type { Borrower, Left, Problem } from "../teleop/reporting/problem.ts";
import type { PairSettings } from "../teleop/settings.ts";
import { createMemory } from "../teleop/shared/control-memory.ts";
import type { PairState } from "../teleop/state/states.ts";
import { apiSubject } from "./api/subject.ts";
import { ClientDrives } from "./driving/clients.ts";
import { EventHistory } from "./events/event-history.ts";
import { LossWatch } from "./events/losses.ts";
import { Repeats } from "./events/repeats.ts";
import { watchSupply } from "./events/supply.ts";
import { type ToldEvent, type ToldSink, tell } from "./events/told.ts";
import { unnamedBoards } from "./events/unnamed-boards.ts";
import { Lending } from "./lending.ts";
import { runClientProcess } from "./network/client-process.ts";
import { Drive } from "./network/drive.ts";
import { RemoteFigures } from "./network/remote-figures.ts";
import { SampleSocket } from "./network/sample-socket.ts";
import { type Place, takePlace } from "./place.ts";
import { watchPorts } from "./port-claims.ts";
import { RecorderPlace } from "./recorder-place.ts";
import { firstSettings } from "./settings/first-settings.ts";
import { reload, type SettingsReading } from "./settings/reload.ts";
import { withPauses } from "./settings/with-pauses.ts";
import { type Summary, summarise } from "./summary.ts";
import { reportToSystemd } from "./systemd.ts";
import { ControlHangs, startTeleoperation, type Teleoperation } from "./teleoperation.ts";

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
  /** The words by which this program is the network's client of the service with a control socket; none where another is. */
  networkClient?(socket: string): readonly string[] | undefined;
  /** Makes the output; `summary` gives the figures of now. */
  makeOutput(settings: PairSettings, summary: () => Summary): Promise<Output>;
}

/**
 * Teleoperates until it is told to stop; how the follower was left, where it came to that. As long as another program
 * has the pair it waits, and asks nothing of the arms. Rejects when the control thread fails, when another program has
 * taken the pair, and where waiting is of no use; a thread that hangs ends the process.
 */
export async function runService(options: ServiceOptions): Promise<Left | undefined> {
  const readSettings = () => options.readSettings();
  const first = await firstSettings(readSettings);
  if (first === undefined) return undefined;
  let settings = first;
  const drive = new Drive({
    settings: first,
    apply: (wanted) => memory.mailbox.sendSettings(wanted),
    tellTrouble: (trouble) => memory.troubles.send(JSON.stringify(trouble)),
    tell: (event) => sink(event),
  });
  let reading: SettingsReading = { at: new Date(), refused: [], kept: [] };
  const pair = options.pair ?? MAIN_PAIR;
  const startedAt = new Date();
  const history = new EventHistory();
  const calibrations: Partial<Record<Role, Calibration>> = {};
  const memory = createMemory();

  const remote = new RemoteFigures(memory);
  const lending = new Lending(memory, (problem) =>
    sink({ kind: "notice", severity: severityOf(problem), problem }),
  );
  const recorderPlace = new RecorderPlace(
    (severity, problem) => sink({ kind: "notice", severity, problem }),
    () =>
      whyNotRecorded(history.state, history.why) ?? whyNotRecordedOf((clients.status ?? drive.status).source),
  );

  let targets: SampleSocket | undefined;
  const clients = new ClientDrives({
    ...{ memory, tell: (event) => sink(event), pair: () => history, endTargets: () => targets?.end() },
    borrower: () => lending.borrower,
    hasFollower: () => drive.settings.armsHere !== "leader",
    leaderPort: () => leaderPortIn(drive.settings),
  });

  const sinks: ToldSink[] = [
    (event) => history.take(event),
    (event) => {
      if (event.kind === "calibration") calibrations[event.role] = event.calibration;
      if (event.kind === "epoch") drive.sends(event.epoch, calibrations.leader!);
      remote.take(event, drive.wanted !== null && clients.status === undefined);
    },
  ];
  const repeats = new Repeats((told) => {
    for (const each of sinks) each(told);
  });
  let inTheWay: Problem | undefined;
  const sink: EventSink = (event) => {
    if (event.kind === "drive") {
      clients.take(event);
      return;
    }
    if (event.kind === "state" && event.to === "aligning") clients.aligns();
    if ("reasons" in event) inTheWay = event.reasons.find(isFollowersPort);
    const hints = enrichers.flatMap((hintsFor) => hintsFor(event));
    const named = withNames(event, (problem) => clients.named(withBorrower(problem, lending.borrower)));
    repeats.take(tell(named, hints, options.audience()));
  };
  const supply = watchSupply((event) => sink(event));
  const enrichers = [supply.hintsFor, unnamedBoards(() => settings)];
  const readAgain = withPauses(() => {
    const reloaded = reload(settings, readSettings, first);
    for (const notice of reloaded.notices) sink(notice);
    reading = reloaded.reading;
    if (reloaded.settings === undefined) return;
    settings = reloaded.settings;
    drive.reconfigure(settings);
  });

  let teleoperation: Teleoperation | undefined;
  const waiting = new AbortController();
  let isStopped = false;
  const stop = () => {
    isStopped = true;
    waiting.abort();
    lending.recall("end");
    clients.end("program ends");
    teleoperation?.stop();
  };
  const handOver = () => {
    waiting.abort();
    lending.recall("end");
    clients.end("program ends");
    teleoperation?.handOver();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
  process.on("SIGUSR2", handOver);
  process.on("SIGHUP", readAgain);
  if (options.durationS !== undefined) {
    setTimeout(stop, Math.max(0, options.durationS * 1000 - performance.now())).unref();
  }

  const output = await options.makeOutput(settings, () => summarise(memory, history.state));
  const systemd = reportToSystemd(memory);
  sinks.push((event) => output.event(event), systemd.event);
  let lostFor: Problem | undefined;
  let place: Place | undefined;
  const watches: { stop(): void }[] = [supply, systemd];
  try {
    place = await takePlace({
      ...{ pair, socket: options.socket, signal: waiting.signal },
      subject: apiSubject(
        () => ({
          ...{ pair, startedAt, settings: drive.settings, reading, memory, history },
          ...{ calibrations, lending, inTheWay, drive, clients, remote, recorderPlace },
        }),
        sink,
        readAgain,
        options.audience,
      ),
      waits(why) {
        if (!isWaitedFor(why, options)) {
          const problem = why.code === "pair.taken" ? ({ ...why, stage: "in the way" } as const) : why;
          throw new Error(sayProblem(problem, options.audience()));
        }
        sink({ kind: "state", from: undefined, to: stateFor(why), reasons: [why] });
        systemd.ready();
      },
      alive: () => memory.telemetry.beat(),
      tell: (severity, problem) => sink({ kind: "notice", severity, problem }),
      lost(why) {
        lostFor = why;
        sink({ kind: "notice", severity: "fault", problem: why });
        handOver();
      },
    });
    if (place === undefined) return undefined;
    systemd.ready();
    const { mailbox } = memory;
    if (options.only === "park") {
      mailbox.mode = "paused";
      mailbox.requestPark();
      sinks.push((event) => {
        if (event.kind === "notice" && isParkingEnd(event.code)) stop();
      });
    } else if (place.mode !== "running") mailbox.mode = place.mode;
    sinks.push(() => {
      place!.mode = mailbox.mode;
      place!.awaitsLeader = clients.awaitsLeader;
    });
    if (drive.isNetworked) {
      watches.push(new SampleSocket(samplesPath(place.path), memory.link, (event) => sink(event)));
      const client = options.networkClient?.(place.path);
      if (client !== undefined) watches.push(runClientProcess(client, (event) => sink(event)));
    }
    if (place.awaitsLeader) {
      clients.awaitsLeader = true;
      memory.session.awaitLeader();
    }
    targets = new SampleSocket(targetsPath(place.path), memory.targets, (event) => sink(event));
    watches.push(targets);
    teleoperation = startTeleoperation(drive.settings, memory, sink);
    watches.push(
      watchPorts(settings, memory, lending),
      new LossWatch(memory.telemetry, armsOf(settings), sink).start(),
    );
    const left = await teleoperation.stopped;
    if (lostFor !== undefined) throw new Error(sayProblem(lostFor, options.audience()));
    // Who stops the program, or starts it again, wants it to begin anew; who has it replaced does not.
    if (isStopped) place.noteStopped();
    return left;
  } catch (error) {
    if (!(error instanceof ControlHangs)) throw error;
    const problem = { code: "program.hangs", forS: error.forS } as const;
    sink({ kind: "notice", severity: "fault", problem });
    output.end();
    // The thread that hangs cannot be ended, and would keep the process from ending.
    process.kill(process.pid, "SIGKILL");
    return undefined;
  } finally {
    for (const watch of watches) watch.stop();
    place?.give();
    output.end();
  }
}

/** Whether what keeps the program from the arms is waited for: a person can end it, and need not start this one again. */
function isWaitedFor({ code }: Problem, { only }: ServiceOptions): boolean {
  if (only !== undefined) return false;
  return code === "pair.taken" || serviceManager() !== undefined;
}

/** Whether another program has the follower's port, and locks it as this one does: it is met when the port is opened. */
function isFollowersPort({ code, arm }: Problem): boolean {
  return code === "port.busy" && arm?.role === "follower";
}

/** The control thread knows that the arms are lent, and not to whom. */
function withBorrower(problem: Problem, borrower: Borrower | undefined): Problem {
  return borrower !== undefined && problem.code === "pair.lent" ? { ...problem, borrower } : problem;
}

function withNames(event: ControlEvent, named: (problem: Problem) => Problem): ControlEvent {
  return "reasons" in event ? { ...event, reasons: event.reasons.map(named) } : event;
}

/** A borrower that does not give the arms back when it is asked to is nothing that settles itself. */
function severityOf(problem: Problem): Severity {
  return problem.code === "pair.taken-back" && problem.how === "demanded" ? "warning" : "info";
}

/** Where the board of a leader is that a client drives in place of. */
function leaderPortIn({ remoteLeader, armsHere = "both", arms }: PairSettings): string | undefined {
  return remoteLeader === undefined && armsHere === "both" ? arms.leader.port : undefined;
}

function stateFor({ code }: Problem): PairState {
  return code === "pair.taken" ? "waiting" : "faulted";
}

function armsOf({ arms }: PairSettings): Record<Role, ArmIdentity> {
  const identities = ROLES.map((role) => [role, { role, id: arms[role].id }]);
  return Object.fromEntries(identities) as Record<Role, ArmIdentity>;
}
