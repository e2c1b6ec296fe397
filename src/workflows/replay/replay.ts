/** Replaying an episode of a dataset on the follower of a running service. */
import { basename, resolve } from "node:path";
import { armsOf, askService, sampleService } from "../../api/client.ts";
import { Driving } from "../../api/driving.ts";
import type { PairArms, Status } from "../../api/protocol.ts";
import { calibrationOf } from "../../arm/calibration/numbers.ts";
import { JOINTS } from "../../arm/joints.ts";
import { stepsToDegrees } from "../../feetech/units.ts";
import { command } from "../../messages/audience.ts";
import { list } from "../../messages/list.ts";
import { describeApiProblem } from "../api-problem.ts";
import { Interrupted } from "../errors.ts";
import type { Operator } from "../operator.ts";
import { pause } from "../pause.ts";
import { type Commands, commandsOf, type Unreachable } from "./commands.ts";
import { episodeFor, type ReplayedEpisode, type ReplayWish } from "./episode.ts";
import { EpisodePath } from "./path.ts";
import { type Driver, Play, type Played } from "./play.ts";

/** Where the follower was is asked for so often: as often as the service reads it. */
const SAMPLE_EVERY_MS = 20;
/** The service notices within so long that nobody gives targets any more. */
const LEFT_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 50;
/** In these states the follower is driven. */
const DRIVEN: ReadonlySet<string> = new Set(["connecting", "aligning", "following"]);
/** Of the task so much is shown. */
const LONGEST_TASK = 80;
/** Who drives is named in so few characters. */
const LONGEST_WHO = 64;

/**
 * Replays an episode on the follower of the service that listens at one of `sockets`, once the person agrees: slowly to its
 * first pose, then frame by frame, within all limits. However it ends, the follower is held.
 * Throws {@link DatasetError}, {@link UsageError}, {@link ApiError}, {@link Interrupted}, an Error that says what is wrong.
 */
export async function replay(
  sockets: readonly string[],
  wish: ReplayWish,
  operator: Operator,
): Promise<void> {
  const episode = await episodeFor(wish);
  const arms = await armsOf(sockets);
  const status = (await askService(sockets, { do: "status" }))!;
  const calibration = arms.follower.joints && calibrationOf(arms.follower.joints);
  if (status.armsHere === "leader") {
    throw new Error("this machine has no follower of this pair: there is nothing that could replay it");
  }
  if (calibration === null || calibration === undefined) {
    throw new Error(
      `the service does not know the calibration of follower "${arms.follower.id}" yet: it is ${status.state}, ${status.why}`,
    );
  }
  const why = whyNotNow(status, wish, operator);
  if (why !== undefined) throw new Error(why);
  const commands = commandsOf(episode.actions, episode.units, calibration);
  warn(episode, commands, operator);
  const path = new EpisodePath(commands, episode.fps, arms.rateHz);
  if (!(await operator.ask(question(wish, episode, path, arms)))) {
    throw new Interrupted("nothing was moved");
  }
  const { follower } = await armsOf(sockets);
  if (!Bun.deepEquals(follower, arms.follower)) {
    throw new Error(
      `follower "${follower.id}" is not calibrated as it was when that was asked: nothing was moved — replay it again`,
    );
  }
  await drive(sockets, wish, path, operator);
}

/** What keeps the pair from being driven by whoever asks, before that is asked; the service itself refuses, too. */
function whyNotNow(
  { mode, why, driver }: Status,
  { dir, episode }: ReplayWish,
  { audience }: Operator,
): string | undefined {
  const { source, leader } = driver ?? {};
  // One that was killed may be begun again at once.
  const isAnother = source === "client" || (source === "replay" && leader !== nameOf(dir, episode));
  if (isAnother) return `the ${source} ${leader} drives the follower: end that one first`;
  if (mode === "running") return undefined;
  if (mode === "lent") return `another program has the arms: ${why}`;
  return `the arms are ${mode} — "${command(audience, "resume")}" has them go on: then replay it`;
}

function warn({ units, lost, frames }: ReplayedEpisode, { unreachable }: Commands, operator: Operator): void {
  if (lost > 0) {
    operator.tell(
      "warning",
      `${lost} of its ${frames} frames were lost when it was recorded: the one before each stands in their place`,
    );
  }
  if (unreachable.length === 0) return;
  const each = unreachable.map((one) => sayUnreachable(one, frames));
  const cause =
    units === "degrees"
      ? "the follower's calibrated range is smaller than that of the arm it was recorded with"
      : "its values lie beyond the ends of the range";
  operator.tell(
    "warning",
    `the follower cannot reach all poses, and stops at the end of its range there: ${list(each)} — ${cause}`,
  );
}

function sayUnreachable({ joint, frames, beyond }: Unreachable, all: number): string {
  return `${joint} in ${frames} of ${all} frames, by up to ${Math.ceil(stepsToDegrees(beyond))}°`;
}

function question(
  { dir, episode }: ReplayWish,
  { frames, fps, tasks }: ReplayedEpisode,
  { durationUs }: EpisodePath,
  { follower }: PairArms,
): string {
  const task = tasks.length === 0 ? "" : `, ${JSON.stringify(tasks.join("; ").slice(0, LONGEST_TASK))}`;
  return (
    `Episode ${episode} of ${basename(resolve(dir))}${task}: ${frames} frames in ${seconds(durationUs / 1e6)} at ${fps} a second. ` +
    `Follower "${follower.id}" moves by itself: slowly to the first pose, then as it was recorded. Is the way free?`
  );
}

async function drive(
  sockets: readonly string[],
  { dir, episode }: ReplayWish,
  path: EpisodePath,
  operator: Operator,
): Promise<void> {
  const driving = await Driving.begin(sockets, "replay", nameOf(dir, episode), operator.signal);
  const watching = new AbortController();
  const play = new Play(
    driverOf(driving, operator),
    path,
    {
      aligning: () => operator.progress({ step: "aligning" }, "It is on the way to the first pose …"),
      frames: (frames) => {
        const { seconds: passed } = play.played;
        operator.progress(
          { step: "replaying", frames, seconds: Number(passed.toFixed(1)) },
          `${seconds(passed)} of ${seconds(path.durationUs / 1e6)}`,
        );
      },
      waits: (why) => operator.tell("warning", `the follower does not follow: the episode waits (${why})`),
    },
    operator.signal,
  );
  try {
    operator.progress({ step: "aligning" }, "The follower goes slowly to the first pose …");
    await play.align();
    operator.progress({ step: "replaying", frames: 0, seconds: 0 }, "It replays the episode …");
    void watch(sockets, play, watching.signal);
    const played = await play.play();
    await driving.end();
    operator.event(
      { event: "replayed", dataset: dir, episode, ...figuresOf(played) },
      { tone: "done", message: `${sayPlayed(played, path)}; ${await sayLeft(sockets, operator)}` },
    );
  } catch (error) {
    await driving.end();
    if (!(error instanceof Interrupted)) throw error;
    const { frames, seconds: passed } = play.played;
    const ended =
      frames === 0
        ? `the replay has not begun: ${error.message}`
        : `${error.message} after ${seconds(passed)}`;
    throw new Interrupted(`${ended}: ${await sayLeft(sockets, operator)}`);
  } finally {
    watching.abort();
  }
}

/** Who drives, with why it is over in words. */
function driverOf(driving: Driving, { audience }: Operator): Driver {
  let whyOver: string | undefined;
  void driving.over.then((last) => {
    whyOver = "kind" in last ? describeApiProblem(last, audience) : last.why;
  });
  return {
    get state() {
      return driving.state;
    },
    get whyOver() {
      return whyOver;
    },
    target: (positions) => void driving.target(positions),
  };
}

/** Takes in where the follower is; without that it is only not known how far it was away. */
async function watch(sockets: readonly string[], play: Play, signal: AbortSignal): Promise<void> {
  try {
    for await (const sample of sampleService(sockets, SAMPLE_EVERY_MS, signal)) play.see(sample);
  } catch {
    // The service that has ended is told by who drives.
  }
}

/** As programs learn it. */
function figuresOf({ frames, seconds: passed, waitedSeconds, distances }: Played) {
  return {
    frames,
    seconds: Number(passed.toFixed(3)),
    waitedSeconds: Number(waitedSeconds.toFixed(3)),
    distances: Object.fromEntries(distances.map(({ joint, mean, most }) => [joint, { mean, most }])),
  };
}

function sayPlayed({ frames, seconds: passed, waitedSeconds, distances }: Played, path: EpisodePath): string {
  const waited = waitedSeconds < 0.05 ? "" : `, and waited for ${seconds(waitedSeconds)}`;
  const [furthest] = distances.toSorted((a, b) => b.most - a.most);
  const distance =
    furthest === undefined
      ? ""
      : `; the follower was ${furthest.mean}° from its commands on the average and ${furthest.most}° at most (${furthest.joint})`;
  return `replayed: ${frames} of ${path.frameAt(path.points - 1) + 1} frames in ${seconds(passed)}${waited}${distance}`;
}

/** How the follower is left, once it is not driven any more. */
async function sayLeft(sockets: readonly string[], { audience }: Operator): Promise<string> {
  const untilMs = performance.now() + LEFT_WITHIN_MS;
  for (;;) {
    const status = await askService(sockets, { do: "status" }).catch(() => undefined);
    if (status === undefined) return "the service does not answer: nobody knows whether the follower is held";
    const isDriven = DRIVEN.has(status.state);
    if (isDriven && performance.now() < untilMs) {
      await pause(LOOK_EVERY_MS, new AbortController().signal);
      continue;
    }
    const torques = JOINTS.map((joint) => status.arms.follower.joints[joint].torqueOn);
    if (torques.every((torqueOn) => torqueOn === false)) return "the torque of the follower is off";
    const cure = isDriven ? "" : ` — "${command(audience, "release")}" releases it`;
    return `the follower is ${status.state}: ${status.why}${cure}`;
  }
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

/** Who drives, as others read it: printable, and not too long. */
function nameOf(dir: string, episode: number): string {
  const end = ` ${episode}`;
  const name = basename(resolve(dir)).replaceAll(/[^\x21-\x7e]/g, "_") || "dataset";
  return `${name.slice(0, LONGEST_WHO - end.length)}${end}`;
}
