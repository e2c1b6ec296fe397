/** Replays of a recorded episode: they run to their end, are ended, or are killed. */
import type { Random } from "../../random.ts";
import type { Fault } from "../fault.ts";
import { type ClientDraw, type ClientVictims, whileLeaderRests } from "./victims.ts";

/** Starts a replay of one of the episodes. */
function start(random: Random, { replay, control }: ClientVictims): Bun.Subprocess {
  const episode = `${random.whole(0, replay.episodes - 1)}`;
  const command = [replay.path, "replay", replay.dataset, episode, "--yes", "--socket", control];
  return Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
}

/** A replay, and how it ends where it does not by itself. */
function replayed(
  random: Random,
  victims: ClientVictims,
  signal: "SIGINT" | "SIGKILL" | "SIGSTOP" | undefined,
): Fault {
  // The longest episode and the way to it take so long.
  const forMs = signal === undefined ? random.between(9_000, 11_000) : random.between(1_000, 5_000);
  const stoppedMs = random.between(200, 3_000);
  const kind = signal === undefined ? "replay" : `replay, ${signal}`;
  const text = `${kind} after ${Math.round(forMs)} ms`;
  return whileLeaderRests(victims, { kind, text, forMs }, async (over) => {
    const child = start(random, victims);
    while (!over.aborted) await Bun.sleep(20);
    if (signal !== undefined) child.kill(signal);
    if (signal === "SIGSTOP") {
      await Bun.sleep(stoppedMs);
      child.kill("SIGCONT");
      await Bun.sleep(500);
    }
    if (signal !== "SIGINT") child.kill("SIGKILL");
    await child.exited;
  });
}

/** Faults of replays. */
export const replayFaults: Readonly<Record<string, ClientDraw>> = {
  replay: (random, victims) => replayed(random, victims, undefined),
  "replay ended": (random, victims) => replayed(random, victims, "SIGINT"),
  "replay killed": (random, victims) => replayed(random, victims, "SIGKILL"),
  "replay stopped": (random, victims) => replayed(random, victims, "SIGSTOP"),
};
