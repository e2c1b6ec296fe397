/** The control socket of a running teleoperation: what comes on it, done to the pair. */
import { TELLABLE } from "../../api/protocol.ts";
import type { Audience } from "../../messages/audience.ts";
import { sayBorrower } from "../../messages/lending.ts";
import { sayProblem } from "../../messages/problems.ts";
import type { EventSink } from "../../teleop/reporting/events.ts";
import type { Problem } from "../../teleop/reporting/problem.ts";
import type { Mode } from "../../teleop/state/states.ts";
import { RecentTimes } from "../events/recent-times.ts";
import { FrameStream } from "./frame-stream.ts";
import { eventsAfter } from "./kept-events.ts";
import { SampleStream } from "./sample-stream.ts";
import type { ApiSubject } from "./server.ts";
import { armsOf, type StatusSources, statusOf } from "./status.ts";
import { toldByOthers } from "./told-by-others.ts";

/** Of each so many are told: claims are made one at a time, and three failures cost a minute. */
const OFTEN_ENOUGH = { within10S: 5, withinMinute: 10 };

/** What answers are made of. */
export interface SubjectSources extends StatusSources {
  /** That another program has the follower's port, as the control thread has met it; undefined where that is not so. */
  readonly inTheWay: Problem | undefined;
}

/** What may be asked of the pair; `reload` reads the configuration again. */
export function apiSubject(
  sources: () => SubjectSources,
  sink: EventSink,
  reload: () => void,
  audience: () => Audience,
): ApiSubject {
  const { memory, lending, clients, recorderPlace } = sources();
  const { mailbox } = memory;
  const told = new Map(TELLABLE.map((what) => [what, new RecentTimes(OFTEN_ENOUGH)]));
  const tell = (problem: Problem) => sink({ kind: "notice", severity: "info", problem });
  const set = (mode: Mode, problem: Problem) => {
    const isNews = mailbox.mode !== mode || mailbox.isParkAsked;
    // Also where it is no news: what is seen from now on answers this wish.
    mailbox.mode = mode;
    if (isNews) tell(problem);
  };
  /** Whoever has chosen a leader wants that one to drive. */
  const chosen = () => {
    clients.end("other leader");
    if (mailbox.mode === "running") mailbox.mode = "running";
    return undefined;
  };
  const park = () => {
    if (mailbox.isParkAsked) return;
    const { arms, parkPose } = sources().settings;
    if (parkPose === undefined) {
      const arm = { role: "follower", id: arms.follower.id } as const;
      sink({
        kind: "notice",
        severity: "warning",
        problem: { code: "pair.not-parked", arm, why: "no pose" },
      });
      return;
    }
    clients.end("parked");
    tell({ code: "pair.parking", stage: "asked" });
    mailbox.requestPark();
  };
  /** Why the follower cannot be held, released or parked now. */
  const obstacle = (what: string) => {
    const { claims } = memory;
    const { settings, inTheWay } = sources();
    const claimed = {
      code: "port.busy",
      path: settings.arms.follower.port,
      owner: claims.ownerOf("follower"),
    } as const;
    const problem = claims.has("follower") ? claimed : inTheWay;
    return problem && `the follower cannot be ${what}: ${sayProblem(problem, audience())}`;
  };
  const ending = () =>
    mailbox.isEnding ? "the program is ending, and leaves the follower as it was told to" : undefined;
  const lent = (what: string) => {
    const { borrower } = lending;
    return borrower && `${sayBorrower(borrower)}: ${what} — end that program first`;
  };
  const elsewhere = () =>
    sources().settings.armsHere === "leader"
      ? "the follower cannot be parked: this machine has the leader of this pair alone"
      : undefined;
  /** Of what is asked for all the same. */
  const later = (why: string | undefined) => (why === undefined ? undefined : `${why}; then it is done`);
  return {
    status: () => statusOf(sources()),
    arms: () => armsOf(sources()),
    samples: (everyMs) => new SampleStream(memory.readSamples(), everyMs),
    frames(perSecond) {
      const { rateHz } = sources().settings;
      const alignments = () => memory.telemetry.counter("alignments");
      return new FrameStream(memory.readSamples(), perSecond, rateHz, memory.record(), alignments);
    },
    pause() {
      clients.end("paused");
      set("paused", { code: "pair.paused", stage: "asked" });
      lending.recall("pause");
      return ending() ?? later(obstacle("held"));
    },
    release() {
      clients.end("released");
      set("released", { code: "pair.released", stage: "asked" });
      lending.recall("release");
      // Who wants the follower released does not want it to be parked first.
      if (mailbox.isEnding) mailbox.requestEnd("stopQuickly");
      return ending() ?? later(obstacle("released"));
    },
    resume() {
      const hindered = lent("it goes on when they are given back");
      if (hindered !== undefined) return hindered;
      set("running", { code: "pair.resumed" });
      return undefined;
    },
    park() {
      const hindered = ending() ?? elsewhere() ?? lent("the follower cannot be parked") ?? obstacle("parked");
      if (hindered === undefined) park();
      return hindered;
    },
    lend(purpose, asking) {
      if (mailbox.isParkAsked)
        return "the follower is on its way to its parking pose — ask again when it is there";
      const hindered = ending() ?? obstacle("released");
      if (hindered !== undefined) return hindered;
      const loan = lending.lend(purpose, asking);
      if (typeof loan !== "string") clients.end("lent");
      return loan;
    },
    network: () => ending() ?? sources().drive.carry(),
    heard: (leader, what) => sources().drive.heard(leader, what),
    unsent: (trouble) => sources().drive.unsent(trouble),
    follow: (leader) => sources().drive.follow(leader) ?? chosen(),
    drive: (wish, asking) => clients.begin(wish, asking),
    yield: (epoch) => clients.yield(epoch),
    recorder: (asking) => ending() ?? recorderPlace.open(asking),
    recording: (held, recording) => recorderPlace.take(held, recording),
    record: (order) => recorderPlace.order(order),
    events: (after) => eventsAfter(after, sources().history.events),
    tell(what, machine, client) {
      const [times, nowMs] = [told.get(what)!, performance.now()];
      if (times.isFull(nowMs)) return `"${what}" was to be told too often within a minute: this is not told`;
      times.add(nowMs);
      sink({ kind: "notice", ...toldByOthers(what, machine, client) });
      return undefined;
    },
    reload() {
      reload();
      return undefined;
    },
  };
}
